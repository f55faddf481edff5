//! The reasons why a certificate cannot be used: [`CertificateError`].

use std::error::Error;
use std::fmt;

use super::form::FileForm;

/// A certificate that cannot be used, or a key. It holds nothing of the key.
#[derive(Debug)]
#[non_exhaustive]
pub enum CertificateError {
    /// No certificate could be made.
    Generate(Box<dyn Error + Send + Sync>),
    /// The certificate is not in PEM form.
    Certificate(FileForm),
    /// The key is not a private key in PEM form.
    Key(FileForm),
    /// The certificate is in PEM form, and what is in that is no certificate.
    Malformed,
    /// An RSA key has so many bits, which are too few or too many.
    RsaKeyLength {
        /// The length of the modulus in bits.
        bits: usize,
    },
    /// The key is of a kind that cannot be used here.
    KeyAlgorithm(&'static str),
    /// The key cannot be used for another reason.
    KeyRefused(Box<dyn Error + Send + Sync>),
    /// Certificate and key do not belong together.
    Together,
    /// The key belongs to a certificate that is not the first.
    Order,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Generate(_) => f.write_str("no certificate could be made"),
            Self::Certificate(form) => write!(f, "the certificate is not in PEM form: {form}"),
            Self::Key(form) => {
                write!(f, "the key of the certificate is not a private key in PEM form: {form}")
            }
            Self::Malformed => {
                f.write_str("the certificate is in PEM form, but what is in that is no certificate")
            }
            Self::RsaKeyLength { bits } => write!(
                f,
                "the key of the certificate is an RSA key of {bits} bits; it must have 2048 to 4096"
            ),
            Self::KeyAlgorithm(name) => write!(
                f,
                "the key of the certificate is of the kind {name}, which cannot be used here: take \
                 RSA of 2048 bits, P-256, P-384 or Ed25519"
            ),
            Self::KeyRefused(_) => f.write_str("the key of the certificate cannot be used"),
            Self::Together => f.write_str("the certificate and its key do not belong together"),
            Self::Order => f.write_str(
                "the key belongs to another certificate of the file: the server's own must be the \
                 first",
            ),
        }
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Generate(error) | Self::KeyRefused(error) => Some(&**error),
            _ => None,
        }
    }
}
