//! Verification of bearer tokens: shape, claims, signature hook, and bound users.

#![cfg(feature = "verify-bearer")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use std::time::Duration;

use common::{bearer, bearer_with, frozen, key_store};
use queue_auth::Service;
use queue_auth::sas::{QueuePermissions, UserDelegationKey, UserDelegationSas};
use queue_auth::verify::{
    Access, BearerRules, DelegationKeyId, DelegationKeyStore, Grant, NoPolicies, RequestContext,
    TokenHeader, TokenSignatures, Verifier, VerifyError, VerifyErrorKind,
};
use queue_auth::{AccountKey, Authorize};
use serde_json::{Map, Value, json};

const VERSION: &str = "2026-02-06";

fn verify_with(
    rules: BearerRules,
    authorization: &str,
    version: Option<&str>,
    https: bool,
) -> Result<Grant, VerifyError> {
    let mut request = http::Request::get("https://contoso.queue.core.windows.net/jobs")
        .header("authorization", authorization);
    if let Some(version) = version {
        request = request.header("x-ms-version", version);
    }
    let context = RequestContext::new(frozen()).https(https);
    Verifier::new(key_store()).bearer(rules).verify(
        "contoso",
        &request.body(()).unwrap(),
        &NoPolicies,
        &context,
    )
}

fn verify(authorization: &str) -> Result<Grant, VerifyError> {
    let rules = BearerRules::danger_accept_any_signature();
    verify_with(rules, authorization, Some(VERSION), true)
}

