//! Who may do what.

use std::time::{Duration, SystemTime};

use queue_auth::sas::{
    AccountPermissions, AccountSas, IpRange, QueuePermissions, QueueSas, ResourceTypes, SasToken,
    UserDelegationKey, UserDelegationSas,
};
use queue_emulator::{Role, TokenIssuer, UserToken};
use queue_proto::DEVSTORE_ACCOUNT;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::wire::{MESSAGE, NEWEST, Wire, escape, key, mac};
use crate::{account_sas, acl, identifier};

fn queue_sas(wire: &Wire, queue: &str, letters: &str) -> SasToken {
    let letters = letters.parse().unwrap();
    QueueSas::new(queue, letters, wire.after(3600)).sign(DEVSTORE_ACCOUNT, &key()).unwrap()
}

/// A time as in XML bodies and signatures, in whole seconds.
fn iso(time: SystemTime) -> String {
    let whole = OffsetDateTime::from(time).replace_nanosecond(0).unwrap();
    whole.format(&Rfc3339).unwrap()
}

#[test]
fn row_10_old_and_missing_dates_are_refused() {
    let wire = Wire::new();
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let now = wire.clock.now();
    for at in [now - minutes(16), now + minutes(16), now - minutes(2 * 365 * 24 * 60)] {
        let reply = wire.get("?comp=list").at(at).send().refused(403, "AuthenticationFailed");
        assert!(reply.detail("AuthenticationErrorDetail").contains("15 minutes"));
    }
    wire.get("?comp=list").at(now - minutes(14)).send().expect(200);

    // Rightly signed, without any date.
    let resource = format!("/{DEVSTORE_ACCOUNT}/{DEVSTORE_ACCOUNT}\ncomp:list");
    let signed = format!("GET{}x-ms-version:{NEWEST}\n{resource}", "\n".repeat(12));
    let authorization = format!("SharedKey {DEVSTORE_ACCOUNT}:{}", mac(&signed));
    let reply = wire.get("?comp=list").anonymous().header("authorization", &authorization).send();
    let reply = reply.refused(403, "AuthenticationFailed");
    assert!(reply.detail("AuthenticationErrorDetail").contains("x-ms-date"), "{reply:?}");
}

#[test]
fn row_11_anonymous_requests_get_a_challenge() {
    let wire = Wire::with(|builder| builder.tenant("my-tenant"));
    let reply =
        wire.get("?comp=list").anonymous().send().refused(401, "NoAuthenticationInformation");
    assert_eq!(
        reply.header("www-authenticate"),
        "Bearer authorization_uri=https://login.microsoftonline.com/my-tenant/oauth2/authorize \
         resource_id=https://storage.azure.com"
    );
    let reply = wire.get("?comp=list").anonymous().version("2018-11-09").send();
    assert_eq!(reply.refused(404, "ResourceNotFound").header("www-authenticate"), "");
}

#[test]
fn row_12_malformed_credentials_are_named_and_mismatches_explained() {
    let wire = Wire::new();
    for authorization in ["SharedKey", "SharedKey devstoreaccount1", "Basic abc", "SharedKey a:b:c"]
    {
        let call = wire.get("?comp=list").anonymous().header("authorization", authorization);
        call.send().refused(400, "InvalidAuthenticationInfo");
    }
    let wrong = format!("SharedKey {DEVSTORE_ACCOUNT}:{}", mac("something else"));
    let date = httpdate::fmt_http_date(wire.clock.now());
    let call = wire.get("?comp=list").anonymous().header("authorization", &wrong);
    let reply = call.header("x-ms-date", &date).send().refused(403, "AuthenticationFailed");
    let detail = reply.detail("AuthenticationErrorDetail");
    assert!(detail.contains(&format!("x-ms-date:{date}\nx-ms-version:{NEWEST}\n")), "{detail}");

    let query = format!("sv={NEWEST}&sp=r&se=2099-01-01&sig={}", escape(&mac("wrong")));
    let reply = wire.get("/jobs/messages?peekonly=true").query(&query).send();
    let reply = reply.refused(403, "AuthenticationFailed");
    let detail = reply.detail("AuthenticationErrorDetail");
    assert!(detail.contains("r\n\n2099-01-01\n/queue/devstoreaccount1/jobs\n"), "{detail}");
}

