//! Makes an account of its parts: [`from_connection_string`] and [`from_parts`].

use queue_client::{
    Account, Anonymous, Endpoint, SasUrl,
    auth::{
        Bearer,
        bearer::{Application, Authority, ClientSecretFlow, Identity, TokenSource},
        sas::SasToken,
    },
    proto::{AccountName, Scheme},
    token_transport,
    transport::{HttpOptions, HyperTransport},
};

use super::{
    args::{AccountArgs, AuthMode},
    chosen::{Chosen, Kind},
    environment::{ACCOUNT, AUTH_MODE, CONNECTION_STRING, ENDPOINT, Environment, KEY, SAS_TOKEN},
};
use crate::failure::{Exit, Failure};

const PUBLIC_CLOUD: &str = "core.windows.net";

pub(super) fn from_connection_string(text: &str, place: &str) -> Result<Chosen, Failure> {
    let account = Account::from_connection_string(text)
        .map_err(|error| Failure::usage(format!("{place}: {error}")))?;
    if account.key().is_some() {
        return Ok(chosen(account, Kind::Key, format!("account key of {place}")));
    }
    let setting = text.split(';').find_map(|setting| {
        let (name, value) = setting.split_once('=')?;
        name.trim().eq_ignore_ascii_case("SharedAccessSignature").then(|| value.trim())
    });
    let signature = setting.and_then(|token| SasToken::parse(token).ok());
    let words = format!("shared access signature of {place}");
    Ok(Chosen { signature, ..chosen(account, Kind::Signature, words) })
}

fn chosen(account: Account, kind: Kind, credential: String) -> Chosen {
    Chosen {
        account,
        credential,
        kind,
        signature: None,
        signed_queue: None,
        passed_over: Vec::new(),
        protected: false,
    }
}

/// The account that options name, and what they leave open from the environment.
pub(super) fn from_parts(
    args: &AccountArgs,
    environment: &Environment<'_>,
) -> Result<Chosen, Failure> {
    let mode = mode(args, environment)?;
    let wants = |asked: AuthMode| mode.is_none_or(|mode| mode == asked);
    let explicit_key = args.key_env.is_some();

    if wants(AuthMode::Sas) && !explicit_key {
        let name = args.sas_env.as_deref().unwrap_or(SAS_TOKEN);
        let secret = match &args.sas_env {
            Some(name) => Some(environment.need(name)?),
            None => environment.get(SAS_TOKEN),
        };
        if let Some(secret) = secret {
            return with_signature(args, environment, name, &secret);
        }
    }
    let endpoint = endpoint(args, environment)?;
    if wants(AuthMode::Key) {
        let name = args.key_env.as_deref().unwrap_or(KEY);
        let secret = match &args.key_env {
            Some(name) => Some(environment.need(name)?),
            None => environment.get(KEY),
        };
        if let Some(secret) = secret {
            return with_key(&endpoint, name, &secret);
        }
        if is_emulator(&endpoint) && mode.is_none() {
            let known = Account::from_connection_string("UseDevelopmentStorage=true")
                .map_err(|error| Failure::usage(error.to_string()))?;
            if let Some(key) = known.key() {
                let signer = queue_client::SharedKey::new("devstoreaccount1", key.clone());
                let account = Account::new(endpoint, signer);
                return Ok(chosen(account, Kind::Key, "well-known key of the emulator".into()));
            }
        }
    }
    match mode {
        Some(AuthMode::Key) => {
            Err(no_credential(&format!("--auth-mode key wants a key: set {KEY}")))
        }
        Some(AuthMode::Sas) => {
            Err(no_credential(&format!("--auth-mode sas wants a signature: set {SAS_TOKEN}")))
        }
        Some(AuthMode::Anonymous) => Ok(chosen(
            Account::new(endpoint, Anonymous),
            Kind::Nothing,
            "no credential (--auth-mode)".into(),
        )),
        Some(AuthMode::Managed) => {
            let identity = Identity::managed(tokens()?, None).map_err(login_failed)?;
            Ok(bearer(endpoint, identity, "managed identity"))
        }
        Some(AuthMode::Login) | None => login(endpoint, environment),
    }
}

fn no_credential(sentence: &str) -> Failure {
    Failure::new(Exit::Denied, sentence)
}

fn login_failed(error: impl std::fmt::Display) -> Failure {
    no_credential(&format!("no login with Microsoft Entra ID: {error}"))
}

fn mode(args: &AccountArgs, environment: &Environment<'_>) -> Result<Option<AuthMode>, Failure> {
    if args.auth_mode.is_some() || args.sas_env.is_some() || args.key_env.is_some() {
        return Ok(args.auth_mode);
    }
    let Some(text) = environment.get(AUTH_MODE) else { return Ok(None) };
    // In `az`, "key" stands for a signature as well.
    match text.trim().to_ascii_lowercase().as_str() {
        "login" => Ok(Some(AuthMode::Login)),
        "key" => Ok(None),
        _ => Err(Failure::usage(format!("{AUTH_MODE} must be login or key"))),
    }
}

