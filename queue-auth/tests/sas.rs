//! Known answers for shared access signatures: tokens of the official SDKs and values computed from
//! the rules.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use common::{Vector, account_key, frozen, key_store, vectors};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use queue_auth::sas::{
    AccountPermissions, AccountSas, QueuePermissions, QueueSas, SasToken, SasVersion,
    UserDelegationKey, UserDelegationSas,
};
use queue_auth::verify::{
    Access, DelegationKeyId, DelegationKeyStore, Grant, PolicyStore, RequestContext, StoredPolicy,
    Verifier, VerifyError,
};
use queue_auth::{AccountKey, Authorize};
use serde_json::Value;

const KINDS: [&str; 3] = ["service_sas", "account_sas", "user_delegation_sas"];

/// Names of the fields in a token, and where the vector has them.
const FIELDS: [&str; 10] = ["sp", "st", "se", "sip", "spr", "sv", "si", "ss", "srt", "sduoid"];
const KEY_FIELDS: [(&str, &str); 7] = [
    ("skoid", "signed_oid"),
    ("sktid", "signed_tid"),
    ("skt", "signed_start"),
    ("ske", "signed_expiry"),
    ("sks", "signed_service"),
    ("skv", "signed_version"),
    ("skdutid", "signed_delegated_user_tid"),
];

fn all() -> impl Iterator<Item = Vector> {
    KINDS.into_iter().flat_map(vectors)
}

impl Vector {
    fn text(&self, name: &str) -> Option<&str> {
        self.input.get(name).and_then(Value::as_str)
    }

    fn key_text(&self, name: &str) -> Option<&str> {
        self.input.get("udk")?.get(name)?.as_str()
    }

    fn time(&self, name: &str) -> Option<SystemTime> {
        self.text(name).map(parse_time)
    }