#[test]
fn row_13_address_ranges_of_signatures_are_checked() {
    let wire = Wire::new();
    wire.queue("jobs");
    let range: IpRange = "168.1.5.60-168.1.5.70".parse().unwrap();
    let queue = QueueSas::new("jobs", QueuePermissions::READ, wire.after(60)).ip(range);
    let account =
        AccountSas::new(AccountPermissions::READ, ResourceTypes::OBJECT, wire.after(60)).ip(range);
    let queue = queue.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    let account = account.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    for token in [queue, account] {
        let peek = || wire.get("/jobs/messages?peekonly=true").sas(&token);
        peek().from([168, 1, 5, 60]).send().expect(200);
        peek().from([168, 1, 5, 70]).send().expect(200);
        peek().from([168, 1, 5, 71]).send().refused(403, "AuthorizationSourceIPMismatch");
        peek().send().refused(403, "AuthorizationSourceIPMismatch");
    }
}

#[test]
fn row_14_versions_and_letters_of_signatures_are_checked() {
    let wire = Wire::new();
    wire.queue("jobs");
    for (version, letters) in
        [("bogus", "r"), ("2020-13-01", "r"), ("2011-08-18", "r"), (NEWEST, "rz"), (NEWEST, "pr")]
    {
        let text =
            format!("{letters}\n\n2099-01-01\n/queue/{DEVSTORE_ACCOUNT}/jobs\n\n\n\n{version}");
        let query = format!("sv={version}&sp={letters}&se=2099-01-01&sig={}", escape(&mac(&text)));
        let reply = wire.get("/jobs/messages?peekonly=true").query(&query).send();
        reply.refused(403, "AuthenticationFailed");
    }
}

#[test]
fn row_15_encryption_scopes_of_account_signatures_are_signed() {
    let wire = Wire::new();
    let expiry = "2099-01-01T00:00:00Z";
    let text = format!("{DEVSTORE_ACCOUNT}\nl\nq\ns\n\n{expiry}\n\n\n{NEWEST}\nmy-scope\n");
    let query = |scope: &str| {
        let signature = escape(&mac(&text));
        format!("sv={NEWEST}&ss=q&srt=s&sp=l&se={expiry}&ses={scope}&sig={signature}")
    };
    wire.get("?comp=list").query(&query("my-scope")).send().expect(200);
    wire.get("?comp=list").query(&query("other")).send().refused(403, "AuthenticationFailed");
}

#[test]
fn row_16_message_operations_need_the_object_level() {
    let wire = Wire::new();
    wire.queue("jobs");
    let object = account_sas(&wire, "dup", "o");
    let container = account_sas(&wire, "dup", "c");
    let message = || {
        let (id, receipt) = wire.message("jobs");
        format!("/jobs/messages/{id}?popreceipt={}", escape(&receipt))
    };
    for token in [&container, &object] {
        let allowed = std::ptr::eq(token, &object);
        let update = format!("{}&visibilitytimeout=0", message());
        for (method, target) in
            [("PUT", update), ("DELETE", message()), ("DELETE", "/jobs/messages".to_owned())]
        {
            let reply = wire.call(method, &target).sas(token).send();
            if allowed {
                reply.expect(204);
            } else {
                reply.refused(403, "AuthorizationResourceTypeMismatch");
            }
        }
    }
}

#[test]
fn row_17_stored_policies_and_signatures_complete_each_other() {
    let wire = Wire::new();
    wire.queue("jobs");
    let expiry = iso(wire.after(3600));
    let body = acl(&[
        identifier("letters", "<AccessPolicy><Permission>r</Permission></AccessPolicy>"),
        identifier("times", &format!("<AccessPolicy><Expiry>{expiry}</Expiry></AccessPolicy>")),
    ]
    .concat());
    wire.put("/jobs?comp=acl").body(&body).send().expect(204);
    let peek = |sas: QueueSas| {
        let token = sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
        wire.get("/jobs/messages?peekonly=true").sas(&token).send()
    };
    let by = |id: &str| QueueSas::by_policy("jobs", id);
    peek(by("letters").expiry(wire.after(60))).expect(200);
    peek(by("times").permissions(QueuePermissions::READ)).expect(200);
    peek(by("letters")).refused(400, "InvalidQueryParameterValue");
    peek(by("times").permissions(QueuePermissions::READ).expiry(wire.after(60)))
        .refused(400, "InvalidQueryParameterValue");
    peek(by("unknown").expiry(wire.after(60)).permissions(QueuePermissions::READ))
        .refused(403, "AuthenticationFailed");
    // Revoked at once.
    wire.put("/jobs?comp=acl").send().expect(204);
    peek(by("letters").expiry(wire.after(60))).refused(403, "AuthenticationFailed");
}

