//! What a verifier refuses, and how it says so.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use common::{account_key, frozen, key_store};
use queue_auth::sas::{
    AccountPermissions, AccountSas, IpRange, QueuePermissions, QueueSas, ResourceTypes,
    SasProtocol, SasToken, SasVersion, Services, UserDelegationKey, UserDelegationSas,
};
use queue_auth::verify::{
    Access, DelegationKeyId, DelegationKeyStore, Grant, PolicyStore, RequestContext, StoredPolicy,
    Verifier, VerifyError, VerifyErrorKind,
};
use queue_auth::{AccountKey, Authorize, SharedKey};

const HOUR: Duration = Duration::from_secs(3600);
const DELEGATION_KEY: &str = "bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=";

#[derive(Debug)]
struct Policies;

impl PolicyStore for Policies {
    fn policy(&self, queue: &str, id: &str) -> Option<StoredPolicy> {
        assert_eq!(queue, "jobs");
        let policy = StoredPolicy::new();
        Some(match id {
            "full" => policy.permissions(QueuePermissions::READ).expiry(frozen() + HOUR),
            "later" => policy
                .permissions(QueuePermissions::READ)
                .expiry(frozen() + 2 * HOUR)
                .start(frozen() + HOUR),
            "permissions" => policy.permissions(QueuePermissions::ADD),
            "empty" => policy,
            _ => return None,
        })
    }
}

impl DelegationKeyStore for Policies {
    fn key(&self, account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        assert_eq!(account, "contoso");
        (id.object_id == "owner").then(|| AccountKey::from_base64(DELEGATION_KEY).unwrap())
    }
}

fn context() -> RequestContext {
    RequestContext::new(frozen()).https(true).client_ip(IpAddr::from([168, 1, 5, 65]))
}

fn verify_on(uri: &str, token: &SasToken, context: &RequestContext) -> Result<Grant, VerifyError> {
    let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    token.authorize(&mut parts, frozen()).unwrap();
    Verifier::new(key_store())
        .delegation_keys(Policies)
        .verify("contoso", &parts, &Policies, context)
}

fn verify(token: &SasToken) -> Result<Grant, VerifyError> {
    verify_on("https://contoso.queue.core.windows.net/jobs/messages", token, &context())
}

fn queue_sas() -> QueueSas {
    QueueSas::new("jobs", QueuePermissions::ALL, frozen() + HOUR)
}

fn signed(sas: &QueueSas) -> SasToken {
    sas.sign("contoso", &account_key("contoso")).unwrap()
}

/// A token with fields of the caller's choice and a right signature over them.
fn forged(fields: &str) -> SasToken {
    forged_by(fields, |text| common::sign("contoso", text))
}

fn forged_by(fields: &str, sign: impl FnOnce(&str) -> String) -> SasToken {
    let unsigned = SasToken::parse(&format!("{fields}&sig=x")).unwrap();
    let text = unsigned.string_to_sign("contoso", Some("jobs")).unwrap();
    let signature = sign(&text).replace('+', "%2B");
    SasToken::parse(&format!("{fields}&sig={signature}")).unwrap()
}

fn kind(result: Result<Grant, VerifyError>) -> VerifyErrorKind {
    let error = result.unwrap_err();
    assert_eq!(error.code(), error.kind().code());
    error.kind()
}

#[test]
fn time() {
    let cases = [
        (queue_sas(), true),
        (queue_sas().expiry(frozen()), false),
        (queue_sas().expiry(frozen() + Duration::from_secs(1)), true),
        (queue_sas().start(frozen()), true),
        (queue_sas().start(frozen() + Duration::from_secs(1)), false),
        (queue_sas().start_backdated(frozen()), true),
    ];
    for (sas, good) in cases {
        let verdict = verify(&signed(&sas));
        assert_eq!(verdict.is_ok(), good, "{sas:?}");
        if let Err(error) = verdict {
            assert_eq!(error.kind(), VerifyErrorKind::AuthenticationFailed);
            assert!(matches!(error, VerifyError::OutsideTime { .. }));
        }
    }
    let grant = verify(&signed(&queue_sas())).unwrap();
    assert_eq!(grant.expires, Some(frozen() + HOUR));
}

