//! Microsoft's Rust crate against the emulator: every operation, every credential that it takes.
//!
//! Run by `cargo xtask interop`, which starts the emulator. The environment says where it is:
//! `AZURE_STORAGE_CONNECTION_STRING`, and over HTTPS also `QUEUE_EMULATOR_CERTIFICATE`,
//! `INTEROP_TOKEN` (everything allowed) and `INTEROP_READER_TOKEN` (reading allowed).
//!
//! The crate knows no account keys, and signs only with user delegation keys: other signatures come
//! from queue-auth.

use std::collections::HashMap;
use std::env;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, RetryOptions, Transport, Url};
use azure_core::time::OffsetDateTime;
use azure_storage_queue::models::*;
use azure_storage_queue::{
    QueueClient, QueueClientOptions, QueueServiceClient, QueueServiceClientOptions,
};
use azure_storage_sas::SasBuilder;
use futures_util::StreamExt as _;
use queue_auth::AccountKey;
use queue_auth::sas::{
    AccountPermissions, AccountSas, QueuePermissions, QueueSas, ResourceTypes,
};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A credential that has its token already.
#[derive(Debug)]
struct Token(String);

#[async_trait::async_trait]
impl TokenCredential for Token {
    async fn get_token(
        &self,
        scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://storage.azure.com/.default"]);
        let expiry = SystemTime::now() + Duration::from_secs(3600);
        Ok(AccessToken::new(self.0.clone(), expiry.into()))
    }
}

/// The emulator, and how to reach it.
struct Target {
    url: String,
    account: String,
    key: AccountKey,
    transport: reqwest::Client,
    checks: std::cell::Cell<u32>,
}

impl Target {
    fn from_env() -> Outcome<Self> {
        let text = env::var("AZURE_STORAGE_CONNECTION_STRING")?;
        let part = |name: &str| {
            let mut parts = text.split(';').filter_map(|part| part.split_once('='));
            let found = parts.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned());
            found.ok_or(format!("the connection string has no {name}"))
        };
        let mut transport = reqwest::Client::builder();
        if let Ok(file) = env::var("QUEUE_EMULATOR_CERTIFICATE") {
            let certificate = reqwest::Certificate::from_pem(&std::fs::read(file)?)?;
            transport = transport.tls_certs_only([certificate]);
        }
        Ok(Self {
            url: part("QueueEndpoint")?,
            account: part("AccountName")?,
            key: AccountKey::from_base64(&part("AccountKey")?)?,
            transport: transport.build()?,
            checks: Default::default(),
        })
    }

    fn check(&self, holds: bool, what: &str) -> Outcome {
        self.checks.set(self.checks.get() + 1);
        if holds { Ok(()) } else { Err(what.into()) }
    }

    fn options(&self) -> ClientOptions {
        ClientOptions {
            transport: Some(Transport::new(Arc::new(self.transport.clone()))),
            // Every refusal must be right the first time.
            retry: RetryOptions::none(),
            ..Default::default()
        }
    }

    /// A client of the account; `suffix` is what follows its URL.
    fn service(
        &self,
        suffix: &str,
        token: Option<&str>,
    ) -> azure_core::Result<QueueServiceClient> {
        let options =
            QueueServiceClientOptions { client_options: self.options(), ..Default::default() };
        let url = Url::parse(&format!("{}{suffix}", self.url))?;
        QueueServiceClient::new(url, credential(token), Some(options))
    }

    /// A client of a queue by a signature.
    fn queue(&self, name: &str, signature: &str) -> azure_core::Result<QueueClient> {
        let options = QueueClientOptions { client_options: self.options(), ..Default::default() };
        let url = Url::parse(&format!("{}/{name}?{signature}", self.url))?;
        QueueClient::new(url, None, Some(options))
    }

    /// The call must have been refused with this status and this code of the service.
    fn refused<T>(&self, status: u16, code: &str, result: azure_core::Result<T>) -> Outcome {
        let Err(error) = result else { return Err(format!("not refused with {code}").into()) };
        let got = match error.kind() {
            ErrorKind::HttpResponse { status, error_code, .. } => {
                (u16::from(*status), error_code.clone().unwrap_or_default())
            }
            _ => return Err(error.into()),
        };
        let what = format!("{got:?} instead of {status} {code}");
        self.check(got == (status, code.to_owned()), &what)
    }
}

