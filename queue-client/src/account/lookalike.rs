//! [`Lookalike`]: what people paste where a connection string or a URL with a shared access
//! signature is wanted.

use std::borrow::Cow;

use queue_proto::{
    MessageText,
    codec::{Base64Text, Codec as _},
};

/// A text that is not what was asked for, but that can be recognized.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lookalike {
    Url,
    QueueSasUrl,
    SasToken,
    AccountKey,
    Json,
    Assignment,
    ConnectionString,
    ServiceBus,
    CosmosDb,
    ApplicationInsights,
    AppConfiguration,
    IotHub,
    Sql,
    Quote,
}

impl Lookalike {
    /// Recognizes a text that was given as a connection string and cannot be read as one.
    pub(super) fn of_connection_string(text: &str) -> Option<Self> {
        let first = text.split(';').next().unwrap_or_default();
        let (name, value) = first.split_once('=').unwrap_or((first, ""));
        let starts = |prefix: &str| {
            text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        };
        let any = |setting: &str| {
            text.split(';')
                .filter_map(|segment| segment.split_once('='))
                .any(|(name, _)| name.trim().eq_ignore_ascii_case(setting))
        };
        let seen = match () {
            () if starts("http://") || starts("https://") => Self::Url,
            () if starts("Endpoint=sb://") || any("SharedAccessKeyName") && !any("HostName") => {
                Self::ServiceBus
            }
            () if starts("Endpoint=https://") => Self::AppConfiguration,
            () if any("AccountEndpoint") => Self::CosmosDb,
            () if any("InstrumentationKey") => Self::ApplicationInsights,
            () if any("HostName") => Self::IotHub,
            () if any("Server") || any("Data Source") => Self::Sql,
            () if starts("{") => Self::Json,
            () if text.contains("sig=") && text.contains('&') && !text.contains(';') => {
                Self::SasToken
            }
            () if is_assignment(name, value) => Self::Assignment,
            () if text.starts_with(['"', '\'']) => Self::Quote,
            // 64 bytes in base64.
            () if text.len() == 88 && text.ends_with("==") && !text.contains(';') => {
                Self::AccountKey
            }
            () => return None,
        };
        Some(seen)
    }

    /// Recognizes a text that was given as a URL with a shared access signature and has no scheme.
    pub(super) fn of_sas_url(text: &str) -> Option<Self> {
        let text = text.strip_prefix('?').unwrap_or(text);
        let first = text.split([';', '&']).next()?;
        let name = first.split_once('=')?.0.trim();
        match () {
            () if is_setting(name) => Some(Self::ConnectionString),
            () if text.contains("sig=") && !name.contains(['/', '?']) => Some(Self::SasToken),
            () => None,
        }
    }

    /// The end of a sentence that says what the text looks like and what to do.
    pub(super) const fn advice(self) -> &'static str {
        match self {
            Self::Url => {
                "looks like a URL without a shared access signature: copy the connection string, \
                 or a URL with its query (\"Queue service SAS URL\")"
            }
            Self::QueueSasUrl => {
                "looks like a URL with a shared access signature for one queue: open it with \
                 QueueClient::from_sas_url"
            }
            Self::SasToken => {
                "looks like a shared access signature alone: put the URL of the account in front \
                 of it, or write QueueEndpoint=...;SharedAccessSignature=..."
            }
            Self::AccountKey => {
                "looks like an account key alone: write AccountName=...;AccountKey=..."
            }
            Self::Json => {
                "looks like JSON, as `az` prints it: take only the value (`--query \
                 connectionString --output tsv`)"
            }
            Self::Assignment => {
                "looks like a line that sets a variable: take only what is behind its first \"=\""
            }
            Self::ConnectionString => {
                "looks like a connection string: use Account::from_connection_string"
            }
            Self::ServiceBus => {
                "looks like one of Service Bus or Event Hubs: queues of a storage account have \
                 their own (\"Access keys\" of the storage account in the portal)"
            }
            Self::CosmosDb => {
                "looks like one of Cosmos DB: copy that of the storage account (\"Access keys\" in \
                 the portal)"
            }
            Self::ApplicationInsights => {
                "looks like one of Application Insights: copy that of the storage account \
                 (\"Access keys\" in the portal)"
            }
            Self::AppConfiguration => {
                "looks like one of App Configuration or Event Grid: copy that of the storage \
                 account (\"Access keys\" in the portal)"
            }
            Self::IotHub => {
                "looks like one of IoT Hub: copy that of the storage account (\"Access keys\" in \
                 the portal)"
            }
            Self::Sql => {
                "looks like one of a database: copy that of the storage account (\"Access keys\" \
                 in the portal)"
            }
            Self::Quote => "begins with a quote that nothing closes: remove it",
        }
    }
}

fn is_assignment(name: &str, value: &str) -> bool {
    let name = name.trim();
    let name = name.strip_prefix("export ").unwrap_or(name).trim();
    name.contains('_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
        && value
            .split('=')
            .next()
            .is_some_and(|setting| is_setting(setting.trim_start_matches(['"', '\''])))
}

fn is_setting(name: &str) -> bool {
    [
        "DefaultEndpointsProtocol",
        "AccountName",
        "AccountKey",
        "UseDevelopmentStorage",
        "QueueEndpoint",
        "BlobEndpoint",
    ]
    .contains(&name.trim())
}

/// The text without blanks around it, and without a pair of quotes around what is left.
pub(super) fn unquoted(text: &str) -> &str {
    let text = text.trim();
    let inside = |quote| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('"').or_else(|| inside('\'')).map_or(text, str::trim)
}

/// The text with `&amp;`, as HTML and XML write an ampersand, turned back. No key, name or
/// signature holds these five characters.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if text.contains("&amp;") { text.replace("&amp;", "&").into() } else { text.into() }
}

/// The connection string of which `text` is the base64, as the secrets of Kubernetes are written.
pub(super) fn from_base64(text: &str) -> Option<String> {
    let decoded = Base64Text.decode(&MessageText::new(text).ok()?).ok()?;
    let first = decoded.trim().split('=').next()?;
    is_setting(first).then_some(decoded)
}