#[test]
fn outside_of_its_time_in_the_words_of_the_service() {
    let detail = |token: &SasToken| verify(token).unwrap_err().detail().unwrap();
    let expired = queue_sas().start(frozen() - HOUR).expiry(frozen());
    assert_eq!(
        detail(&signed(&expired)),
        "Signature not valid in the specified time frame: Start [Wed, 23 Sep 2026 09:20:30 GMT] - \
         Expiry [Wed, 23 Sep 2026 10:20:30 GMT] - Current [Wed, 23 Sep 2026 10:20:30 GMT]"
    );
    let early = queue_sas().start(frozen() + Duration::from_secs(1));
    assert_eq!(
        detail(&signed(&early)),
        "Signature not valid in the specified time frame: Start [Wed, 23 Sep 2026 10:20:31 GMT] - \
         Expiry [Wed, 23 Sep 2026 11:20:30 GMT] - Current [Wed, 23 Sep 2026 10:20:30 GMT]"
    );
    // Without a start it starts when it is used.
    let expired = queue_sas().expiry(frozen() - HOUR);
    assert_eq!(
        detail(&signed(&expired)),
        "Signature not valid in the specified time frame: Start [Wed, 23 Sep 2026 10:20:30 GMT] - \
         Expiry [Wed, 23 Sep 2026 09:20:30 GMT] - Current [Wed, 23 Sep 2026 10:20:30 GMT]"
    );
    // By its stored policy, as an account signature, and by the key of a delegation.
    assert!(detail(&signed(&QueueSas::by_policy("jobs", "later"))).contains("time frame: Start ["));
    let account = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, frozen());
    let account = account.sign("contoso", &account_key("contoso")).unwrap();
    assert!(detail(&account).contains("time frame: Start ["));
    let key = "skoid=owner&sktid=t&skt=2026-09-22&ske=2026-09-23T10:00Z&sks=q&skv=2026-02-06";
    let delegated = forged_by(&format!("sv=2026-02-06&sp=r&se=2026-09-24&{key}"), |text| {
        common::sign_with(DELEGATION_KEY, text)
    });
    assert_eq!(
        detail(&delegated),
        "Signature not valid in the specified key time frame: Key start [Tue, 22 Sep 2026 00:00:00 \
         GMT] - Key expiry [Wed, 23 Sep 2026 10:00:00 GMT] - Current [Wed, 23 Sep 2026 10:20:30 GMT]"
    );
}

#[test]
fn addresses() {
    let range: IpRange = "168.1.5.60-168.1.5.70".parse().unwrap();
    let token = signed(&queue_sas().ip(range));
    let uri = "https://contoso.queue.core.windows.net/jobs";
    let from = |ip: &str| verify_on(uri, &token, &context().client_ip(ip.parse().unwrap()));
    for good in ["168.1.5.60", "168.1.5.70", "::ffff:168.1.5.65"] {
        assert!(from(good).is_ok(), "{good}");
    }
    for bad in ["168.1.5.59", "168.1.5.71", "::1"] {
        assert_eq!(kind(from(bad)), VerifyErrorKind::AuthorizationSourceIpMismatch, "{bad}");
    }
    // A mapped address is refused, and shown, as the IPv4 address that it is.
    let mapped = from("::ffff:168.1.5.71").unwrap_err();
    assert_eq!(mapped.kind(), VerifyErrorKind::AuthorizationSourceIpMismatch);
    assert!(mapped.to_string().ends_with("not at 168.1.5.71"), "{mapped}");
    let unknown = verify_on(uri, &token, &RequestContext::new(frozen()).https(true));
    assert_eq!(kind(unknown), VerifyErrorKind::AuthorizationSourceIpMismatch);
}

