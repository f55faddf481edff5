//! What the fuzzers run, as functions of bytes: no panic, what is signed is accepted, and no error
//! shows a secret.
//!
//! The fuzz targets of the workspace (`tests/fuzz`) call these functions with what they invent, the
//! test `corpus` with what they kept.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use queue_auth::bearer::Challenge;
use queue_auth::sas::{InvalidSas, QueuePermissions, SasToken};
use queue_auth::verify::{
    BearerRules, DelegationKeyId, DelegationKeyStore, PolicyStore, RequestContext, StoredPolicy,
    Verifier, VerifyError,
};
use queue_auth::{AccountKey, Authorize, SharedKey, SharedKeyLite, explain_mismatch};

type Target = fn(&[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 4] = [
    ("verify", verify),
    ("sas_token", sas_token),
    ("challenge", challenge),
    ("mismatch", mismatch),
];

/// The key of the account `contoso`, with which the requests of the corpus are signed.
const KEY: &str =
    "bm90LWEtcmVhbC1rZXkvbWFkZS11cC1mb3ItdGVzdC12ZWN0b3JzLW9ubHkvMDEyMzQ1Njc4OWFiY2RlZistIQ==";
const DELEGATION_KEY: &str = "bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=";

/// Wed, 23 Sep 2026 10:20:30 GMT, the time of the corpus.
fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830)
}

fn key(text: &str) -> AccountKey {
    AccountKey::from_base64(text).unwrap()
}

#[derive(Debug)]
struct Store;

impl PolicyStore for Store {
    fn policy(&self, _queue: &str, id: &str) -> Option<StoredPolicy> {
        let policy = StoredPolicy::new().permissions(QueuePermissions::READ);
        (id == "known").then(|| policy.expiry(now() + Duration::from_secs(3600)))
    }
}

impl DelegationKeyStore for Store {
    fn key(&self, _account: &str, _id: &DelegationKeyId) -> Option<AccountKey> {
        Some(key(DELEGATION_KEY))
    }
}

/// A request: `METHOD TARGET`, headers. It is verified, and then signed and verified.
pub(crate) fn verify(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let Some((method, target)) = first.split_once(' ') else { return };
    let Ok(request) = http::Request::builder().method(method).uri(target).body(()) else { return };
    let (mut parts, ()) = request.into_parts();
    for line in lines.take_while(|line| !line.is_empty()) {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let (name, value) = line.split_at(colon);
        let value = HeaderValue::from_bytes(value.get(1..).unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
            parts.headers.append(name, value);
        }
    }
    let verifier = Verifier::new(HashMap::from([("contoso".to_owned(), vec![key(KEY)])]))
        .delegation_keys(Store)
        .bearer(BearerRules::danger_accept_any_signature());
    for path_style in [false, true] {
        for https in [false, true] {
            let context = RequestContext::new(now())
                .https(https)
                .path_style(path_style)
                .client_ip([192, 0, 2, 1].into());
            let verify = |parts: &_| verifier.verify("contoso", parts, &Store, &context);
            match verify(&parts) {
                Ok(grant) => assert_eq!(grant.account, "contoso"),
                Err(error) => refusal(&error),
            }
            let signers: [Box<dyn Authorize>; 2] = [
                Box::new(SharedKey::new("contoso", key(KEY))),
                Box::new(SharedKeyLite::new("contoso", key(KEY))),
            ];
            for signer in signers {
                let mut signed = parts.clone();
                if signer.authorize(&mut signed, now()).is_ok() {
                    let verdict = verify(&signed);
                    let twice = matches!(verdict, Err(VerifyError::TwoCredentials));
                    assert!(verdict.is_ok() || twice, "{verdict:?}");
                } else {
                    assert_eq!(signed.headers, parts.headers);
                }
            }
        }
    }
}

