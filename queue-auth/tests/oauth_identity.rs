//! Credentials of `azure_identity` against an identity provider on this machine, over HTTP.

#![cfg(feature = "azure-identity")]
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod oauth_server;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_identity::{
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use oauth_server::{Answer, MEANT_FOR, Provider, carried, printed, request};
use queue_auth::bearer::{
    Identity, TokenErrorKind, TokenRequest, TokenSource, TokenTransport as _, client_options,
};
use queue_auth::{Authorize, Bearer};

const TENANT: &str = "7b795fb9-09d3-42f4-a494-38864f99ba3c";
const CLIENT: &str = "e1b9b9d6-9f1c-4c62-8e2e-0f3a4a1f6a11";
const SCOPE: &str = "https://storage.azure.com/.default";

/// The credentials keep their own time, so these tests do too.
fn in_an_hour() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_secs() + 3600
}

fn managed_token(name: &str) -> Answer {
    let body = format!(
        r#"{{"access_token":"{name}","expires_on":"{}","resource":"https://storage.azure.com","token_type":"Bearer"}}"#,
        in_an_hour()
    );
    Answer::new(200, body)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_managed_identity_for_a_hundred_callers() {
    let provider =
        Provider::start(|_, _| managed_token("eyJ0.managed.x").slow(Duration::from_millis(50)))
            .await;
    let id = UserAssignedId::ClientId(CLIENT.to_owned());
    let source = Identity::managed(provider.redirected(), Some(id)).unwrap();
    let bearer = Arc::new(Bearer::new(source));
    let now = SystemTime::now();
    let results = oauth_server::at_once(100, || {
        let bearer = Arc::clone(&bearer);
        Box::pin(async move { bearer.refresh(now).await })
    })
    .await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    let mut parts = request();
    bearer.authorize(&mut parts, now).unwrap();
    assert_eq!(carried(&parts), "eyJ0.managed.x");

    let [seen] = &provider.seen()[..] else { panic!("one request") };
    assert_eq!(seen.headers[MEANT_FOR], "169.254.169.254");
    assert_eq!(seen.path, "/metadata/identity/oauth2/token");
    assert_eq!(seen.headers["metadata"], "true");
    assert_eq!(seen.field("resource"), "https://storage.azure.com");
    assert_eq!(seen.field("client_id"), CLIENT);
    assert!(!format!("{bearer:#?}").contains("eyJ0"));
}

#[tokio::test]
async fn a_client_secret_and_its_refusal() {
    let provider = Provider::start(|number, _| match number {
        0 => Answer::token("first"),
        _ => Answer::new(
            401,
            r#"{"error":"invalid_client","error_codes":[7000215],
                "error_description":"AADSTS7000215: Invalid client secret provided."}"#,
        ),
    })
    .await;
    let credential = || {
        let options =
            ClientSecretCredentialOptions { client_options: client_options(provider.redirected()) };
        let secret = "s3cret-of-the-client".to_owned().into();
        ClientSecretCredential::new(TENANT, CLIENT.to_owned(), secret, Some(options)).unwrap()
    };
    let now = SystemTime::now();
    let request = TokenRequest::new(SCOPE);
    let source = Identity::new(credential());
    assert_eq!(source.token(&request, now).await.unwrap().secret(), "first");
    let [seen] = &provider.seen()[..] else { panic!("one request") };
    assert_eq!(seen.headers[MEANT_FOR], "login.microsoftonline.com");
    assert_eq!(seen.path, format!("/{TENANT}/oauth2/v2.0/token"));
    assert_eq!(seen.field("client_secret"), "s3cret-of-the-client");

    let error = Identity::new(credential()).token(&request, now).await.unwrap_err();
    let TokenErrorKind::Refused { error: code, description } = error.kind() else {
        panic!("{error:?}")
    };
    assert_eq!(code, "7000215");
    assert!(description.as_deref().unwrap().contains("Invalid client secret provided"));
    let shown = format!("{} {source:?}", printed(&error));
    assert!(!shown.contains("s3cret"), "{shown}");
}