#[test]
fn protocols() {
    let uri = "http://contoso.queue.core.windows.net/jobs";
    let plain = context().https(false);
    let https = signed(&queue_sas().protocol(SasProtocol::HttpsOnly));
    assert!(https.requires_tls());
    assert_eq!(
        kind(verify_on(uri, &https, &plain)),
        VerifyErrorKind::AuthorizationProtocolMismatch
    );
    for token in [signed(&queue_sas()), signed(&queue_sas().protocol(SasProtocol::HttpsAndHttp))] {
        assert!(!token.requires_tls());
        assert!(verify_on(uri, &token, &plain).is_ok());
    }
}

#[test]
fn another_queue_or_none() {
    let token = signed(&queue_sas());
    let other = verify_on("https://contoso.queue.core.windows.net/jobs2", &token, &context());
    let VerifyError::SasMismatch { string_to_sign } = other.unwrap_err() else { panic!("another") };
    assert!(string_to_sign.contains("\n/queue/contoso/jobs2\n"), "{string_to_sign}");
    let none = verify_on("https://contoso.queue.core.windows.net/?comp=list", &token, &context());
    assert_eq!(kind(none), VerifyErrorKind::AuthorizationFailure);
    // In path style the account comes first; by host it would be taken for the queue.
    let uri = "http://127.0.0.1:10001/contoso/jobs";
    assert!(verify_on(uri, &token, &context().path_style(true)).is_ok());
    assert!(verify_on(uri, &token, &context()).is_err());
    let uri = "http://127.0.0.1:10001/contoso-secondary/jobs";
    assert!(verify_on(uri, &token, &context().path_style(true)).is_ok());
}

#[test]
fn stored_policies() {
    let by = |id| QueueSas::by_policy("jobs", id);
    let good = [
        (by("full"), QueuePermissions::READ),
        (by("permissions").expiry(frozen() + HOUR), QueuePermissions::ADD),
        (
            by("empty").permissions(QueuePermissions::PROCESS).expiry(frozen() + HOUR),
            QueuePermissions::PROCESS,
        ),
        (by("full").start(frozen()), QueuePermissions::READ),
    ];
    for (sas, expected) in good {
        let grant = verify(&signed(&sas)).unwrap();
        assert_eq!(grant.expires, Some(frozen() + HOUR));
        let Access::QueueSas { permissions, .. } = grant.access else { panic!("{grant:?}") };
        assert_eq!(permissions, expected);
    }

    let conflicts = [
        (by("full").expiry(frozen() + HOUR), "se", true),
        (by("full").permissions(QueuePermissions::READ), "sp", true),
        (by("later").start(frozen()), "st", true),
        (by("permissions"), "se", false),
        (by("empty").expiry(frozen() + HOUR), "sp", false),
    ];
    for (sas, expected, both) in conflicts {
        let error = verify(&signed(&sas)).unwrap_err();
        assert_eq!(error.status(), 400);
        let VerifyError::PolicyConflict { field, twice } = error else { panic!("{error}") };
        assert_eq!((field, twice), (expected, both));
    }

    assert!(matches!(verify(&signed(&by("gone"))), Err(VerifyError::UnknownPolicy)));
    assert!(matches!(verify(&signed(&by("later"))), Err(VerifyError::OutsideTime { .. })));
}

#[test]
fn account_signatures() {
    let sas = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, frozen() + HOUR);
    let sign = |sas: AccountSas| sas.sign("contoso", &account_key("contoso")).unwrap();
    let root = "https://contoso.queue.core.windows.net/?comp=list";
    assert!(verify_on(root, &sign(sas.clone()), &context()).is_ok());
    let blobs = sign(sas.services(Services::BLOB | Services::TABLE));
    assert_eq!(
        kind(verify_on(root, &blobs, &context())),
        VerifyErrorKind::AuthorizationServiceMismatch
    );
}