fn credential(token: Option<&str>) -> Option<Arc<dyn TokenCredential>> {
    token.map(|token| Arc::new(Token(token.to_owned())) as Arc<dyn TokenCredential>)
}

fn message(text: &str) -> QueueMessage {
    QueueMessage { message_text: Some(text.to_owned()) }
}

fn in_an_hour() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

async fn service_operations(
    target: &Target,
    client: &QueueServiceClient,
    secondary: &QueueServiceClient,
) -> Outcome {
    let rule = CorsRule {
        allowed_origins: Some("http://a".to_owned()),
        allowed_methods: Some("GET,PUT".to_owned()),
        max_age_in_seconds: Some(5),
        exposed_headers: Some("x-ms-*".to_owned()),
        allowed_headers: Some("x-ms-meta-*".to_owned()),
    };
    let properties = QueueServiceProperties { cors: Some(vec![rule]), ..Default::default() };
    client.set_properties(properties.try_into()?, None).await?;
    let got = client.get_properties(None).await?.into_model()?;
    target.check(got.cors.is_some_and(|rules| rules.len() == 1), "cors")?;
    target.check(got.logging.is_some() && got.hour_metrics.is_some(), "logging and metrics")?;

    let stats = secondary.get_statistics(None).await?.into_model()?;
    let status = stats.geo_replication.and_then(|replication| replication.status);
    target.check(status == Some(GeoReplicationStatus::Live), "stats")?;

    for name in ["rs-c", "rs-a", "rs-b"] {
        client.queue_client(name)?.create(None).await?;
    }
    let options = QueueServiceClientListQueuesOptions {
        prefix: Some("rs-".to_owned()),
        maxresults: Some(2),
        include: Some(vec![ListQueuesIncludeType::Metadata]),
        ..Default::default()
    };
    let mut pages = client.list_queues(Some(options))?.into_pages();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let items = page?.into_model()?.queue_items;
        names.extend(items.into_iter().filter_map(|queue| queue.name));
    }
    target.check(names == ["rs-a", "rs-b", "rs-c"], "list")?;
    for name in names {
        client.queue_client(&name)?.delete(None).await?;
    }
    Ok(())
}

