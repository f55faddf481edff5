//! Reads connection strings into an [`Account`]; its documentation describes the format.

use std::{error::Error as StdError, fmt, str::FromStr};

use queue_auth::{AccountKey, sas::SasToken};
use queue_proto::{
    AccountName, DEVSTORE_KEY, DEVSTORE_QUEUE_PORT, Endpoint, InvalidEndpoint, Scheme,
};

use super::{
    Account,
    lookalike::{Lookalike, from_base64, unescaped, unquoted},
    sas_url::SasUrl,
};

/// The domain of the public cloud.
pub(super) const PUBLIC_CLOUD_SUFFIX: &str = "core.windows.net";

impl Account {
    /// Reads a [connection string](Self#connection-strings).
    ///
    /// # Errors
    ///
    /// [`ConnectionStringError`] names the setting that is missing, unknown or wrong, or what the
    /// text looks like instead, and never shows a value.
    pub fn from_connection_string(text: &str) -> Result<Self, ConnectionStringError> {
        parse(text)
    }
}

impl FromStr for Account {
    type Err = ConnectionStringError;

    /// Reads a connection string.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_connection_string(text)
    }
}

fn parse(text: &str) -> Result<Account, ConnectionStringError> {
    let text = unescaped(unquoted(text));
    if let Some(decoded) = from_base64(&text) {
        return read(unquoted(&decoded));
    }
    if let Ok(url) = SasUrl::parse(&text) {
        // A connection string stands for an account; to forget the queue would be a surprise.
        return match url.queue() {
            None => Ok(url.into()),
            Some(_) => Err(Lookalike::QueueSasUrl.into()),
        };
    }
    read(&text).map_err(|error| match Lookalike::of_connection_string(&text) {
        Some(seen) => seen.into(),
        None => error,
    })
}

fn read(text: &str) -> Result<Account, ConnectionStringError> {
    let mut settings = Settings::split(text)?;
    if let Some(flag) = settings.take(Setting::UseDevelopmentStorage) {
        return development(flag, settings);
    }
    if settings.has(Setting::DevelopmentStorageProxyUri) {
        return Err(
            Rule::Needs(Setting::UseDevelopmentStorage).of(Setting::DevelopmentStorageProxyUri)
        );
    }

    let account = settings.take(Setting::AccountName).map(account_name).transpose()?;
    let is_named = account.is_some();
    let key = settings.take(Setting::AccountKey);
    let token = settings.take(Setting::SharedAccessSignature);
    let endpoint = endpoint(&mut settings, account)?;
    match (key, token) {
        (Some(_), Some(_)) => {
            Err(Rule::Excludes(Setting::AccountKey).of(Setting::SharedAccessSignature))
        }
        (Some(_), None) if !is_named => {
            Err(Rule::Needs(Setting::AccountName).of(Setting::AccountKey))
        }
        (Some(key), None) => {
            let key = AccountKey::from_base64(key)
                .map_err(|error| Rule::Invalid(error.into()).of(Setting::AccountKey))?;
            Ok(Account::with_key(endpoint, key))
        }
        (None, Some(token)) => {
            let token = SasToken::parse(token)
                .map_err(|error| Rule::Invalid(error.into()).of(Setting::SharedAccessSignature))?;
            Ok(Account::new(endpoint, token))
        }
        (None, None) => Err(Rule::NoCredential.of(Setting::AccountKey)),
    }
}

fn development(flag: &str, mut settings: Settings<'_>) -> Result<Account, ConnectionStringError> {
    if !flag.eq_ignore_ascii_case("true") {
        return Err(Rule::OnlyTrue.of(Setting::UseDevelopmentStorage));
    }
    let proxy = settings.take(Setting::DevelopmentStorageProxyUri);
    if let Some(other) = settings.rest() {
        return Err(Rule::Excludes(Setting::UseDevelopmentStorage).of(other));
    }
    let endpoint = match proxy {
        None => Endpoint::emulator(),
        Some(proxy) => development_elsewhere(proxy)
            .map_err(|error| Rule::Invalid(error.into()).of(Setting::DevelopmentStorageProxyUri))?,
    };
    let key = AccountKey::from_base64(DEVSTORE_KEY)
        .map_err(|error| Rule::Invalid(error.into()).of(Setting::UseDevelopmentStorage))?;
    Ok(Account::with_key(endpoint, key))
}