#[test]
fn delegation_keys() {
    let key = |owner: &str, expiry| {
        let start = frozen() - HOUR;
        UserDelegationKey::new(owner, "tenant", start, expiry, "2026-02-06", DELEGATION_KEY)
            .unwrap()
    };
    let sas = UserDelegationSas::new("jobs", QueuePermissions::ADD, frozen() + HOUR);
    let good = key("owner", frozen() + 2 * HOUR);
    let token = sas.sign("contoso", &good).unwrap();
    assert_eq!(verify(&token).unwrap().expires, Some(frozen() + HOUR));

    // The key ends before its signature would, as it can in tokens that others built.
    let window = |start: &str, expiry: &str| {
        let key = format!("skoid=owner&sktid=t&skt={start}&ske={expiry}&sks=q&skv=2026-02-06");
        let fields = format!("sv=2026-02-06&sp=r&se=2026-09-24&{key}");
        verify(&forged_by(&fields, |text| common::sign_with(DELEGATION_KEY, text)))
    };
    let grant = window("2026-09-22", "2026-09-23T12:00Z").unwrap();
    assert!(grant.expires < Some(frozen() + 2 * HOUR));
    for (start, expiry) in
        [("2026-09-22", "2026-09-23T10:20Z"), ("2026-09-23T11:00Z", "2026-09-24")]
    {
        assert!(matches!(window(start, expiry), Err(VerifyError::KeyOutsideTime { .. })));
    }

    let stranger = sas.sign("contoso", &key("stranger", frozen() + HOUR)).unwrap();
    assert!(matches!(verify(&stranger), Err(VerifyError::UnknownDelegationKey)));
    let (mut parts, ()) = http::Request::get("/jobs").body(()).unwrap().into_parts();
    token.authorize(&mut parts, frozen()).unwrap();
    let without = Verifier::new(key_store()).verify("contoso", &parts, &Policies, &context());
    assert!(matches!(without, Err(VerifyError::UnknownDelegationKey)));

    assert_eq!(sas.sign("contoso", &key("owner", frozen())).unwrap_err().field(), "se");
    let bound = good.delegated_tenant("other-tenant");
    assert_eq!(sas.sign("contoso", &bound).unwrap_err().field(), "sduoid");
}

#[test]
fn rightly_signed_but_wrong() {
    let se = "se=2026-09-24T00:00:00Z";
    let table = [
        (format!("sv=2026-02-06&sp=pr&{se}"), "sp"),
        (format!("sv=2026-02-06&sp=rr&{se}"), "sp"),
        (format!("sv=2026-02-06&sp=rw&{se}"), "sp"),
        (format!("sv=2026-02-06&{se}"), "sp"),
        ("sv=2026-02-06&sp=r".to_owned(), "se"),
        ("sv=2026-02-06&sp=r&se=tomorrow".to_owned(), "se"),
        (format!("sv=2026-02-06&sp=r&{se}&spr=http"), "spr"),
        (format!("sv=2026-02-06&sp=r&{se}&sip=::1"), "sip"),
        (format!("sv=2026-02-06&sp=r&{se}&sip=1.2.3.9-1.2.3.4"), "sip"),
        (format!("sv=2026-02-06&ss=q&sp=r&{se}"), "srt"),
        (format!("sv=2026-02-06&ss=q&srt=x&sp=r&{se}"), "srt"),
        (format!("sv=2026-02-06&ss=q&srt=s&sp=ww&{se}"), "sp"),
        (format!("sv=2026-02-06&ss=q&srt=s&sp=r&{se}&si=full"), "si"),
    ];
    for (fields, expected) in table {
        let error = verify(&forged(&fields)).unwrap_err();
        let VerifyError::Sas(cause) = &error else { panic!("{fields}: {error}") };
        assert_eq!(cause.field(), expected, "{fields}");
        assert_eq!(error.kind(), VerifyErrorKind::AuthenticationFailed);
    }
    assert!(verify(&forged(&format!("sv=2026-02-06&sp=r&{se}"))).is_ok());
    // Any version to come is taken by the newest rules; times in every form of the service.
    assert!(verify(&forged("sv=2031-01-01&sp=r&se=2026-09-24&st=2026-09-23T10:20Z")).is_ok());
}