/// A refusal has a status of its own and shows no signature that would have been right.
fn refusal(error: &VerifyError) {
    assert!(error.status().is_client_error(), "{error}");
    let shown = format!("{error} {error:?} {:?}", error.detail());
    let (VerifyError::Mismatch { string_to_sign } | VerifyError::SasMismatch { string_to_sign }) =
        error
    else {
        return;
    };
    for secret in [KEY, DELEGATION_KEY] {
        assert!(!shown.contains(secret));
        let right = signature(secret, string_to_sign);
        // What the request itself says may stand in the string.
        assert!(!shown.contains(&right) || string_to_sign.contains(&right));
    }
    assert_eq!(explain_mismatch(string_to_sign, string_to_sign), None);
}

fn signature(key: &str, text: &str) -> String {
    use hmac::{KeyInit as _, Mac as _};

    let key = STANDARD.decode(key).unwrap();
    let mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap().chain_update(text);
    STANDARD.encode(mac.finalize().into_bytes())
}

/// A shared access signature.
pub(crate) fn sas_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let token = match SasToken::parse(text) {
        Ok(token) => token,
        Err(error) => return assert!(!error.field().is_empty() && !error.rule().is_empty()),
    };
    let again = SasToken::parse(token.expose()).unwrap();
    assert_eq!(again.expose(), token.expose());
    assert_eq!(again.expiry(), token.expiry());

    let explanation = token.explain(now());
    let shown = format!("{token:?} {explanation} {explanation:?}");
    let signature = token
        .expose()
        .split('&')
        .filter_map(|piece| piece.split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("sig"))
        .map(|(_, value)| value.to_owned())
        .unwrap();
    // Short ones are parts of words, and a field may repeat the signature.
    if signature.len() >= 40 && token.expose().matches(&signature).count() == 1 {
        assert!(!shown.contains(&signature), "{shown}");
    }
    let _: (_, Result<_, InvalidSas>) = (token.kind(), token.version());
    let _ = token.string_to_sign("contoso", Some("jobs"));

    let uri = "https://contoso.queue.core.windows.net/jobs?comp=metadata";
    let (mut parts, ()) = http::Request::get(uri).body(()).unwrap().into_parts();
    if token.authorize(&mut parts, now()).is_ok() {
        let once = parts.uri.clone();
        assert!(once.query().unwrap().ends_with(token.expose()));
        token.authorize(&mut parts, now()).unwrap();
        let signatures = parts.uri.query().unwrap().matches("&sig=").count();
        assert_eq!(signatures, once.query().unwrap().matches("&sig=").count());
    }
}

/// The value of a `WWW-Authenticate` header.
pub(crate) fn challenge(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(challenge) = Challenge::parse(text) else { return };
    let Some(tenant) = challenge.tenant() else { return };
    // It becomes a segment of the path of a URL to which a secret is sent.
    assert!(tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)));
    assert!(tenant.bytes().any(|byte| byte.is_ascii_alphanumeric()));
    let plain = format!(
        "Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize"
    );
    assert_eq!(Challenge::parse(&plain).as_ref().and_then(Challenge::tenant), Some(tenant));
}

/// Two strings to sign, with a NUL between them.
pub(crate) fn mismatch(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (ours, theirs) = text.split_once('\0').unwrap_or((text, ""));
    let _ = explain_mismatch(ours, theirs);
    let _ = explain_mismatch(theirs, ours);
    assert_eq!(explain_mismatch(ours, ours), None);
    // What is a string to sign for certain is found in every wrapping.
    let lines = ours.split('\n').count();
    let plain =
        ours.starts_with("GET\n") && lines > 4 && !ours.contains(['\'', '"', '\\', '&', '\r']);
    if plain && ours.trim_end() == ours && !ours.contains("tring to sign") {
        let sentence = format!("Server used following string to sign: '{ours}'.");
        for wrapped in [
            sentence.clone(),
            sentence.replace('\n', "\\n"),
            sentence.replace('\n', "\r\n"),
            format!("<AuthenticationErrorDetail>{sentence}</AuthenticationErrorDetail>"),
            ours.replace('\n', "\\n"),
            format!("{ours}\n"),
        ] {
            assert_eq!(explain_mismatch(ours, &wrapped), None, "{wrapped:?}");
        }
    }
}
