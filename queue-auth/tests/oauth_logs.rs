//! What the flows and the libraries under them log, at the finest level: no secret and no token.

#![cfg(all(feature = "oauth2", feature = "azure-identity"))]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod oauth_server;

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use oauth_server::{Answer, Provider, direct};
use queue_auth::bearer::{
    Application, Authority, ClientAssertionFlow, ClientSecretFlow, DeviceCodeFlow, Identity,
    TokenSource, client_options,
};
use queue_auth::{Authorize, Bearer};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const TENANT: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";

/// Keeps every field of every event and span.
#[derive(Clone, Default)]
struct Everything(Arc<Mutex<String>>);

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Everything {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Fields(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        writeln!(log, "{}", event.metadata().target()).unwrap();
        event.record(&mut Fields(&mut log));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// Runs a source through success, refusal and nonsense.
async fn exercise(make: impl Fn() -> Box<dyn TokenSource> + Send + Sync) {
    for _ in 0..3 {
        let bearer = Bearer::new(make());
        let now = SystemTime::now();
        let result = bearer.refresh(now).await;
        tracing::info!(?bearer, ?result);
        let mut parts = oauth_server::request();
        tracing::info!(result = ?bearer.authorize(&mut parts, now), ?parts);
        tracing::info!(?bearer);
    }
}

#[tokio::test]
async fn no_secret_is_logged() {
    const SECRETS: [&str; 7] = [
        "client-s3cret",
        "assertion-s3cret",
        "device-s3cret",
        "refresh-s3cret",
        "token-s3cret",
        "USER-C0DE",
        "managed-s3cret",
    ];
    let log = Everything::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let good = format!(
        r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"token-s3cret","refresh_token":"refresh-s3cret",
            "device_code":"device-s3cret","user_code":"USER-C0DE","interval":1,
            "verification_uri":"https://microsoft.com/devicelogin","expires_on":"{}"}}"#,
        u32::MAX
    );
    let provider = Provider::start(move |number, seen| {
        let code = seen.field("client_secret");
        match number % 3 {
            0 => Answer::new(200, good.clone()),
            1 => Answer::error(400, "invalid_grant", &format!("you sent {code}")),
            _ => Answer::new(200, format!("[\"{}\"]", SECRETS.join("\", \""))),
        }
    })
    .await;
    let authority = Authority::new(TENANT).unwrap();
    let authority = authority.danger_with_http_host(&provider.url()).unwrap();
    let application = || Application::new(authority.clone(), "client", direct());

    exercise(|| Box::new(ClientSecretFlow::new(application(), "client-s3cret"))).await;
    exercise(|| {
        let assertion = || async { Ok("assertion-s3cret".to_owned()) };
        Box::new(ClientAssertionFlow::from_fn(application(), assertion))
    })
    .await;
    exercise(|| {
        let sleep = |_| -> queue_auth::BoxFuture<'static, ()> { Box::pin(async {}) };
        Box::new(DeviceCodeFlow::new(application(), |prompt| tracing::info!(?prompt), sleep))
    })
    .await;
    exercise(|| Box::new(Identity::managed(provider.redirected(), None).unwrap())).await;
    exercise(|| {
        let client_options = client_options(provider.redirected());
        let options = ClientSecretCredentialOptions { client_options };
        let secret = "client-s3cret".to_owned().into();
        let credential =
            ClientSecretCredential::new(TENANT, "client".to_owned(), secret, Some(options));
        Box::new(Identity::new(credential.unwrap()))
    })
    .await;

    let log = log.0.lock().unwrap();
    // The subscriber works, and so did each source.
    assert!(log.contains("azure_") && log.contains("result=Ok(())"));
    assert!(provider.count() >= 15, "{}", provider.count());
    for secret in SECRETS {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