    /// The token as anyone would write it who takes the fields literally.
    fn literal_token(&self) -> SasToken {
        let plain = FIELDS.iter().filter_map(|name| Some((*name, self.text(name)?)));
        let key = KEY_FIELDS.iter().filter_map(|(name, key)| Some((*name, self.key_text(key)?)));
        let pairs: Vec<String> = plain
            .chain(key)
            .chain([("sig", &*self.signature)])
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)))
            .collect();
        SasToken::parse(&pairs.join("&")).unwrap()
    }

    fn delegation_key(&self) -> UserDelegationKey {
        let text = |name| self.key_text(name).unwrap();
        let (start, expiry) = (text("signed_start"), text("signed_expiry"));
        let key = UserDelegationKey::new(
            text("signed_oid"),
            text("signed_tid"),
            parse_time(start),
            parse_time(expiry),
            text("signed_version"),
            text("value"),
        );
        let key = key.unwrap().service(text("signed_service"));
        match self.key_text("signed_delegated_user_tid") {
            Some(tenant) => key.delegated_tenant(tenant),
            None => key,
        }
    }

    /// What the builders make of it; `None` when they cannot say it, because a time is in another
    /// form than theirs or the letters are in another order.
    fn built(&self) -> Option<SasToken> {
        macro_rules! with_terms {
            ($builder:expr) => {{
                let mut builder = $builder;
                builder = builder.version(self.text("sv").unwrap().parse::<SasVersion>().unwrap());
                if let Some(start) = self.time("st") {
                    builder = builder.start(start);
                }
                if let Some(ip) = self.text("sip") {
                    builder = builder.ip(ip.parse::<queue_auth::sas::IpRange>().unwrap());
                }
                if let Some(protocol) = self.text("spr") {
                    builder = builder.protocol(protocol.parse().unwrap());
                }
                builder
            }};
        }
        for name in ["st", "se"] {
            if self.text(name).is_some_and(|text| text.len() != "2026-01-23T10:00:00Z".len()) {
                return None;
            }
        }
        let token = match &*self.kind {
            "service_sas" => {
                let queue = self.text("queue").unwrap();
                let mut builder = match self.text("si") {
                    Some(policy) => QueueSas::by_policy(queue, policy),
                    None => QueueSas::new(queue, QueuePermissions::NONE, SystemTime::UNIX_EPOCH),
                };
                if let Some(letters) = self.text("sp") {
                    builder = builder.permissions(letters.parse().ok()?);
                }
                if let Some(expiry) = self.time("se") {
                    builder = builder.expiry(expiry);
                }
                with_terms!(builder).sign(&self.account, &account_key(&self.account))
            }
            "account_sas" => {
                let permissions: AccountPermissions = self.text("sp")?.parse().ok()?;
                let types = self.text("srt")?.parse::<queue_auth::sas::ResourceTypes>().ok()?;
                let services = self.text("ss")?.parse::<queue_auth::sas::Services>().ok()?;
                let literal = [self.text("sp")?, self.text("srt")?, self.text("ss")?];
                if [permissions.to_string(), types.to_string(), services.to_string()] != literal {
                    return None;
                }
                let builder = AccountSas::new(permissions, types, self.time("se")?);
                with_terms!(builder.services(services))
                    .sign(&self.account, &account_key(&self.account))
            }
            _ => {
                let permissions = self.text("sp")?.parse().ok()?;
                let queue = self.text("queue").unwrap();
                let mut builder = UserDelegationSas::new(queue, permissions, self.time("se")?);
                if let Some(user) = self.text("sduoid") {
                    builder = builder.bound_to(user);
                }
                with_terms!(builder).sign(&self.account, &self.delegation_key())
            }
        };
        Some(token.unwrap_or_else(|error| panic!("{}: {error}", self.id)))
    }

    /// A moment at which the token is valid.
    fn moment(&self) -> SystemTime {
        let second = Duration::from_secs(1);
        match (self.time("st"), self.time("se")) {
            (Some(start), _) => start + second,
            (None, Some(expiry)) => expiry - second,
            (None, None) => frozen(),
        }
    }

    fn authorized(&self, token: &SasToken) -> http::Request<()> {
        let queue = self.text("queue").unwrap_or("anything");
        let uri = format!("https://{}.queue.core.windows.net/{queue}/messages?a=b", self.account);
        let mut request = http::Request::get(uri).header("x-ms-version", "2026-02-06");
        if let Some(user) = self.text("sduoid") {
            let tenant = self.key_text("signed_delegated_user_tid");
            let tenant = tenant.or(self.key_text("signed_tid")).unwrap();
            request = request.header("authorization", common::bearer(user, tenant, self.moment()));
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        token.authorize(&mut parts, self.moment()).unwrap();
        http::Request::from_parts(parts, ())
    }

    fn verify(&self, token: &SasToken) -> Result<Grant, VerifyError> {
        let verifier = Verifier::new(key_store()).delegation_keys(self.clone());
        #[cfg(feature = "verify-bearer")]
        let verifier =
            verifier.bearer(queue_auth::verify::BearerRules::danger_accept_any_signature());
        let mut context = RequestContext::new(self.moment()).https(true);
        if let Some(ip) = self.text("sip") {
            context = context.client_ip(ip.split('-').next().unwrap().parse().unwrap());
        }
        verifier.verify(&self.account, &self.authorized(token), self, &context)
    }

    /// Whether this build can verify it: bound users need the verification of bearer tokens.
    fn verifiable(&self) -> bool {
        cfg!(feature = "verify-bearer") || self.text("sduoid").is_none()
    }
}

impl std::fmt::Debug for Vector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.id)
    }
}

/// Holds the policy that the vector refers to, with what its token leaves open.
impl PolicyStore for Vector {
    fn policy(&self, queue: &str, id: &str) -> Option<StoredPolicy> {
        assert_eq!(Some(queue), self.text("queue"));
        assert_eq!(Some(id), self.text("si"));
        let mut policy = StoredPolicy::new();
        if self.text("sp").is_none() {
            policy = policy.permissions(QueuePermissions::ALL);
        }
        if self.text("se").is_none() {
            policy = policy.expiry(frozen() + Duration::from_secs(60));
        }
        Some(policy)
    }
}

impl DelegationKeyStore for Vector {
    fn key(&self, account: &str, id: &DelegationKeyId) -> Option<AccountKey> {
        assert_eq!(account, self.account);
        assert_eq!(Some(&*id.object_id), self.key_text("signed_oid"));
        assert_eq!(Some(&*id.tenant_id), self.key_text("signed_tid"));
        assert_eq!(Some(id.start), self.key_text("signed_start").map(parse_time));
        assert_eq!(Some(id.expiry), self.key_text("signed_expiry").map(parse_time));
        assert_eq!(id.delegated_tenant.as_deref(), self.key_text("signed_delegated_user_tid"));
        AccountKey::from_base64(self.key_text("value")?).ok()
    }
}