#[test]
fn malformed_queries() {
    let refuse = |query: &str| {
        let uri = format!("https://contoso.queue.core.windows.net/jobs?{query}");
        let request = http::Request::get(uri).body(()).unwrap();
        Verifier::new(key_store()).verify("contoso", &request, &Policies, &context()).unwrap_err()
    };
    let good = signed(&queue_sas());
    for query in [
        "sig=",
        "sig=c2ln",
        "sv=2026-02-06&sig=c2ln",
        "sv=2009-09-19&sp=r&se=2036-01-01&sig=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        "sv=2026-02-06&sp=r%0Aa&se=2036-01-01&sig=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        "sv=2012-02-12&ss=q&srt=o&sp=r&se=2036-01-01&sig=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=",
        &format!("{}&sp=r", good.expose()),
        &format!("{}&SP=r", good.expose()),
        &format!("{}&sig=x", good.expose()),
    ] {
        let error = refuse(query);
        assert_eq!(error.kind(), VerifyErrorKind::AuthenticationFailed, "{query}: {error}");
        assert!(!query.contains("%0A") || matches!(error, VerifyError::Sas(_)), "{error}");
    }
}

#[test]
fn key_and_token_at_once() {
    let uri = "https://contoso.queue.core.windows.net/jobs";
    let (mut parts, ()) =
        http::Request::get(uri).header("x-ms-version", "2026-02-06").body(()).unwrap().into_parts();
    signed(&queue_sas()).authorize(&mut parts, frozen()).unwrap();
    SharedKey::new("contoso", account_key("contoso")).authorize(&mut parts, frozen()).unwrap();
    let error =
        Verifier::new(key_store()).verify("contoso", &parts, &Policies, &context()).unwrap_err();
    assert!(matches!(error, VerifyError::TwoCredentials));
}

#[test]
fn builders_refuse_what_would_be_invalid() {
    let key = account_key("contoso");
    let field = |sas: QueueSas| sas.sign("contoso", &key).unwrap_err().field();
    let late = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
    assert_eq!(field(queue_sas().permissions(QueuePermissions::NONE)), "sp");
    assert_eq!(field(queue_sas().start(frozen() + HOUR)), "se");
    assert_eq!(field(queue_sas().expiry(late)), "se");
    assert_eq!(field(queue_sas().start(SystemTime::UNIX_EPOCH - HOUR)), "st");
    assert_eq!(field(QueueSas::by_policy("jobs", "")), "si");
    assert_eq!(field(QueueSas::by_policy("jobs", "a".repeat(65))), "si");
    assert_eq!(field(QueueSas::by_policy("jobs", "a\nb")), "si");
    let old = queue_sas().version(SasVersion::V2015_02_21);
    assert_eq!(field(old.clone().ip(std::net::Ipv4Addr::LOCALHOST)), "sip");
    assert_eq!(field(old.protocol(SasProtocol::HttpsOnly)), "spr");
    for name in ["ab", "Jobs", "jobs/messages", "jo--bs", "-jobs", "jobs-", &"a".repeat(64)] {
        let sas = QueueSas::new(name, QueuePermissions::ALL, frozen() + HOUR);
        assert!(sas.sign("contoso", &key).is_err(), "{name}");
    }
    for account in ["", "a/b", "a\nb"] {
        assert!(queue_sas().sign(account, &key).is_err(), "{account:?}");
    }
    let none = AccountSas::new(AccountPermissions::NONE, ResourceTypes::ALL, frozen() + HOUR);
    assert_eq!(none.sign("contoso", &key).unwrap_err().field(), "sp");
    let none = AccountSas::new(AccountPermissions::ALL, ResourceTypes::NONE, frozen() + HOUR);
    assert_eq!(none.sign("contoso", &key).unwrap_err().field(), "srt");
    let old = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, frozen() + HOUR)
        .version(SasVersion::V2012_02_12);
    assert_eq!(old.sign("contoso", &key).unwrap_err().field(), "sv");
}