#[test]
fn row_18_signatures_of_a_queue_create_none() {
    let wire = Wire::new();
    let token = queue_sas(&wire, "jobs", "raup");
    wire.put("/jobs").sas(&token).send().refused(403, "AuthorizationFailure");
}

#[test]
fn row_19_user_delegation_keys_and_signatures() {
    let wire = Wire::new();
    wire.queue("jobs");
    let token = TokenIssuer::new(b"any").issue(&UserToken::new(), wire.clock.now());
    let (start, expiry) = (iso(wire.clock.now()), iso(wire.after(3600)));
    let body = format!("<KeyInfo><Start>{start}</Start><Expiry>{expiry}</Expiry></KeyInfo>");
    let target = "?restype=service&comp=userdelegationkey";
    let given = wire.post(target).bearer(&token).https().body(&body).send().expect(200);
    assert_eq!(given.element("SignedService"), "q");
    assert_eq!(given.element("SignedExpiry"), expiry);
    let time = |name: &str| -> SystemTime {
        OffsetDateTime::parse(&given.element(name), &Rfc3339).unwrap().into()
    };
    let delegation = UserDelegationKey::new(
        given.element("SignedOid"),
        given.element("SignedTid"),
        time("SignedStart"),
        time("SignedExpiry"),
        given.element("SignedVersion"),
        &given.element("Value"),
    )
    .unwrap();
    let sas = UserDelegationSas::new("jobs", QueuePermissions::ADD, wire.after(60));
    let sas = sas.sign(DEVSTORE_ACCOUNT, &delegation).unwrap();
    wire.post("/jobs/messages").body(MESSAGE).sas(&sas).send().expect(201);
    wire.get("/jobs/messages").sas(&sas).send().refused(403, "AuthorizationPermissionMismatch");
    let changed = sas.expose().replace("sp=a", "sp=raup");
    wire.get("/jobs/messages").query(&changed).send().refused(403, "AuthenticationFailed");
    wire.pass(61);
    wire.post("/jobs/messages").body(MESSAGE).sas(&sas).send().refused(403, "AuthenticationFailed");
}

#[test]
fn row_20_claims_signatures_and_roles_of_bearer_tokens_are_checked() {
    let issuer = TokenIssuer::new(b"secret");
    let wire =
        Wire::with(|builder| builder.token_issuer(issuer.clone()).roles("reader", [Role::Reader]));
    wire.queue("jobs");
    let now = wire.clock.now();
    let list = |token: &str| wire.get("?comp=list").bearer(token).https().send();
    let user = UserToken::new;
    list(&issuer.issue(&user(), now)).expect(200);
    let hour = Duration::from_secs(3600);
    for bad in [
        TokenIssuer::new(b"another").issue(&user(), now),
        issuer.issue(&user().audience("https://vault.azure.net"), now),
        issuer.issue(&user().issuer("https://sts.windows.net/another-tenant/"), now),
        issuer.issue(&user().issuer("https://evil.example/"), now),
        issuer.issue(&user().not_before(now + hour), now),
        issuer.issue(&user().not_before(now - 2 * hour).life(hour), now),
        "no-token".to_owned(),
    ] {
        let reply = list(&bad).refused(401, "InvalidAuthenticationInfo");
        assert!(reply.header("www-authenticate").starts_with("Bearer authorization_uri="));
        assert!(!reply.detail("AuthenticationErrorDetail").is_empty());
    }
    let clear = wire.get("?comp=list").bearer(&issuer.issue(&user(), now)).send();
    clear.refused(403, "AuthenticationFailed");

    let reader = issuer.issue(&user().object_id("reader"), now);
    list(&reader).expect(200);
    let put = |token: &str| wire.post("/jobs/messages").bearer(token).https().body(MESSAGE).send();
    put(&reader).refused(403, "AuthorizationPermissionMismatch");
    put(&issuer.issue(&user().role(Role::Sender), now)).expect(201);
    let acl = wire.get("/jobs?comp=acl").https().bearer(&issuer.issue(&user(), now));
    acl.send().expect(200);
}

#[test]
fn row_21_shared_key_lite_is_accepted() {
    let wire = Wire::new();
    wire.get("?comp=list&prefix=a").lite().send().expect(200);
    wire.put("/jobs").lite().send().expect(201);
}
