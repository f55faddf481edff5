//! [`EncryptionError`] and [`KeyError`]: why a message could not be encrypted or decrypted.

use std::{error::Error, fmt};

type BoxError = Box<dyn Error + Send + Sync>;

/// Why a message could not be encrypted or decrypted. It shows no piece of the message and of no key.
///
/// It is the source of a [`CodecError::Encryption`](queue_proto::codec::CodecError::Encryption).
#[derive(Debug)]
#[non_exhaustive]
pub enum EncryptionError {
    /// The message is not encrypted, and has to be.
    NotEncrypted,
    /// The envelope lacks a field, or holds in it what cannot be read.
    #[non_exhaustive]
    Malformed {
        /// The name of the field.
        field: &'static str,
        /// What the field must be.
        rule: &'static str,
    },
    /// The version of the envelope is none that is known.
    #[non_exhaustive]
    UnknownVersion {
        /// The version, as far as it can be shown.
        version: String,
    },
    /// The version of the envelope is known, and turned down by a setting.
    #[non_exhaustive]
    RefusedVersion {
        /// The version that the envelope names.
        version: &'static str,
    },
    /// The content is encrypted by something else than the version says.
    #[non_exhaustive]
    UnknownAlgorithm {
        /// The algorithm, as far as it can be shown.
        algorithm: String,
    },
    /// There is no key to encrypt with: only a resolver, which finds the keys of what was encrypted.
    NoKey,
    /// No key has the id that the message names.
    #[non_exhaustive]
    UnknownKey {
        /// The id, as far as it can be shown.
        key_id: String,
    },
    /// The key has the id that the message names, and is another one, or the wrapped key was changed.
    #[non_exhaustive]
    WrongKey {
        /// The id, as far as it can be shown.
        key_id: String,
    },
    /// The key did not wrap or unwrap.
    #[non_exhaustive]
    Key {
        /// The id, as far as it can be shown.
        key_id: String,
        /// The reason that the key gave.
        cause: KeyError,
    },
    /// What was wrapped is not the key of a message, or that of a message of another version: somebody
    /// may have changed the envelope, to have the content read by a weaker version.
    VersionMismatch,
    /// The content was changed after it was encrypted.
    Tampered,
    /// The content is no text that a message can have.
    NotText,
    /// The operating system gave no random numbers.
    Random(BoxError),
}

/// Why a key did not wrap or unwrap.
#[derive(Debug)]
#[non_exhaustive]
pub enum KeyError {
    /// What was to be unwrapped was not wrapped by this key, or was changed since.
    Rejected,
    /// The key does not know the algorithm that the message was wrapped by.
    #[non_exhaustive]
    UnknownAlgorithm {
        /// The algorithm, as far as it can be shown.
        algorithm: String,
    },
    /// The key can only wrap: it is the public half.
    WrapsOnly,
    /// The key cannot be reached now. The same may work later.
    Unavailable(BoxError),
    /// The key cannot be used. The same will fail again.
    Failed(BoxError),
}

impl EncryptionError {
    /// The error for a key that failed.
    pub(super) fn of_key(key_id: &str, cause: KeyError) -> Self {
        let key_id = shown(key_id);
        match cause {
            KeyError::Rejected => Self::WrongKey { key_id },
            cause => Self::Key { key_id, cause },
        }
    }

    /// Whether the same may work later.
    #[must_use]
    pub const fn is_temporary(&self) -> bool {
        matches!(self, Self::Key { cause: KeyError::Unavailable(_), .. } | Self::Random(_))
    }
}

impl KeyError {
    /// The error of a key that does not know `algorithm`.
    #[must_use]
    pub fn unknown_algorithm(algorithm: &str) -> Self {
        Self::UnknownAlgorithm { algorithm: shown(algorithm) }
    }
}

/// A name out of a message, which anybody may have written: short, and without what harms a log.
pub(super) fn shown(name: &str) -> String {
    let legible = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    name.chars().take(200).map(legible).collect()
}

impl fmt::Display for EncryptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotEncrypted => {
                f.write_str("it is not encrypted, and only what is encrypted is read")
            }
            Self::Malformed { field, rule } => write!(f, "its envelope's field {field} {rule}"),
            Self::UnknownVersion { version } => {
                write!(f, "it is encrypted by version \"{version}\", which is not known")
            }
            Self::RefusedVersion { version } => {
                write!(f, "it is encrypted by version {version}, which is turned down here")
            }
            Self::UnknownAlgorithm { algorithm } => {
                write!(f, "it is encrypted by \"{algorithm}\", which is not known")
            }
            Self::NoKey => {
                f.write_str("there is no key to encrypt with, only a resolver to decrypt")
            }
            Self::UnknownKey { key_id } => {
                write!(f, "there is no key \"{key_id}\" to decrypt with")
            }
            Self::WrongKey { key_id } => {
                write!(f, "the key \"{key_id}\" is another one, or the wrapped key was changed")
            }
            Self::Key { key_id, .. } => write!(f, "the key \"{key_id}\" failed"),
            Self::VersionMismatch => {
                f.write_str("its wrapped key is not one of the version that the envelope names")
            }
            Self::Tampered => f.write_str("its content was changed after it was encrypted"),
            Self::NotText => f.write_str("what was encrypted is no text that a message can have"),
            Self::Random(_) => f.write_str("the operating system gave no random numbers"),
        }
    }
}

impl Error for EncryptionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Key { cause, .. } => Some(cause),
            Self::Random(cause) => Some(&**cause),
            _ => None,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected => f.write_str("what was to be unwrapped is not from this key"),
            Self::UnknownAlgorithm { algorithm } => {
                write!(f, "it does not know the algorithm \"{algorithm}\"")
            }
            Self::WrapsOnly => f.write_str("it is the public half, which can only wrap"),
            Self::Unavailable(_) => f.write_str("it cannot be reached"),
            Self::Failed(_) => f.write_str("it cannot be used"),
        }
    }
}

impl Error for KeyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unavailable(cause) | Self::Failed(cause) => Some(&**cause),
            _ => None,
        }
    }
}