/// The emulator at the scheme and host of `proxy`. The old .NET library, which defined the setting,
/// put them in place of `http://127.0.0.1` and left the ports as they were.
fn development_elsewhere(proxy: &str) -> Result<Endpoint, InvalidEndpoint> {
    let account = Endpoint::emulator().account().clone();
    let given = Endpoint::parse(proxy, account.clone())?;
    let scheme = if given.is_https() { "https" } else { "http" };
    let (host, port) = (given.authority().host(), DEVSTORE_QUEUE_PORT);
    Endpoint::parse(&format!("{scheme}://{host}:{port}/{account}"), account)
}

fn account_name(name: &str) -> Result<AccountName, ConnectionStringError> {
    AccountName::new(name).map_err(|error| Rule::Invalid(error.into()).of(Setting::AccountName))
}

fn endpoint(
    settings: &mut Settings<'_>,
    account: Option<AccountName>,
) -> Result<Endpoint, ConnectionStringError> {
    let scheme = match settings.take(Setting::DefaultEndpointsProtocol) {
        None => Scheme::Https,
        Some(text) if text.eq_ignore_ascii_case("https") => Scheme::Https,
        Some(text) if text.eq_ignore_ascii_case("http") => Scheme::Http,
        Some(_) => return Err(Rule::HttpOrHttps.of(Setting::DefaultEndpointsProtocol)),
    };
    let suffix = settings.take(Setting::EndpointSuffix);
    let secondary = settings.take(Setting::QueueSecondaryEndpoint);
    let invalid =
        |setting: Setting| move |error: InvalidEndpoint| Rule::Invalid(error.into()).of(setting);

    let endpoint = match (settings.take(Setting::QueueEndpoint), account) {
        (Some(url), Some(account)) => {
            Endpoint::parse(url, account).map_err(invalid(Setting::QueueEndpoint))?
        }
        (Some(url), None) => Endpoint::from_url(url).map_err(|error| match error {
            InvalidEndpoint::NoAccount | InvalidEndpoint::Ambiguous | InvalidEndpoint::Path => {
                Rule::Needs(Setting::AccountName).of(Setting::QueueEndpoint)
            }
            error => Rule::Invalid(error.into()).of(Setting::QueueEndpoint),
        })?,
        (None, _) if secondary.is_some() => {
            return Err(Rule::Needs(Setting::QueueEndpoint).of(Setting::QueueSecondaryEndpoint));
        }
        (None, Some(account)) => {
            let suffix = suffix.unwrap_or(PUBLIC_CLOUD_SUFFIX);
            Endpoint::for_account(account, suffix, scheme)
                .map_err(invalid(Setting::EndpointSuffix))?
        }
        (None, None) => return Err(Rule::NoAccount.of(Setting::AccountName)),
    };
    match secondary {
        None => Ok(endpoint),
        Some(url) => endpoint.with_secondary(url).map_err(invalid(Setting::QueueSecondaryEndpoint)),
    }
}

/// The settings that have been read but not used yet.
struct Settings<'a> {
    values: Vec<(Setting, &'a str)>,
}

impl<'a> Settings<'a> {
    fn split(text: &'a str) -> Result<Self, ConnectionStringError> {
        let mut values: Vec<(Setting, &str)> = Vec::new();
        for (index, segment) in text.split(';').map(str::trim).enumerate() {
            if segment.is_empty() {
                continue;
            }
            let (name, value) = segment
                .split_once('=')
                .ok_or(ConnectionStringError(Fault::NoEqualsSign { number: index + 1 }))?;
            let (name, value) = (name.trim(), unquoted(value));
            let setting = Setting::named(name)
                .ok_or_else(|| ConnectionStringError(Fault::unknown(name, index + 1)))?;
            if values.iter().any(|(other, _)| *other == setting) {
                return Err(Rule::Twice.of(setting));
            }
            if value.is_empty() {
                return Err(Rule::Empty.of(setting));
            }
            values.push((setting, value));
        }
        if values.is_empty() {
            return Err(ConnectionStringError(Fault::Empty));
        }
        Ok(Self { values })
    }

    fn has(&self, setting: Setting) -> bool {
        self.values.iter().any(|(other, _)| *other == setting)
    }

    fn take(&mut self, setting: Setting) -> Option<&'a str> {
        let index = self.values.iter().position(|(other, _)| *other == setting)?;
        Some(self.values.swap_remove(index).1)
    }

    fn rest(&self) -> Option<Setting> {
        self.values.first().map(|(setting, _)| *setting)
    }
}

macro_rules! settings {
    ($($name:ident),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        enum Setting { $($name),* }

        impl Setting {
            const NAMES: &[&str] = &[$(stringify!($name)),*];

            fn named(name: &str) -> Option<Self> {
                $(if name.eq_ignore_ascii_case(stringify!($name)) {
                    return Some(Self::$name);
                })*
                None
            }

            const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }
        }
    };
}