#[test]
fn builders_refuse_times_at_which_nothing_is_valid() {
    let key = account_key("contoso");
    let delegation = || {
        let (start, expiry) = (frozen() - HOUR, frozen() + 24 * HOUR);
        UserDelegationKey::new("o", "t", start, expiry, "2026-02-06", DELEGATION_KEY).unwrap()
    };
    // Start, expiry and the time at which the signature is made, in milliseconds from now.
    let at = |offset: i64| match u64::try_from(offset) {
        Ok(after) => frozen() + Duration::from_millis(after),
        Err(_) => frozen() - Duration::from_millis(offset.unsigned_abs()),
    };
    let table = [
        (None, 1_000, Some(0), Ok(())),
        (Some(-5_000), 1_000, Some(0), Ok(())),
        // Signatures may be made for later.
        (Some(5_000), 6_000, Some(0), Ok(())),
        // What time it is, nobody said.
        (None, -1_000, None, Ok(())),
        (Some(-5_000), -1_000, None, Ok(())),
        (None, 0, Some(0), Err("has passed")),
        (None, -1_000, Some(0), Err("has passed")),
        (Some(-5_000), -1_000, Some(0), Err("has passed")),
        (Some(5_000), 5_000, None, Err("is not after the start")),
        (Some(5_000), 4_000, None, Err("is not after the start")),
        // Within one second, to which times are cut.
        (Some(5_100), 5_900, None, Err("is not after the start")),
    ];
    for (start, expiry, now, expected) in table {
        macro_rules! built {
            ($builder:expr, $key:expr) => {{
                let mut builder = $builder;
                if let Some(start) = start {
                    builder = builder.start(at(start));
                }
                if let Some(now) = now {
                    builder = builder.made_at(at(now));
                }
                builder.sign("contoso", $key).map(|_| ()).map_err(|error| {
                    assert_eq!(error.field(), "se");
                    error.rule()
                })
            }};
        }
        let case = (start, expiry, now);
        let permissions = QueuePermissions::ALL;
        let queue = QueueSas::new("jobs", permissions, at(expiry));
        assert_eq!(built!(queue, &key), expected, "{case:?}");
        let policy = QueueSas::by_policy("jobs", "id").expiry(at(expiry));
        assert_eq!(built!(policy, &key), expected, "{case:?}");
        let account = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, at(expiry));
        assert_eq!(built!(account, &key), expected, "{case:?}");
        let user = UserDelegationSas::new("jobs", permissions, at(expiry));
        assert_eq!(built!(user, &delegation()), expected, "{case:?}");
    }
    let backdated = queue_sas().expiry(frozen() - Duration::from_secs(60));
    let error = backdated.start_backdated(frozen()).sign("contoso", &key).unwrap_err();
    assert_eq!(error.to_string(), "shared access signature: field se has passed");

    // The key of a delegation bounds its signatures at both ends.
    let user = |expiry| UserDelegationSas::new("jobs", QueuePermissions::ALL, expiry);
    let rule = |sas: UserDelegationSas| sas.sign("contoso", &delegation()).unwrap_err().to_string();
    assert!(rule(user(frozen() - HOUR)).ends_with("start of the user delegation key"));
    assert!(rule(user(frozen() + 25 * HOUR)).ends_with("expiry of the user delegation key"));
}

