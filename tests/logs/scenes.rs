//! The scenes of this test: all that can go wrong where secrets are at hand. Every result is logged, too.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Response, StatusCode};
use queue_auth::{
    AccountKey, Authorize, Bearer, SharedKey, SharedKeyLite,
    bearer::{AccessToken, Application, Authority, ClientSecretFlow},
    sas::{
        AccountPermissions, AccountSas, QueuePermissions, QueueSas, ResourceTypes, SasCredential,
        SasToken,
    },
};
use queue_client::{
    Account, QueueServiceClient, SasUrl, codec,
    retry::NoRetry,
    token_transport,
    transport::{HttpOptions, HyperTransport, ReqwestTransport, Transport, from_fn},
};
use queue_emulator::{TokenIssuer, UserToken};
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY, ops::DeleteMessage};
use queue_tests::server::Server;

use crate::{
    capture::{note, note_error, note_failure},
    provider,
    secrets::{Secrets, Spy},
};

const HOUR: Duration = Duration::from_secs(3600);
const WRONG_KEY: &str = "YSBzZWNyZXQga2V5IG9mIHNvbWVvbmUgZWxzZQ==";
const TEXT: &str = "the secret is in the second drawer";
const CLIENT_SECRET: &str = "Q8~client-s3cret+/=";
const TENANT: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";

fn key() -> AccountKey {
    AccountKey::from_base64(DEVSTORE_KEY).unwrap()
}

fn wrong_key() -> AccountKey {
    AccountKey::from_base64(WRONG_KEY).unwrap()
}

/// One server with good and bad credentials.
pub(crate) async fn play(server: &Server, secrets: &Secrets) {
    secrets.add("account key", WRONG_KEY);
    secrets.add("account key", "a secret key of someone else");

    let service = server.client();
    let queue = service.queue("secrets").unwrap();
    note(&(&service, &queue, server.builder()));
    queue.create().await.unwrap();
    note(&queue.send(TEXT).await.unwrap());
    note(&queue.peek(1).await.unwrap());
    let received = queue.receive_one().await.unwrap().unwrap();
    note(&received);

    // Text that a codec cannot read.
    let numbers = queue.clone().with_codec(codec::Json::<u32>::new());
    note_failure(numbers.decode(&received));
    note_failure(queue.clone().with_codec(codec::Base64Text).decode(&received));
    queue.send(format!("{TEXT:?}")).await.unwrap();
    note_failure(numbers.decode(&queue.receive_one().await.unwrap().unwrap()));
    note_failure(queue.send(format!("{TEXT}\u{1}")).await);
    note_failure(queue.send(TEXT.repeat(2000)).await);

    // Credentials that are refused, with a pop receipt in the request.
    let now = SystemTime::now();
    let (soon, late) = (now + HOUR, now - HOUR);
    let only_add = QueueSas::new("secrets", QueuePermissions::ADD, soon);
    let whole_account = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, late);
    let strangers: [Arc<dyn Authorize>; 7] = [
        Arc::new(SharedKey::new(DEVSTORE_ACCOUNT, wrong_key())),
        Arc::new(SharedKeyLite::new(DEVSTORE_ACCOUNT, wrong_key())),
        Arc::new(only_add.sign(DEVSTORE_ACCOUNT, &key()).unwrap()),
        Arc::new(only_add.sign(DEVSTORE_ACCOUNT, &wrong_key()).unwrap()),
        Arc::new(whole_account.sign(DEVSTORE_ACCOUNT, &key()).unwrap()),
        Arc::new(QueueSas::by_policy("secrets", "none").sign(DEVSTORE_ACCOUNT, &key()).unwrap()),
        Arc::new(SasCredential::from_fn(|_| Box::pin(async { Err("no token today".into()) }))),
    ];
    for credential in strangers {
        note(&credential);
        let stranger = server.builder().authorizer(credential).build().unwrap();
        let theirs = stranger.queue("secrets").unwrap();
        note(&theirs);
        note(&theirs.send(TEXT).await);
        note_failure(theirs.delete(&received).await);
        note_failure(theirs.receive_one().await);
    }

    // Receipts that do not fit.
    queue.delete(&received).await.unwrap();
    note_failure(queue.delete(&received).await);
    for receipt in ["no-receipt-of-this-server", "AgAAAAMAAAAAAAAAvuGHxVX73AE="] {
        secrets.add("pop receipt", receipt);
        let name = queue.name().clone();
        let delete = DeleteMessage::new(name, received.id().clone(), receipt.parse().unwrap());
        note(&delete);
        note_failure(service.execute(&delete).await);
    }
    queue.delete_queue().await.unwrap();
}

