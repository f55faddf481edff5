//! [`Contexts`]: named accounts in a file of the user. A context says where a secret is, and never
//! holds one.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};

use super::args::AuthMode;
use crate::{failure::Failure, suggest};

/// The contexts of the user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contexts {
    /// The context that counts when nothing else names an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    #[serde(default, rename = "context")]
    pub(crate) named: BTreeMap<String, Context>,
}

/// An account by name, and where its credential is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Context {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) queue_endpoint: Option<String>,
    /// A connection string without a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_string: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) connection_string_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sas_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key_env: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) auth_mode: Option<AuthMode>,
    /// Destructive verbs ask for the name of the queue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) protected: bool,
}

impl Serialize for AuthMode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = clap::ValueEnum::to_possible_value(self);
        serializer.serialize_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl<'de> Deserialize<'de> for AuthMode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        <Self as clap::ValueEnum>::from_str(&text, true).map_err(serde::de::Error::custom)
    }
}

impl Contexts {
    /// Reads the file of the user; without one there are no contexts.
    pub(crate) fn load() -> Result<Self, Failure> {
        match path() {
            Some(path) => Self::read(&path),
            None => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self, Failure> {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(Failure::usage(format!("{} cannot be read: {error}", path.display())));
            }
        };
        toml::from_str(&text).map_err(|error| {
            let line = error.message().lines().next().unwrap_or_default().to_owned();
            Failure::usage(format!("{} is no file of contexts: {line}", path.display()))
        })
    }

    /// Writes the file of the user, for the user's eyes only, at once or not at all.
    pub(crate) fn save(&self) -> Result<PathBuf, Failure> {
        let path = path()
            .ok_or_else(|| Failure::usage("no folder for contexts: set XDG_CONFIG_HOME or HOME"))?;
        let failed = |error: io::Error| {
            Failure::usage(format!("{} cannot be written: {error}", path.display()))
        };
        let text = toml::to_string_pretty(self)
            .map_err(|error| Failure::usage(format!("the contexts cannot be written: {error}")))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(failed)?;
        let beside = path.with_extension(format!("toml.{}", std::process::id()));
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&beside).map_err(failed)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&beside, &path).map_err(failed)?;
        Ok(path)
    }

    /// The context of a name.
    pub(crate) fn get(&self, name: &str) -> Result<&Context, Failure> {
        self.named.get(name).ok_or_else(|| {
            let names = self.named.keys().map(String::as_str);
            let hint = match suggest::nearest(name, names) {
                Some(near) => format!("; did you mean `{near}`?"),
                None if self.named.is_empty() => {
                    String::from(": there is none yet, `azq context add` makes one")
                }
                None => {
                    let names: Vec<_> = self.named.keys().map(String::as_str).collect();
                    format!(": there are {}", names.join(", "))
                }
            };
            Failure::usage(format!("no context `{name}`{hint}"))
        })
    }
}

/// The file of contexts: `contexts.toml` in the folder of the tool, or what `AZQ_CONTEXTS` names.
pub(crate) fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("AZQ_CONTEXTS").filter(|path| !path.is_empty()) {
        return Some(path.into());
    }
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("azq").join("contexts.toml"))
}