settings! {
    DefaultEndpointsProtocol, AccountName, AccountKey, EndpointSuffix, SharedAccessSignature,
    QueueEndpoint, QueueSecondaryEndpoint, UseDevelopmentStorage, DevelopmentStorageProxyUri,
    // Of the other services, and of the old .NET library.
    BlobEndpoint, BlobSecondaryEndpoint, TableEndpoint, TableSecondaryEndpoint, FileEndpoint,
    FileSecondaryEndpoint, DfsEndpoint, DfsSecondaryEndpoint, WebEndpoint, WebSecondaryEndpoint,
    AccountKeyName,
}

/// The reason why a connection string is not usable. It names the setting and never shows a value.
pub struct ConnectionStringError(Fault);

enum Fault {
    Empty,
    NoEqualsSign { number: usize },
    Unknown { name: String },
    UnknownUnprintable { number: usize },
    Setting { setting: Setting, rule: Rule },
    LooksLike(Lookalike),
}

impl From<Lookalike> for ConnectionStringError {
    fn from(seen: Lookalike) -> Self {
        Self(Fault::LooksLike(seen))
    }
}

enum Rule {
    Empty,
    Twice,
    OnlyTrue,
    HttpOrHttps,
    Needs(Setting),
    Excludes(Setting),
    NoCredential,
    NoAccount,
    Invalid(Box<dyn StdError + Send + Sync>),
}

impl Rule {
    const fn of(self, setting: Setting) -> ConnectionStringError {
        ConnectionStringError(Fault::Setting { setting, rule: self })
    }
}

impl Fault {
    /// A bare key that was passed by mistake, or the rest of one that was cut by a `;`, looks like an
    /// unknown setting, since it ends in `=`: only what is nearly the name of a setting is shown.
    fn unknown(name: &str, number: usize) -> Self {
        if Setting::NAMES.iter().any(|known| is_typo(name, known)) {
            Self::Unknown { name: name.into() }
        } else {
            Self::UnknownUnprintable { number }
        }
    }
}

/// Whether two names differ by at most three letters in one place.
fn is_typo(name: &str, known: &str) -> bool {
    let (longer, shorter) = (name.len().max(known.len()), name.len().min(known.len()));
    let same = |(a, b): &(u8, u8)| a.eq_ignore_ascii_case(b);
    let start = name.bytes().zip(known.bytes()).take_while(same).count();
    let end = name.bytes().rev().zip(known.bytes().rev()).take_while(same).count();
    longer - (start + end).min(shorter) <= 3
}

impl fmt::Display for ConnectionStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setting, rule) = match &self.0 {
            Fault::Empty => return f.write_str("the connection string is empty"),
            Fault::NoEqualsSign { number } => {
                return write!(f, "setting {number} of the connection string has no \"=\"");
            }
            Fault::Unknown { name } => {
                return write!(f, "the connection string has an unknown setting \"{name}\"");
            }
            Fault::UnknownUnprintable { number } => {
                return write!(f, "setting {number} of the connection string has an unknown name");
            }
            Fault::LooksLike(seen) => {
                return write!(f, "the connection string {}", seen.advice());
            }
            Fault::Setting { setting, rule } => (setting.name(), rule),
        };
        match rule {
            Rule::Empty => write!(f, "{setting} in the connection string is empty"),
            Rule::Twice => write!(f, "{setting} stands twice in the connection string"),
            Rule::OnlyTrue => {
                write!(f, "{setting} in the connection string can only be \"true\": remove it")
            }
            Rule::HttpOrHttps => {
                write!(f, "{setting} in the connection string must be \"https\" or \"http\"")
            }
            Rule::Needs(other) => {
                write!(f, "{setting} in the connection string needs {} beside it", other.name())
            }
            Rule::Excludes(other) => write!(
                f,
                "{setting} and {} cannot stand together in a connection string: remove one",
                other.name()
            ),
            Rule::NoCredential => f.write_str(
                "the connection string has neither AccountKey nor SharedAccessSignature: add one \
                 of them (the portal shows the whole string under \"Access keys\")",
            ),
            Rule::NoAccount => f.write_str(
                "the connection string names no account: add AccountName or QueueEndpoint",
            ),
            Rule::Invalid(error) => write!(f, "{setting} in the connection string: {error}"),
        }
    }
}

/// The sentence: it is what a `main` that returns a `Result` prints.
impl fmt::Debug for ConnectionStringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for ConnectionStringError {}