/// The forms of times in the vectors, by the `time` crate and not by the code under test.
fn parse_time(text: &str) -> SystemTime {
    let full = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        17 => text.replace('Z', ":00Z"),
        _ => text.to_owned(),
    };
    time::OffsetDateTime::parse(&full, &time::format_description::well_known::Rfc3339)
        .unwrap()
        .into()
}

#[test]
fn strings_and_signatures() {
    let mut count = 0;
    for vector in all() {
        let token = vector.literal_token();
        let text = token.string_to_sign(&vector.account, vector.text("queue")).unwrap();
        assert_eq!(text, vector.string_to_sign, "{}", vector.id);
        let signature = match vector.key_text("value") {
            Some(key) => common::sign_with(key, &text),
            None => common::sign(&vector.account, &text),
        };
        assert_eq!(signature, vector.signature, "{}", vector.id);
        count += 1;
    }
    assert!(count >= 35);
}

#[test]
fn literal_tokens_are_accepted() {
    for vector in all().filter(Vector::verifiable) {
        let grant = vector.verify(&vector.literal_token());
        let grant = grant.unwrap_or_else(|error| panic!("{}: {error}", vector.id));
        let letters = vector.text("sp");
        match &grant.access {
            Access::QueueSas { queue, permissions, policy, .. } => {
                assert_eq!(vector.kind, "service_sas");
                assert_eq!(vector.text("queue"), Some(&**queue));
                assert_eq!(letters.unwrap_or("raup"), permissions.to_string());
                assert_eq!(vector.text("si"), policy.as_deref());
            }
            Access::AccountSas { permissions, .. } => {
                assert_eq!(vector.kind, "account_sas");
                assert_eq!(letters.unwrap(), permissions.to_string());
            }
            Access::UserDelegationSas { permissions, object_id, delegated_user, .. } => {
                assert_eq!(vector.kind, "user_delegation_sas");
                assert_eq!(letters.unwrap(), permissions.to_string());
                assert_eq!(vector.key_text("signed_oid"), Some(&**object_id));
                assert_eq!(vector.text("sduoid"), delegated_user.as_deref());
            }
            other => panic!("{}: {other:?}", vector.id),
        }
    }
}

#[test]
fn tokens_of_the_sdks() {
    let mut count = HashMap::<_, usize>::new();
    for vector in all().filter(Vector::verifiable) {
        for result in &vector.sdk_results {
            let Some(text) = &result.token else { continue };
            let token = SasToken::parse(text).unwrap();
            assert_eq!(token.expose(), text);
            let ours = token.string_to_sign(&vector.account, vector.text("queue")).unwrap();
            if result.agrees {
                assert_eq!(ours, vector.string_to_sign, "{}: {}", vector.id, result.sdk);
            }
            // An SDK that writes a field in another form has a right signature all the same, as
            // long as it signs what it writes.
            let theirs = result.string_to_sign.as_ref().unwrap_or(&vector.string_to_sign);
            let verdict = vector.verify(&token);
            assert_eq!(verdict.is_ok(), ours == *theirs, "{}: {}", vector.id, result.sdk);
            *count.entry(result.sdk.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    for sdk in ["python", "js", "rust"] {
        assert!(count.get(sdk).is_some_and(|count| *count >= 3), "{count:?}");
    }
}

#[test]
fn builders_make_the_same() {
    let mut count = 0;
    for vector in all() {
        let Some(token) = vector.built() else { continue };
        assert_eq!(
            token.string_to_sign(&vector.account, vector.text("queue")).unwrap(),
            vector.string_to_sign,
            "{}",
            vector.id
        );
        let signature = utf8_percent_encode(&vector.signature, NON_ALPHANUMERIC).to_string();
        assert!(token.expose().ends_with(&format!("&sig={signature}")), "{}", vector.id);
        if vector.verifiable() {
            vector.verify(&token).unwrap();
        }
        count += 1;
    }
    assert!(count >= 30, "{count}");
}

#[cfg(not(feature = "verify-bearer"))]
#[test]
fn bound_users_are_refused_without_bearer_verification() {
    let vector = all().find(|vector| vector.text("sduoid").is_some()).unwrap();
    let error = vector.verify(&vector.literal_token()).unwrap_err();
    assert!(matches!(error, VerifyError::BearerNotAccepted));
}