#[test]
fn tokens_that_are_none() {
    let parse = |text: &str| SasToken::parse(text).unwrap_err();
    assert_eq!(parse("").field(), "sv");
    assert_eq!(parse("sv=2026-02-06").field(), "sig");
    assert_eq!(parse("sv=2026-02-06&sig=").field(), "sig");
    assert_eq!(parse("sv=2026-02-06&sig=a&sig=b").rule(), "occurs more than once");
    assert!(
        parse("https://contoso.queue.core.windows.net/?sv=1&sig=a").rule().contains("whole URL")
    );
    assert_eq!(parse("sv=2026-02-06&si=a%0Ab&sig=a").rule(), "holds a control character");
    assert_eq!(parse("sv=2026-02-06&si=%FF&sig=a").rule(), "is not UTF-8 text");
    for text in ["sv=2026-02-06&sp=a b&sig=a", "sv=2026-02-06&sig=a#b", "sv=2026-02-06&sig=a\u{7f}"]
    {
        assert_eq!(parse(text).field(), "sig", "{text}");
    }
}

#[test]
fn a_new_token_takes_the_place_of_an_old_one() {
    let (old, new) = (signed(&queue_sas()), signed(&queue_sas().expiry(frozen() + 2 * HOUR)));
    let uri = "https://contoso.queue.core.windows.net/jobs/messages?peekonly=true&timeout=30";
    let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    old.authorize(&mut parts, frozen()).unwrap();
    new.authorize(&mut parts, frozen()).unwrap();
    assert_eq!(parts.uri.to_string(), format!("{uri}&{}", new.expose()));
}

#[test]
fn explained() {
    let token = forged(
        "sv=2026-02-06&st=2026-09-23T09:00:00Z&se=2026-09-23T10:30:00Z&sp=rp&spr=https&sip=1.2.3.4",
    );
    let explanation = token.explain(frozen());
    let problems: Vec<_> = explanation.problems().map(|note| (note.field(), note.text())).collect();
    assert_eq!(
        problems,
        [("se", "about to expire: at Wed, 23 Sep 2026 10:30:00 GMT, in 9 minutes")]
    );
    let text = explanation.to_string();
    for part in [
        "signature for one queue",
        "signed by the rules of version 2026-02-06",
        "permits to peek and read metadata, get and delete messages",
        "valid since Wed, 23 Sep 2026 09:00:00 GMT",
        "only over HTTPS",
        "only for clients at 1.2.3.4",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }

    let problem = |token: &str, field: &str| {
        let explanation = SasToken::parse(token).unwrap().explain(frozen());
        let note = explanation.problems().find(|note| note.field() == field).cloned();
        note.unwrap_or_else(|| panic!("{token}: {explanation}")).text().to_owned()
    };
    let se = "se=2026-09-24";
    assert!(problem("sv=2026-02-06&sp=r&se=2026-09-22&sig=x", "se").starts_with("expired at"));
    assert!(
        problem(&format!("sv=2026-02-06&sp=r&st=2026-09-23T11:00Z&{se}&sig=x"), "st")
            .contains("in 39 minutes")
    );
    assert!(problem(&format!("sv=2026-02-06&sp=pr&{se}&sig=x"), "sp").contains("order"));
    assert!(problem(&format!("sv=2026-02-06&{se}&sig=x"), "sp").contains("missing"));
    assert!(
        problem(&format!("sv=2026-02-06&ss=b&srt=o&sp=r&{se}&sig=x"), "ss").contains("not queues")
    );
    assert!(
        problem(&format!("sv=2012-02-12&ss=q&srt=o&sp=r&{se}&sig=x"), "sv").contains("2015-04-05")
    );
    assert!(problem(&format!("sv=2026-02-06&sp=r&{se}&sig=ab+c"), "sig").contains("%2B"));
    assert!(problem(&format!("sv=2026-02-06&sp=r&{se}&sig=ab%252B"), "sig").contains("twice"));
    let udk = "skoid=o&sktid=t&skt=2026-09-20&ske=2026-09-22&sks=q&skv=2026-02-06";
    assert!(problem(&format!("sv=2026-02-06&sp=r&{se}&{udk}&sig=x"), "ske").contains("expired"));
    assert!(
        problem(&format!("sv=2026-02-06&sp=r&{se}&{udk}&skdutid=t&sig=x"), "skdutid")
            .contains("sduoid")
    );
}
