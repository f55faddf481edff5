//! Our bearer tokens before a server that others wrote: Azurite over HTTPS, with tokens that a
//! local provider issues over HTTP.
//!
//! Azurite looks at the shape and the claims of a token and not at its signature. Start it with
//! `azurite-queue --skipApiVersionCheck --oauth basic --cert FILE --key FILE`, then
//! `QUEUE_AUTH_AZURITE_HTTPS=https://127.0.0.1:10001 QUEUE_AUTH_AZURITE_CERTIFICATE=FILE
//! cargo test -p queue-auth --features oauth2 --test azurite_bearer -- --ignored`.

#![cfg(feature = "oauth2")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod common;
mod oauth_server;

use std::time::SystemTime;

use common::bearer_with;
use http::Request;
use oauth_server::{Answer, Provider, direct};
use queue_auth::bearer::{Application, Audience, Authority, ClientSecretFlow};
use queue_auth::{Authorize, Bearer};
use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

const ACCOUNT: &str = "devstoreaccount1";
const TENANT: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";
const MESSAGE: &str = "<QueueMessage><MessageText>hello</MessageText></QueueMessage>";

struct Server {
    base: String,
    agent: ureq::Agent,
}

impl Server {
    fn new() -> Self {
        let of = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let pem = std::fs::read(of("QUEUE_AUTH_AZURITE_CERTIFICATE")).unwrap();
        let trusted = Certificate::from_pem(&pem).unwrap();
        let tls = TlsConfig::builder().root_certs(RootCerts::from([trusted]));
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.tls_config(tls.build()).build().new_agent();
        Self { base: format!("{}/{ACCOUNT}", of("QUEUE_AUTH_AZURITE_HTTPS")), agent }
    }

    /// The status and the body of the answer.
    async fn send(
        &self,
        bearer: &dyn Authorize,
        method: &str,
        path: &str,
        body: &str,
    ) -> (u16, String) {
        let now = SystemTime::now();
        bearer.refresh(now).await.unwrap();
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("x-ms-version", "2026-02-06");
        if method == "PUT" || method == "POST" {
            request = request.header("content-length", body.len());
        }
        let (mut parts, body) = request.body(body.to_owned()).unwrap().into_parts();
        bearer.authorize(&mut parts, now).unwrap();
        let response = if body.is_empty() {
            self.agent.run(Request::from_parts(parts, ()))
        } else {
            self.agent.run(Request::from_parts(parts, body))
        };
        let mut response = response.unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}

/// A provider whose tokens are for the audience that the request names, with one claim changed.
async fn provider(change: Option<(&'static str, Value)>) -> Provider {
    Provider::start(move |_, seen| {
        let header = bearer_with(SystemTime::now(), |claims| {
            let audience = seen.field("scope").strip_suffix("/.default").unwrap();
            claims.insert("aud".into(), audience.into());
            claims.insert("iss".into(), format!("https://sts.windows.net/{TENANT}/").into());
            claims.insert("tid".into(), TENANT.into());
            claims.insert("iat".into(), seconds().into());
            claims.extend(change.clone().map(|(name, value)| (name.to_owned(), value)));
        });
        Answer::token(header.strip_prefix("Bearer ").unwrap())
    })
    .await
}

fn bearer(provider: &Provider) -> Bearer<ClientSecretFlow> {
    let authority = Authority::new(TENANT).unwrap();
    let authority = authority.danger_with_http_host(&provider.url()).unwrap();
    Bearer::new(ClientSecretFlow::new(Application::new(authority, "client", direct()), "secret"))
}

#[tokio::test]
#[ignore = "needs Azurite; see the top of the file"]
async fn accepts_tokens_for_storage_and_for_its_account() {
    let server = Server::new();
    let provider = provider(None).await;
    let queue = format!("/bearer-{}", std::process::id());
    let messages = format!("{queue}/messages");
    for audience in [
        Audience::storage(),
        Audience::account(&format!("https://{ACCOUNT}.queue.core.windows.net")).unwrap(),
    ] {
        let bearer = bearer(&provider).with_audience(audience.clone());
        for (method, path, body, expected) in [
            ("PUT", &*queue, "", 201),
            ("GET", "/?comp=list", "", 200),
            ("POST", &messages, MESSAGE, 201),
            ("GET", &messages, "", 200),
            ("DELETE", &queue, "", 204),
        ] {
            let (status, text) = server.send(&bearer, method, path, body).await;
            assert_eq!(status, expected, "{audience:?} {method} {path}: {text}");
            assert!(path != messages || method == "POST" || text.contains("hello"), "{text}");
        }
    }
    assert_eq!(provider.count(), 2, "one token for each audience");
}

#[tokio::test]
#[ignore = "needs Azurite; see the top of the file"]
async fn refuses_tokens_for_others_and_at_other_times() {
    let server = Server::new();
    for (claim, value, reason) in [
        ("aud", "https://vault.azure.net".into(), "Invalid token audience."),
        ("iss", "https://login.example.com/".into(), "Invalid token issuer."),
        ("nbf", (seconds() + 600).into(), "Lifetime validation failed."),
        ("exp", (seconds() - 30).into(), "Lifetime validation failed. The token is expired."),
    ] {
        let bearer = bearer(&provider(Some((claim, value))).await);
        let (status, text) = server.send(&bearer, "GET", "/?comp=list", "").await;
        assert_eq!(status, 403, "{claim}: {text}");
        assert!(text.contains("<Code>AuthenticationFailed</Code>"), "{text}");
        assert!(text.contains(reason), "{text} instead of {reason}");
    }

    let audience = Audience::account("https://other.queue.core.windows.net").unwrap();
    let bearer = bearer(&provider(None).await).with_audience(audience);
    let (status, text) = server.send(&bearer, "GET", "/?comp=list", "").await;
    assert_eq!(status, 403, "{text}");
    assert!(text.contains("Invalid token audience."), "{text}");
}