#[tokio::test]
async fn a_workload_identity() {
    let provider = Provider::start(|_, _| Answer::token("t")).await;
    let file = std::env::temp_dir().join(format!("queue-auth-workload-{}", std::process::id()));
    std::fs::write(&file, "kubernetes.assertion").unwrap();
    let options = WorkloadIdentityCredentialOptions {
        client_id: Some(CLIENT.to_owned()),
        tenant_id: Some(TENANT.to_owned()),
        token_file_path: Some(file.clone()),
        credential_options: ClientAssertionCredentialOptions {
            client_options: client_options(provider.redirected()),
        },
    };
    let credential = WorkloadIdentityCredential::new(Some(options)).unwrap();
    let bearer = Bearer::new(Identity::new(credential));
    let now = SystemTime::now();
    bearer.refresh(now).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let seen = provider.seen();
    assert_eq!(seen[0].field("client_assertion"), "kubernetes.assertion");
    assert_eq!(seen[0].field("scope"), SCOPE);
    // Outside a pod, the variables are missing.
    let error = Identity::workload(provider.redirected()).unwrap_err();
    assert!(matches!(error.kind(), TokenErrorKind::Credential { .. }), "{error}");
}

#[tokio::test]
async fn a_managed_identity_that_lies_or_is_not_there() {
    const TOKEN: &str = "eyJ0aGlzIGlzIGEgdG9rZW4";
    let answers: [fn() -> Answer; 4] = [
        || Answer::new(200, format!("{{\"{TOKEN}")),
        || Answer::new(200, format!(r#"{{"access_token":"t","expires_on":"{TOKEN}"}}"#)),
        || Answer::new(200, "x".repeat(1 << 20)),
        || {
            Answer::new(
                400,
                r#"{"error":"invalid_request","error_description":"Identity not found"}"#,
            )
        },
    ];
    let provider = Provider::start(move |number, _| answers[number]()).await;
    let now = SystemTime::now();
    let request = TokenRequest::new(SCOPE);
    for number in 0..answers.len() {
        let source = Identity::managed(provider.redirected(), None).unwrap();
        let error = source.token(&request, now).await.unwrap_err();
        let shown = printed(&error);
        match error.kind() {
            TokenErrorKind::InvalidAnswer { .. } => assert!(number < 3, "{shown}"),
            TokenErrorKind::Refused { description, .. } => {
                assert_eq!(number, 3);
                let description = description.as_deref().unwrap();
                assert!(description.contains("has not been assigned"), "{description}");
            }
            other => panic!("{number}: {other:?}"),
        }
        assert!(!shown.contains(TOKEN), "{shown}");
    }
}

#[tokio::test]
async fn no_managed_identity_endpoint_is_known_at_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let transport = Arc::new(oauth_server::direct());
    let transport = queue_auth::bearer::transport_fn(move |mut request| {
        *request.uri_mut() = nobody.parse().unwrap();
        let transport = Arc::clone(&transport);
        async move { transport.send(request).await }
    });
    let source = Identity::managed(transport, None).unwrap();
    let started = std::time::Instant::now();
    let error = source.token(&TokenRequest::new(SCOPE), SystemTime::now()).await.unwrap_err();
    assert_eq!(*error.kind(), TokenErrorKind::Unreachable);
    assert!(queue_auth::AuthError::from(error).is_transient());
    // The first retry of the pipeline would come after 1.34 seconds.
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn a_busy_provider_is_typed() {
    let provider =
        Provider::start(|_, _| Answer::new(503, "<p>busy</p>").header("retry-after", "19")).await;
    let mut options = client_options(provider.redirected());
    options.retry = azure_core::http::RetryOptions::none();
    let options = ClientSecretCredentialOptions { client_options: options };
    let secret = "s".to_owned().into();
    let credential =
        ClientSecretCredential::new(TENANT, CLIENT.to_owned(), secret, Some(options)).unwrap();
    let source = Identity::new(credential);
    let error = source.token(&TokenRequest::new(SCOPE), SystemTime::now()).await.unwrap_err();
    assert!(matches!(error.kind(), TokenErrorKind::Busy { status: 503 }), "{error:?}");
    assert_eq!(error.retry_after(), Some(Duration::from_secs(19)));
}

/// Credentials that run a command; the shell that stands for the real one speaks Unix.
#[cfg(unix)]
mod command_line {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::process::ExitStatusExt as _;
    use std::pin::Pin;
    use std::process::{ExitStatus, Output};
    use std::sync::Mutex;

    use azure_identity::{
        AzureCliCredential, AzureCliCredentialOptions, DeveloperToolsCredential,
        DeveloperToolsCredentialOptions, Executor,
    };
    use queue_auth::bearer::{Chain, TokenError};

    use super::*;

    /// Stands for a shell with `az`.
    #[derive(Debug)]
    struct Shell {
        found: bool,
        commands: Mutex<Vec<String>>,
    }

    impl Shell {
        fn new(found: bool) -> Arc<Self> {
            Arc::new(Self { found, commands: Mutex::default() })
        }

        fn commands(&self) -> Vec<String> {
            self.commands.lock().unwrap().clone()
        }
    }

    impl Executor for Shell {
        fn run<'a, 'b, 'c, 'd, 'e>(
            &'a self,
            _program: &'b OsStr,
            args: &'c [&'d OsStr],
        ) -> Pin<Box<dyn Future<Output = io::Result<Output>> + Send + 'e>>
        where
            'a: 'e,
            'b: 'e,
            'c: 'e,
            'd: 'e,
            Self: 'e,
        {
            let command = args.last().unwrap().to_string_lossy().into_owned();
            self.commands.lock().unwrap().push(command);
            let status = if self.found { 0 } else { 127 << 8 };
            let stdout = format!(
                r#"{{"accessToken":"eyJ0.cli.x","expires_on":{},"tokenType":"Bearer"}}"#,
                in_an_hour()
            );
            let output = Output {
                status: ExitStatus::from_raw(status),
                stdout: stdout.into_bytes(),
                stderr: Vec::new(),
            };
            Box::pin(std::future::ready(Ok(output)))
        }
    }

    #[tokio::test]
    async fn the_azure_cli_in_the_tenant_that_is_named() {
        let shell = Shell::new(true);
        let executor: Arc<dyn Executor> = shell.clone();
        let source = Identity::per_tenant(move |tenant| {
            let options = AzureCliCredentialOptions {
                tenant_id: tenant.map(str::to_owned),
                executor: Some(Arc::clone(&executor)),
                ..Default::default()
            };
            Ok(AzureCliCredential::new(Some(options))?)
        });
        let bearer = Bearer::new(source);
        let now = SystemTime::now();
        bearer.refresh(now).await.unwrap();
        bearer.authorize(&mut request(), now).unwrap();
        let challenge = format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize \
         resource_id=https://storage.azure.com"
        );
        let challenge = http::HeaderMap::from_iter([(
            http::header::WWW_AUTHENTICATE,
            challenge.parse().unwrap(),
        )]);
        assert!(bearer.rejected(&challenge));
        bearer.refresh(now).await.unwrap();
        let commands = shell.commands();
        assert_eq!(commands.len(), 2);
        assert!(commands.iter().all(|command| command.contains(SCOPE)), "{commands:?}");
        assert!(!commands[0].contains("--tenant"));
        assert!(commands[1].contains(&format!("--tenant {TENANT}")), "{commands:?}");
    }

    #[tokio::test]
    async fn a_chain_from_the_cloud_to_the_desk() {
        // No managed identity here, but a person who is logged in.
        let provider = Provider::start(|_, _| Answer::new(400, "{}")).await;
        let tools = |found| {
            let executor: Arc<dyn Executor> = Shell::new(found);
            let options = DeveloperToolsCredentialOptions { executor: Some(executor) };
            Identity::new(DeveloperToolsCredential::new(Some(options)).unwrap())
        };
        let managed = || Identity::managed(provider.redirected(), None).unwrap();
        let bearer = Bearer::new(Chain::new(managed()).or(tools(true)));
        let now = SystemTime::now();
        bearer.refresh(now).await.unwrap();
        let mut parts = request();
        bearer.authorize(&mut parts, now).unwrap();
        assert_eq!(carried(&parts), "eyJ0.cli.x");
        assert_eq!(provider.count(), 1);

        let bearer = Bearer::new(Chain::new(managed()).or(tools(false)));
        let error = bearer.refresh(now).await.unwrap_err();
        let error = TokenError::of(&error).unwrap();
        let TokenErrorKind::Credential { message } = error.kind() else { panic!("{error:?}") };
        assert!(message.contains("az not found on PATH"), "{message}");
    }
}
