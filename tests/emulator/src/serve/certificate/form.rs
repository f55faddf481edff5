//! What a file is that should hold a certificate or a key in PEM form: [`FileForm`], for a refusal
//! that says what to do.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::der::{CONTEXT_0, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// The form of a file that is not a certificate, or not a private key, in PEM form.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileForm {
    /// Nothing but blanks.
    Empty,
    /// Text in UTF-16.
    Utf16,
    /// A store of keys and certificates in the form PKCS #12, also called PFX.
    Pkcs12,
    /// A store of certificates in the form PKCS #7.
    Pkcs7,
    /// A store of Java.
    JavaKeyStore,
    /// A certificate in DER form.
    DerCertificate,
    /// A private key in DER form.
    DerKey,
    /// A request for a certificate.
    Request,
    /// A private key that is encrypted with a password.
    EncryptedKey,
    /// Base64 without the lines that begin and end PEM.
    BareBase64,
    /// PEM with nothing that is wanted in it but the thing that this label names.
    OtherPem(String),
    /// PEM with the right label, and damaged.
    DamagedPem,
    /// Something that is not known here.
    Unknown,
}

/// The thing that a file should hold.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Certificate,
    Key,
}

impl Wanted {
    fn is_named(self, label: &str) -> bool {
        match self {
            Self::Certificate => label == "CERTIFICATE",
            Self::Key => matches!(label, "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY"),
        }
    }
}

impl FileForm {
    /// The form of a file in which what is wanted was not found.
    pub(super) fn of(file: &[u8], wanted: Wanted) -> Self {
        let text = file.trim_ascii();
        if text.is_empty() {
            return Self::Empty;
        }
        if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
            return Self::Utf16;
        }
        if text.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
            return Self::JavaKeyStore;
        }
        if let Some(form) = Self::of_der(file) {
            return form;
        }
        Self::of_text(&String::from_utf8_lossy(text), wanted)
    }

    fn of_der(file: &[u8]) -> Option<Self> {
        let mut outer = Der::new(file).enter(SEQUENCE)?;
        if let Some(version) = outer.optional(INTEGER) {
            return Some(match version.content {
                // The authenticated content is a sequence, as are the names of algorithms.
                [3] => Self::Pkcs12,
                // PKCS #8, PKCS #1 or SEC 1.
                [0 | 1] => Self::DerKey,
                _ => return None,
            });
        }
        if outer.optional(OBJECT_IDENTIFIER).is_some() {
            return Some(Self::Pkcs7);
        }
        let mut inner = outer.enter(SEQUENCE)?;
        match outer.next()?.tag {
            OCTET_STRING if inner.expect(OBJECT_IDENTIFIER).is_some() => Some(Self::EncryptedKey),
            SEQUENCE if inner.optional(CONTEXT_0).is_some() => Some(Self::DerCertificate),
            SEQUENCE => {
                let number = inner.expect(INTEGER)?;
                // A request has its version and the name of its owner; a certificate of version 1
                // has its number and an algorithm, which begins with an identifier.
                let is_algorithm = inner.enter(SEQUENCE)?.optional(OBJECT_IDENTIFIER).is_some();
                let request = number.content == [0] && !is_algorithm;
                Some(if request { Self::Request } else { Self::DerCertificate })
            }
            _ => None,
        }
    }

    fn of_text(text: &str, wanted: Wanted) -> Self {
        let labels: Vec<&str> = text
            .split("-----BEGIN ")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once("-----")?.0))
            .collect();
        let encrypted = |label: &&str| label.starts_with("ENCRYPTED ");
        if wanted == Wanted::Key
            && (labels.iter().any(encrypted) || text.contains("Proc-Type: 4,ENCRYPTED"))
        {
            return Self::EncryptedKey;
        }
        if labels.iter().any(|label| wanted.is_named(label)) {
            return Self::DamagedPem;
        }
        // The last, since parameters stand before what they belong to.
        if let Some(label) = labels.last() {
            match *label {
                "PKCS7" | "CMS" => return Self::Pkcs7,
                "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => return Self::Request,
                _ => {}
            }
            let printable = |c: &char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '#');
            return Self::OtherPem(label.chars().filter(printable).take(40).collect());
        }
        let packed: String = text.split_ascii_whitespace().collect();
        match STANDARD.decode(packed) {
            Ok(bytes) if Der::new(&bytes).enter(SEQUENCE).is_some() => Self::BareBase64,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for FileForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Utf16 => "it is text in UTF-16: save it in UTF-8",
            Self::Pkcs12 => {
                "it is a PKCS #12 store (PFX): `openssl pkcs12 -in FILE -nodes -out both.pem` makes \
                 one file of it that serves as both"
            }
            Self::Pkcs7 => {
                "it is a PKCS #7 store: `openssl pkcs7 -in FILE -print_certs -out cert.pem` converts \
                 it (with -inform der if it is not text)"
            }
            Self::JavaKeyStore => {
                "it is a store of Java: `keytool -importkeystore -srckeystore FILE -destkeystore \
                 store.pfx -deststoretype pkcs12` and then `openssl pkcs12 -in store.pfx -nodes -out \
                 both.pem` convert it"
            }
            Self::DerCertificate => {
                "it is a certificate in DER form: `openssl x509 -inform der -in FILE -out cert.pem` \
                 converts it"
            }
            Self::DerKey => {
                "it is a private key in DER form: `openssl pkey -inform der -in FILE -out key.pem` \
                 converts it"
            }
            Self::Request => {
                "it is a request for a certificate, of which an authority makes a certificate"
            }
            Self::EncryptedKey => {
                "it is encrypted with a password: `openssl pkey -in FILE -out key.pem` takes that off"
            }
            Self::BareBase64 => {
                "it is base64 without the lines -----BEGIN ...----- and -----END ...-----"
            }
            Self::OtherPem(label) => return write!(f, "it holds only this: {label}"),
            Self::DamagedPem => "what is between its lines BEGIN and END is damaged",
            Self::Unknown => "it is nothing that is known here",
        })
    }
}