async fn queue_operations(
    target: &Target,
    client: &QueueServiceClient,
    name: &str,
    lists: bool,
) -> Outcome {
    let queue = client.queue_client(name)?;
    let metadata = HashMap::from([("color".to_owned(), "blue".to_owned())]);
    let options =
        QueueClientCreateOptions { metadata: Some(metadata.clone()), ..Default::default() };
    queue.create(Some(options.clone())).await?;
    queue.create(Some(options)).await?;
    target.refused(409, "QueueAlreadyExists", queue.create(None).await)?;
    target.check(queue.exists().await?, "exists")?;
    target.check(queue.get_properties(None).await?.metadata()? == metadata, "metadata")?;
    let metadata = HashMap::from([("size".to_owned(), "two words".to_owned())]);
    queue.set_metadata(&metadata, None).await?;
    target.check(queue.get_properties(None).await?.metadata()? == metadata, "new metadata")?;

    if lists {
        let policy = AccessPolicy {
            start: None,
            expiry: Some(OffsetDateTime::from(in_an_hour())),
            permission: Some("rp".to_owned()),
        };
        let item = SignedIdentifier { id: Some("reader".to_owned()), access_policy: Some(policy) };
        let identifiers = SignedIdentifiers { items: Some(vec![item]) };
        queue.set_access_policy(identifiers.try_into()?, None).await?;
        let got = queue.get_access_policy(None).await?.into_model()?.items.unwrap_or_default();
        let letters = got.first().and_then(|item| item.access_policy.as_ref()?.permission.clone());
        target.check(letters.as_deref() == Some("rp"), "access policy")?;
        queue.set_access_policy(SignedIdentifiers::default().try_into()?, None).await?;
        let got = queue.get_access_policy(None).await?.into_model()?;
        target.check(got.items.unwrap_or_default().is_empty(), "no access policy")?;
    }

    let text = "<a & b> ü 🦀 \n end";
    let options = QueueClientSendMessageOptions {
        message_time_to_live: Some(-1),
        visibility_timeout: Some(0),
        ..Default::default()
    };
    let sent = queue.send_message(message(text).try_into()?, Some(options)).await?.into_model()?;
    let sent = sent.items.unwrap_or_default().into_iter().next().ok_or("nothing was sent")?;
    let never = sent.expiration_time.is_some_and(|time| time.year() == 9999);
    target.check(never, "never expires")?;
    let peeked = queue.peek_messages(None).await?.into_model()?.items.unwrap_or_default();
    let peeked = peeked.first().and_then(|message| message.message_text.as_deref());
    target.check(peeked == Some(text), "peek")?;

    let got = receive(&queue).await?.ok_or("nothing was received")?;
    target.check(got.dequeue_count == Some(1), "dequeue count")?;
    let (id, receipt) = ticket(&got)?;
    let stale = sent.pop_receipt.ok_or("no receipt")?;
    target.refused(404, "MessageNotFound", queue.delete_message(id, &stale, None).await)?;
    let options = QueueClientUpdateMessageOptions {
        queue_message: Some(message("changed").try_into()?),
        ..Default::default()
    };
    queue.update_message(id, receipt, 0, Some(options)).await?;
    let again = receive(&queue).await?.ok_or("nothing was received again")?;
    let text = again.message_text.as_deref();
    target.check((text, again.dequeue_count) == (Some("changed"), Some(2)), "updated")?;
    let (id, receipt) = ticket(&again)?;
    queue.delete_message(id, receipt, None).await?;
    target.check(receive(&queue).await?.is_none(), "empty")?;
    queue.send_message(message("x").try_into()?, None).await?;
    queue.clear(None).await?;
    let count = queue.get_properties(None).await?.approximate_messages_count()?;
    target.check(count == Some(0), "cleared")?;
    queue.delete(None).await?;
    target.refused(404, "QueueNotFound", queue.get_properties(None).await)?;
    target.check(!queue.exists().await?, "does not exist")
}

async fn receive(queue: &QueueClient) -> Outcome<Option<ReceivedMessage>> {
    let received = queue.receive_messages(None).await?.into_model()?;
    Ok(received.items.unwrap_or_default().into_iter().next())
}

fn ticket(message: &ReceivedMessage) -> Outcome<(&str, &str)> {
    let id = message.message_id.as_deref().ok_or("no id")?;
    Ok((id, message.pop_receipt.as_deref().ok_or("no receipt")?))
}

/// What a signature for one queue with all permissions allows.
async fn with_queue_signature(target: &Target, queue: &QueueClient) -> Outcome {
    queue.send_message(message("x").try_into()?, None).await?;
    let peeked = queue.peek_messages(None).await?.into_model()?;
    target.check(peeked.items.unwrap_or_default().len() == 1, "peek")?;
    let got = receive(queue).await?.ok_or("nothing was received")?;
    let (id, receipt) = ticket(&got)?;
    queue.delete_message(id, receipt, None).await?;
    target.refused(403, "AuthorizationFailure", queue.clear(None).await)?;
    target.refused(403, "AuthorizationFailure", queue.delete(None).await)
}

async fn account_signature(target: &Target) -> Outcome {
    let sas = |permissions, types| {
        let sas = AccountSas::new(permissions, types, in_an_hour());
        sas.sign(&target.account, &target.key).map(|token| format!("?{}", token.expose()))
    };
    let all = sas(AccountPermissions::ALL, ResourceTypes::ALL)?;
    let client = target.service(&all, None)?;
    let secondary = target.service(&format!("-secondary{all}"), None)?;
    service_operations(target, &client, &secondary).await?;
    queue_operations(target, &client, "rs-account-sas", false).await?;
    let little = target.service(&sas(AccountPermissions::READ, ResourceTypes::ALL)?, None)?;
    let refused = little.queue_client("rs-none")?.create(None).await;
    target.refused(403, "AuthorizationPermissionMismatch", refused)
}