fn endpoint(args: &AccountArgs, environment: &Environment<'_>) -> Result<Endpoint, Failure> {
    let (url, url_place) = match &args.queue_endpoint {
        Some(url) => (Some(url.clone()), "--queue-endpoint"),
        None => (environment.get(ENDPOINT), ENDPOINT),
    };
    let (name, name_place) = match &args.account_name {
        Some(name) => (Some(name.clone()), "--account-name"),
        None => (environment.get(ACCOUNT), ACCOUNT),
    };
    let wrong =
        |place: &str, error: &dyn std::fmt::Display| Failure::usage(format!("{place}: {error}"));
    let name = name
        .map(|name| AccountName::new(name.trim_matches(['"', '\''])))
        .transpose()
        .map_err(|error| wrong(name_place, &error))?;
    match (url, name) {
        (Some(url), Some(name)) => {
            Endpoint::parse(url.trim(), name).map_err(|error| wrong(url_place, &error))
        }
        (Some(url), None) => {
            Endpoint::from_url(url.trim()).map_err(|error| wrong(url_place, &error))
        }
        (None, Some(name)) => Endpoint::for_account(name, PUBLIC_CLOUD, Scheme::Https)
            .map_err(|error| wrong(name_place, &error)),
        (None, None) => Err(Failure::usage(format!(
            "no account: set {CONNECTION_STRING}, or {ACCOUNT} with {KEY}, {SAS_TOKEN} or a login \
             (`az login`); for a trial start `azq emulator` and set \
             {CONNECTION_STRING}=UseDevelopmentStorage=true"
        ))),
    }
}

fn is_emulator(endpoint: &Endpoint) -> bool {
    !endpoint.is_https() && endpoint.account().as_str() == "devstoreaccount1"
}

fn with_key(endpoint: &Endpoint, place: &str, secret: &str) -> Result<Chosen, Failure> {
    // By way of a connection string the account keeps its key, with which signatures are made.
    let text = format!(
        "AccountName={};AccountKey={};QueueEndpoint={endpoint}",
        endpoint.account(),
        secret.trim().trim_matches(['"', '\'']),
    );
    let account = Account::from_connection_string(&text).map_err(|_| {
        Failure::new(
            Exit::Usage,
            format!("{place} holds no account key: it must be base64, as the portal shows it"),
        )
    })?;
    Ok(chosen(account, Kind::Key, format!("account key of {place}")))
}

fn with_signature(
    args: &AccountArgs,
    environment: &Environment<'_>,
    place: &str,
    secret: &str,
) -> Result<Chosen, Failure> {
    let words = format!("shared access signature of {place}");
    let secret = secret.trim().trim_matches(['"', '\'']);
    if secret.contains("://") {
        let url =
            SasUrl::parse(secret).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        let account = url.endpoint().account().as_str();
        if let Some(other) = args.account_name.as_deref().filter(|other| *other != account) {
            return Err(Failure::usage(format!(
                "the URL in {place} is for account {account}, and --account-name says {other}"
            )));
        }
        let (signature, queue) = (url.token().clone(), url.queue().cloned());
        return Ok(Chosen {
            signature: Some(signature),
            signed_queue: queue,
            ..chosen(Account::from(url), Kind::Signature, words)
        });
    }
    let token = SasToken::parse(&secret.replace("&amp;", "&"))
        .map_err(|error| Failure::usage(format!("{place}: {error}")))?;
    let account = Account::new(endpoint(args, environment)?, token.clone());
    Ok(Chosen { signature: Some(token), ..chosen(account, Kind::Signature, words) })
}

/// Microsoft Entra ID by what the environment has: a service principal, the identity of a workload,
/// a managed identity; else whoever is logged in to a tool of developers.
fn login(endpoint: Endpoint, environment: &Environment<'_>) -> Result<Chosen, Failure> {
    let (tenant, client) = (environment.get("AZURE_TENANT_ID"), environment.get("AZURE_CLIENT_ID"));
    if let (Some(tenant), Some(client), Some(secret)) =
        (tenant, client, environment.get("AZURE_CLIENT_SECRET"))
    {
        let authority = Authority::new(tenant).map_err(login_failed)?;
        let authority = match environment.get("AZURE_AUTHORITY_HOST") {
            Some(host) => authority.with_host(&host).map_err(login_failed)?,
            None => authority,
        };
        let application = Application::new(authority, client, tokens()?);
        let flow = ClientSecretFlow::new(application, secret);
        return Ok(bearer(endpoint, flow, "service principal of AZURE_CLIENT_ID"));
    }
    if environment.get("AZURE_FEDERATED_TOKEN_FILE").is_some() {
        let identity = Identity::workload(tokens()?).map_err(login_failed)?;
        return Ok(bearer(endpoint, identity, "workload identity of AZURE_FEDERATED_TOKEN_FILE"));
    }
    if environment.get("IDENTITY_ENDPOINT").is_some() {
        let identity = Identity::managed(tokens()?, None).map_err(login_failed)?;
        return Ok(bearer(endpoint, identity, "managed identity of IDENTITY_ENDPOINT"));
    }
    let identity = Identity::developer_tools().map_err(login_failed)?;
    Ok(bearer(endpoint, identity, "login of az or azd"))
}

fn tokens() -> Result<impl queue_client::auth::bearer::TokenTransport + 'static, Failure> {
    let transport =
        HyperTransport::with_options(&HttpOptions::new()).map_err(|error| login_failed(&error))?;
    Ok(token_transport(transport))
}

fn bearer(endpoint: Endpoint, source: impl TokenSource + 'static, words: &str) -> Chosen {
    chosen(
        Account::new(endpoint, Bearer::new(source)),
        Kind::Identity,
        format!("Microsoft Entra ID: {words}"),
    )
}