fn with(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Grant, VerifyError> {
    verify(&bearer_with(frozen(), change))
}

fn set(name: &str, value: impl Into<Value>) -> Result<Grant, VerifyError> {
    with(|claims| {
        claims.insert(name.to_owned(), value.into());
    })
}

#[test]
fn claims() {
    let grant = with(|claims| {
        claims.insert("roles".into(), json!(["reader", "writer"]));
        claims.insert("scp".into(), "user_impersonation other".into());
        claims.insert("appid".into(), "app".into());
    })
    .unwrap();
    let Access::Bearer(claims) = grant.access else { panic!("{grant:?}") };
    assert_eq!((&*claims.object_id, &*claims.tenant_id), ("user", "tenant"));
    assert_eq!(claims.roles, ["reader", "writer"]);
    assert_eq!(claims.scopes, ["user_impersonation", "other"]);
    assert_eq!(claims.application_id.as_deref(), Some("app"));
    assert_eq!(grant.expires, Some(frozen() + Duration::from_secs(3600)));
}

#[test]
fn audiences() {
    for good in [
        "https://storage.azure.com",
        "https://storage.azure.com/",
        "e406a681-f3d4-42a8-90b6-c2b029497af1",
        "https://contoso.queue.core.windows.net",
        "https://contoso.queue.core.windows.net/",
    ] {
        assert!(set("aud", good).is_ok(), "{good}");
    }
    for bad in [
        "https://fabrikam.queue.core.windows.net",
        "https://contoso.queue.core.windows.net.evil.example",
        "https://management.azure.com",
        "",
    ] {
        let error = set("aud", bad).unwrap_err();
        assert_eq!((error.status().as_u16(), error.code()), (401, "InvalidAuthenticationInfo"));
        assert!(error.detail().unwrap().starts_with("Audience"), "{bad}");
    }
    let token = bearer_with(frozen(), |claims| {
        claims.insert("aud".into(), "api://mine".into());
    });
    let rules = BearerRules::danger_accept_any_signature().audience("api://mine");
    assert!(verify_with(rules, &token, Some(VERSION), true).is_ok());
}

#[test]
fn the_audience_is_the_account_of_the_service_that_is_asked() {
    let all = [Service::Blob, Service::Queue, Service::File, Service::Table];
    for (named, asked) in all.into_iter().flat_map(|named| all.map(|asked| (named, asked))) {
        let token = bearer_with(frozen(), |claims| {
            let audience = format!("https://contoso.{named}.core.windows.net");
            claims.insert("aud".into(), audience.into());
        });
        let request = http::Request::get(format!("https://contoso.{asked}.core.windows.net/jobs"))
            .header("authorization", token)
            .header("x-ms-version", VERSION)
            .body(())
            .unwrap();
        let context = RequestContext::new(frozen()).https(true).service(asked);
        let rules = BearerRules::danger_accept_any_signature();
        let verifier = Verifier::new(key_store()).bearer(rules);
        let grant = verifier.verify("contoso", &request, &NoPolicies, &context);
        assert_eq!(grant.is_ok(), named == asked, "{named} for {asked}");
    }
}

#[test]
fn issuers() {
    for good in [
        "https://sts.windows.net/tenant/",
        "https://login.microsoftonline.com/tenant/v2.0",
        "https://sts.chinacloudapi.cn/tenant/",
    ] {
        assert!(set("iss", good).is_ok(), "{good}");
    }
    for bad in [
        "https://sts.windows.net/other/",
        "https://sts.windows.net//",
        "https://sts.windows.net.evil.example/tenant/",
        "http://sts.windows.net/tenant/",
        "",
    ] {
        let error = set("iss", bad).unwrap_err();
        let detail = error.detail().unwrap();
        assert!(detail.starts_with("Issuer validation failed. Issuer did not match."), "{bad}");
    }
    let own = bearer_with(frozen(), |claims| {
        claims.insert("iss".into(), "http://127.0.0.1/issuer".into());
    });
    let rules = || BearerRules::danger_accept_any_signature().issuer("http://127.0.0.1/issuer");
    assert!(verify_with(rules(), &own, Some(VERSION), true).is_ok());
    let entra = bearer("user", "tenant", frozen());
    assert!(verify_with(rules(), &entra, Some(VERSION), true).is_err());

    // By prefix, whatever the tenant.
    let rules = || {
        let rules = BearerRules::danger_accept_any_signature();
        rules.danger_issuer_prefix("https://sts.windows-ppe.net/")
    };
    for (issuer, accepted) in [
        ("https://sts.windows-ppe.net/other/", true),
        ("https://sts.windows-ppe.net.evil.example/other/", false),
        ("https://sts.windows.net/other/", false),
        ("https://sts.windows.net/tenant/", true),
    ] {
        let token = bearer_with(frozen(), |claims| {
            claims.insert("iss".into(), issuer.into());
        });
        let result = verify_with(rules(), &token, Some(VERSION), true);
        assert_eq!(result.is_ok(), accepted, "{issuer}");
    }
}

#[test]
fn lifetime() {
    let now = 1_790_158_830;
    let leeway = 300;
    assert!(set("exp", now - leeway + 1).is_ok());
    assert!(set("nbf", now + leeway).is_ok());
    for (name, value) in [("exp", now - leeway), ("nbf", now + leeway + 1)] {
        let error = set(name, value).unwrap_err();
        assert!(error.detail().unwrap().starts_with("Lifetime"), "{name}");
        assert_eq!(error.kind(), VerifyErrorKind::InvalidBearerToken);
    }
    assert!(set("exp", u64::MAX).is_err());
    let strict = BearerRules::danger_accept_any_signature().leeway(Duration::ZERO);
    let token = bearer_with(frozen(), |claims| {
        claims.insert("exp".into(), now.into());
    });
    assert!(verify_with(strict, &token, Some(VERSION), true).is_err());
}

#[test]
fn shape() {
    for name in ["aud", "iss", "exp", "oid", "tid"] {
        let missing = with(|claims| {
            claims.remove(name);
        });
        assert!(matches!(missing, Err(VerifyError::InvalidToken { .. })), "{name}");
    }
    for token in ["x", "a.b", "a.b.c", "e30.e30.e30", "....", "e30.e30.=", "{}.{}.{}"] {
        let error = verify(&format!("Bearer {token}")).unwrap_err();
        assert_eq!(error.status(), 401, "{token}");
    }
    assert_eq!(verify("Bearer").unwrap_err().status(), 400);
}

#[test]
fn transport_and_version() {
    let token = bearer("user", "tenant", frozen());
    let rules = BearerRules::danger_accept_any_signature;
    let error = verify_with(rules(), &token, Some(VERSION), false).unwrap_err();
    assert!(matches!(error, VerifyError::BearerInClearText));
    for version in [None, Some("2016-05-31")] {
        let error = verify_with(rules(), &token, version, true).unwrap_err();
        assert_eq!((error.status().as_u16(), error.code()), (400, "InvalidAuthenticationInfo"));
    }
    let request = http::Request::get("/jobs").header("authorization", token).body(()).unwrap();
    let context = RequestContext::new(frozen()).https(true);
    let error =
        Verifier::new(key_store()).verify("contoso", &request, &NoPolicies, &context).unwrap_err();
    assert!(matches!(error, VerifyError::BearerNotAccepted));
}

#[derive(Debug)]
struct OnlyThis(&'static [u8]);

impl TokenSignatures for OnlyThis {
    fn check(&self, header: &TokenHeader, signed: &str, signature: &[u8]) -> bool {
        assert_eq!(signed.matches('.').count(), 1);
        header.algorithm == "RS256"
            && header.key_id.as_deref() == Some("key-1")
            && signature == self.0
    }
}

#[test]
fn signatures() {
    let token = bearer("user", "tenant", frozen());
    let good = BearerRules::new(OnlyThis(b"signature"));
    assert!(verify_with(good, &token, Some(VERSION), true).is_ok());
    let bad = BearerRules::new(OnlyThis(b"other"));
    let error = verify_with(bad, &token, Some(VERSION), true).unwrap_err();
    assert_eq!(error.detail().as_deref(), Some("Signature validation failed."));
}

#[derive(Debug)]
struct Delegation;

const DELEGATION_KEY: &str = "bWFkZS11cC11c2VyLWRlbGVnYXRpb24ta2V5LTAxMjM=";

impl DelegationKeyStore for Delegation {
    fn key(&self, _account: &str, _id: &DelegationKeyId) -> Option<AccountKey> {
        AccountKey::from_base64(DELEGATION_KEY).ok()
    }
}

#[test]
fn bound_users() {
    let until = frozen() + Duration::from_secs(3600);
    let key =
        UserDelegationKey::new("owner", "home", frozen(), until, VERSION, DELEGATION_KEY).unwrap();
    let sas = UserDelegationSas::new("jobs", QueuePermissions::READ, until).bound_to("user");
    let verify = |key: &UserDelegationKey, authorization: Option<String>| {
        let mut request = http::Request::get("https://contoso.queue.core.windows.net/jobs")
            .header("x-ms-version", VERSION);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        sas.sign("contoso", key).unwrap().authorize(&mut parts, frozen()).unwrap();
        Verifier::new(key_store())
            .delegation_keys(Delegation)
            .bearer(BearerRules::danger_accept_any_signature())
            .verify("contoso", &parts, &NoPolicies, &RequestContext::new(frozen()).https(true))
    };
    let user = |user, tenant| Some(bearer(user, tenant, frozen()));

    let grant = verify(&key, user("user", "home")).unwrap();
    let Access::UserDelegationSas { delegated_user, .. } = grant.access else { panic!() };
    assert_eq!(delegated_user.as_deref(), Some("user"));
    for authorization in [None, user("other", "home"), user("user", "away")] {
        let error = verify(&key, authorization).unwrap_err();
        assert!(matches!(error, VerifyError::NotTheBoundUser), "{error}");
    }

    let across = key.delegated_tenant("away");
    assert!(verify(&across, user("user", "away")).is_ok());
    assert!(verify(&across, user("user", "home")).is_err());
}

/// What `Bearer` sends is what the verifier accepts, alone and beside a signature that is bound to
/// its user.
#[cfg(feature = "aad")]
#[tokio::test]
async fn what_is_sent_is_accepted() {
    use queue_auth::bearer::{AccessToken, source_fn};
    use queue_auth::{Bearer, Both};

    let source = || {
        source_fn(|_, now| async move {
            let header = bearer("user", "home", now);
            let token = header.strip_prefix("Bearer ").unwrap();
            Ok(AccessToken::issued(token, now, Duration::from_secs(3600))?)
        })
    };
    let until = frozen() + Duration::from_secs(3600);
    let key = UserDelegationKey::new("owner", "home", frozen(), until, VERSION, DELEGATION_KEY);
    let sas = UserDelegationSas::new("jobs", QueuePermissions::READ, until).bound_to("user");
    let sas = sas.sign("contoso", &key.unwrap()).unwrap();
    let strategies: [Box<dyn Authorize>; 2] =
        [Box::new(Bearer::new(source())), Box::new(Both::new(sas, Bearer::new(source())))];
    for strategy in strategies {
        assert!(strategy.requires_tls());
        let (mut parts, ()) = http::Request::get("https://contoso.queue.core.windows.net/jobs")
            .header("x-ms-version", VERSION)
            .body(())
            .unwrap()
            .into_parts();
        strategy.refresh(frozen()).await.unwrap();
        strategy.authorize(&mut parts, frozen()).unwrap();
        Verifier::new(key_store())
            .delegation_keys(Delegation)
            .bearer(BearerRules::danger_accept_any_signature())
            .verify("contoso", &parts, &NoPolicies, &RequestContext::new(frozen()).https(true))
            .unwrap();
    }
}