async fn queue_signature(target: &Target) -> Outcome {
    let all = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, in_an_hour());
    let all = all.sign(&target.account, &target.key)?;
    let owner = target.queue("rs-queue-sas", all.expose())?;
    owner.create(None).await?;
    let sas = |permissions| {
        let sas = QueueSas::new("rs-queue-sas", permissions, in_an_hour());
        sas.sign(&target.account, &target.key)
    };
    let whole = sas(QueuePermissions::ALL)?;
    with_queue_signature(target, &target.queue("rs-queue-sas", whole.expose())?).await?;
    let add = sas(QueuePermissions::ADD)?;
    let refused = target.queue("rs-queue-sas", add.expose())?.peek_messages(None).await;
    target.refused(403, "AuthorizationPermissionMismatch", refused)?;
    owner.delete(None).await?;
    Ok(())
}

async fn bearer(target: &Target) -> Outcome {
    let token = env::var("INTEROP_TOKEN")?;
    let client = target.service("", Some(&token))?;
    let secondary = target.service("-secondary", Some(&token))?;
    service_operations(target, &client, &secondary).await?;
    queue_operations(target, &client, "rs-bearer", true).await?;
    let reader = target.service("", Some(&env::var("INTEROP_READER_TOKEN")?))?;
    let refused = reader.queue_client("rs-reader")?.create(None).await;
    target.refused(403, "AuthorizationPermissionMismatch", refused)?;
    let nobody = target.service("", Some("not.a.token"))?;
    let refused = nobody.get_properties(None).await;
    target.refused(401, "InvalidAuthenticationInfo", refused)
}

async fn delegated_signature(target: &Target) -> Outcome {
    let client = target.service("", Some(&env::var("INTEROP_TOKEN")?))?;
    let now = SystemTime::now();
    let expiry = OffsetDateTime::from(in_an_hour());
    let info = KeyInfo {
        start: Some(OffsetDateTime::from(now - Duration::from_secs(300))),
        expiry: Some(expiry),
        ..Default::default()
    };
    let key = client.get_user_delegation_key(info.try_into()?, None).await?.into_model()?;
    client.queue_client("rs-delegated")?.create(None).await?;
    let token = SasBuilder::new(&target.account, &key, expiry)?
        .queue("rs-delegated")
        .read()
        .add()
        .update()
        .process()
        .build();
    with_queue_signature(target, &target.queue("rs-delegated", &token)?).await?;
    let peek = SasBuilder::new(&target.account, &key, expiry)?.queue("rs-delegated").read().build();
    let queue = target.queue("rs-delegated", &peek)?;
    let refused = queue.send_message(message("x").try_into()?, None).await;
    target.refused(403, "AuthorizationPermissionMismatch", refused)?;
    let changed = peek.replace("sp=r", "sp=a");
    let queue = target.queue("rs-delegated", &changed)?;
    let refused = queue.send_message(message("x").try_into()?, None).await;
    target.refused(403, "AuthenticationFailed", refused)?;
    client.queue_client("rs-delegated")?.delete(None).await?;
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome {
    let target = Target::from_env()?;
    let scheme = target.url.split(':').next().unwrap_or_default();
    let report = |step: &str| {
        println!("rust 1.1 {scheme}: {step}: {} checks", target.checks.replace(0));
    };
    account_signature(&target).await?;
    report("account_signature");
    queue_signature(&target).await?;
    report("queue_signature");
    let anonymous = target.service("", None)?.get_properties(None).await;
    target.refused(401, "NoAuthenticationInformation", anonymous)?;
    report("anonymous");
    if scheme == "https" {
        bearer(&target).await?;
        report("bearer");
        delegated_signature(&target).await?;
        report("delegated_signature");
    }
    Ok(())
}