/// Bearer tokens, from a provider that is asked over HTTP.
pub(crate) async fn tokens(server: &Server, secrets: &Secrets) {
    secrets.add("client secret", CLIENT_SECRET);
    secrets.add("client secret", "Q8%7Eclient-s3cret%2B%2F%3D");
    let issuer = TokenIssuer::new(b"the secret of the issuer");
    note(&issuer);
    let now = SystemTime::now();
    for (user, accepted) in [
        (UserToken::new(), true),
        (UserToken::new().audience("https://vault.azure.net"), false),
        (UserToken::new().not_before(now - 2 * HOUR), false),
    ] {
        let token = issuer.issue(&user, now);
        secrets.bearer_token(&token);
        let answer =
            format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{token}"}}"#);
        let bearer = bearer(&provider::start("200 OK", answer));
        let service = server.builder().authorizer(Arc::clone(&bearer)).build().unwrap();
        let result = service.queue("tokens").unwrap().create().await;
        note(&(&bearer, &service, &result));
        assert_eq!(result.is_ok(), accepted, "{result:?}");
    }
    note(&AccessToken::issued("a-token-of-secrets", now, HOUR).unwrap());
    secrets.bearer_token("x.a-token-of-secrets");

    // Sign-ins that fail, one with an answer that repeats what it was asked.
    let invalid = |text: &str| {
        format!(r#"{{"error":"invalid_client","error_description":"your secret is {text}"}}"#)
    };
    for (status, answer) in [
        ("401 Unauthorized", invalid(CLIENT_SECRET)),
        ("400 Bad Request", invalid("expired")),
        ("500 Internal Server Error", CLIENT_SECRET.to_owned()),
        ("200 OK", format!(r#"{{"access_token":"a-token-of-secrets","{CLIENT_SECRET}":1}}"#)),
    ] {
        let bearer = bearer(&provider::start(status, answer));
        let service = server.builder().authorizer(Arc::clone(&bearer)).retry(NoRetry);
        let service = service.build().unwrap();
        note_failure(service.queue("tokens").unwrap().send(TEXT).await);
        note(&bearer);
        note_error(&bearer.last_failure().unwrap());
    }
}

fn bearer(provider: &str) -> Arc<Bearer<ClientSecretFlow>> {
    let authority = Authority::new(TENANT).unwrap().danger_with_http_host(provider).unwrap();
    let transport = ReqwestTransport::with_options(&HttpOptions::new().no_proxy()).unwrap();
    let application = Application::new(authority, "a-client", token_transport(transport));
    Arc::new(Bearer::new(ClientSecretFlow::new(application, CLIENT_SECRET)))
}

/// Servers that cannot be reached, and such as say what they should not.
pub(crate) async fn far_away(secrets: &Secrets) {
    let until = SystemTime::now() + HOUR;
    let sas = QueueSas::new("secrets", QueuePermissions::ALL, until);
    let sas = sas.sign(DEVSTORE_ACCOUNT, &key()).unwrap();
    let options = HttpOptions::new().no_proxy();
    let nobody: [(&str, Arc<dyn Transport>); 3] = [
        // Port 1 is for TCPMUX, which nobody runs.
        ("http://127.0.0.1:1", Arc::new(ReqwestTransport::with_options(&options).unwrap())),
        ("https://127.0.0.1:1", Arc::new(HyperTransport::with_options(&options).unwrap())),
        ("http://127.0.0.1:1", Arc::new(from_fn(tell_tale))),
    ];
    for (host, inner) in nobody {
        let spy = Spy { inner, secrets: secrets.clone() };
        let url = format!("{host}/{DEVSTORE_ACCOUNT}/secrets?{}", sas.expose());
        let parsed = SasUrl::parse(&url).unwrap();
        note(&parsed);
        let service = QueueServiceClient::builder(parsed.endpoint().clone())
            .authorizer(parsed.token().clone())
            .transport(spy)
            .retry(NoRetry)
            .build()
            .unwrap();
        note_failure(service.queue("secrets").unwrap().send(TEXT).await);
        note_failure(service.queue("secrets").unwrap().receive(1).await);
    }
}

/// Answers as the service does when signatures differ: with the signature that it got. A listing is
/// answered with half a message.
fn tell_tale(
    request: http::Request<Bytes>,
) -> Result<Response<Bytes>, queue_client::transport::TransportError> {
    let query = request.uri().query().unwrap_or_default();
    let body = if request.method() == http::Method::GET {
        format!("<QueueMessagesList><QueueMessage><MessageText>{TEXT}</MessageText></QueueMessage>")
    } else {
        let signature = SasToken::parse(query).unwrap().expose().to_owned();
        let signature = signature.split("sig=").nth(1).unwrap().replace("%2B", "+");
        let signature = signature.replace("%2F", "/").replace("%3D", "=");
        format!(
            "<Error><Code>AuthenticationFailed</Code><Message>Server failed.</Message>\
             <AuthenticationErrorDetail>The MAC signature found in the HTTP request '{signature}' \
             is not the same as any computed signature.</AuthenticationErrorDetail></Error>"
        )
    };
    let status = if body.starts_with("<Error>") { StatusCode::FORBIDDEN } else { StatusCode::OK };
    Ok(Response::builder().status(status).body(body.into()).unwrap())
}

/// Settings that cannot be read.
pub(crate) fn nonsense(secrets: &Secrets) {
    let sig = "c2lnbmF0dXJlIG9mIGEgdG9rZW4gdGhhdCBpcyB3cm9uZw%3D%3D";
    secrets.add("signature of a SAS", sig);
    for text in [
        format!("AccountName=contoso;AccountKey={WRONG_KEY}!;EndpointSuffix=core.windows.net"),
        format!("AccountName=contoso;AccountKey{WRONG_KEY}"),
        format!("AccountName={WRONG_KEY};AccountKey={WRONG_KEY}"),
        format!("AccountKey={WRONG_KEY};AccountKey={WRONG_KEY};AccountName=contoso"),
        format!("QueueEndpoint=https://contoso;SharedAccessSignature=sv=x&sig={sig}&sig={sig}"),
        format!("DefaultEndpointsProtocol={WRONG_KEY};AccountName=contoso;AccountKey={WRONG_KEY}"),
    ] {
        note(&Account::from_connection_string(&text).map_err(|error| note_error(&error)));
    }
    for text in [
        format!("https://contoso.queue.core.windows.net/secrets?sv=2025-07-05&sig={sig}&sig={sig}"),
        format!("contoso.queue.core.windows.net/secrets?sv=2025-07-05&sp=r&sig={sig}"),
        format!("https://contoso.queue.core.windows.net/a/b/c?sv=2025-07-05&sp=r&sig={sig}"),
        format!("https://contoso.queue.core.windows.net/secrets?sp=r&se=yesterday&sig={sig}%"),
    ] {
        note(&SasUrl::parse(&text).map_err(|error| note_error(&error)));
        note(&SasToken::parse(&text).map_err(|error| note_error(&error)));
    }
    note_failure(AccountKey::from_base64(&format!("{WRONG_KEY}!")));
}
