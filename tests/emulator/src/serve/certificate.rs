//! The certificate of a server: [`Certificate`], made at start or read from files.

mod der;
mod error;
mod form;
mod key;
mod x509;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};

pub use self::error::CertificateError;
pub use self::form::FileForm;
use self::form::Wanted;

/// The names under which this machine reaches itself, with the hosts of accounts.
const NAMES: [&str; 4] = ["localhost", "127.0.0.1", "::1", "*.queue.localhost"];
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A certificate with its key, to serve HTTPS with.
///
/// `Debug` shows nothing of the key.
#[derive(Clone)]
pub struct Certificate {
    config: Arc<ServerConfig>,
    trust: String,
    x509_version: u8,
}

impl Certificate {
    /// Makes a certificate for this machine (`localhost`, `127.0.0.1`, `::1` and
    /// `*.queue.localhost`), valid from yesterday on for a year. Clients trust it when they are
    /// given [`trust`](Self::trust).
    ///
    /// # Errors
    ///
    /// When the machine has no randomness for a key.
    pub fn generate() -> Result<Self, CertificateError> {
        let failed = |error: rcgen::Error| CertificateError::Generate(error.into());
        let now = SystemTime::now();
        let (start, end) = (now - DAY, now + 365 * DAY);

        // A certificate that signs, and one that is signed: some clients trust no other kind.
        let mut authority = CertificateParams::new(Vec::new()).map_err(failed)?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "queue-emulator, for tests only");
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (authority.not_before, authority.not_after) = (start.into(), end.into());
        let authority_key = KeyPair::generate().map_err(failed)?;
        let root = authority.self_signed(&authority_key).map_err(failed)?;
        let issuer = Issuer::new(authority, authority_key);

        let mut leaf = CertificateParams::new(NAMES.map(str::to_owned)).map_err(failed)?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        (leaf.not_before, leaf.not_after) = (start.into(), end.into());
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = leaf.signed_by(&key, &issuer).map_err(failed)?;

        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Self::build(vec![certificate.der().clone()], key.into(), root.pem())
    }

    /// Takes a certificate, with those between it and its issuer behind it, and its private key, both
    /// in PEM form. One file may hold both.
    ///
    /// A certificate of X.509 version 1, as `openssl x509 -req` makes it without extensions, is
    /// served; many clients refuse it, those made with rustls among them. See
    /// [`x509_version`](Self::x509_version).
    ///
    /// # Errors
    ///
    /// [`CertificateError`], which says what the files are instead, when one is not what it should
    /// be, when the key is too short or of a kind that cannot be used, or when they do not belong
    /// together.
    pub fn from_pem(
        certificate: impl AsRef<[u8]>,
        key: impl AsRef<[u8]>,
    ) -> Result<Self, CertificateError> {
        let (certificate, key) = (certificate.as_ref(), key.as_ref());
        let not_certificate =
            || CertificateError::Certificate(FileForm::of(certificate, Wanted::Certificate));
        let chain: Vec<_> = CertificateDer::pem_slice_iter(without_mark(certificate))
            .collect::<Result<_, _>>()
            .map_err(|_| not_certificate())?;
        if chain.is_empty() {
            return Err(not_certificate());
        }
        let key = PrivateKeyDer::from_pem_slice(without_mark(key))
            .map_err(|_| CertificateError::Key(FileForm::of(key, Wanted::Key)))?;
        let trust = chain.iter().map(|certificate| pem(certificate)).collect();
        Self::build(chain, key, trust)
    }

    fn build(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        trust: String,
    ) -> Result<Self, CertificateError> {
        let provider = default_provider();
        let unusable = key::complaint(&key);
        let signer = provider.key_provider.load_private_key(key);
        let signer = signer
            .map_err(|error| unusable.unwrap_or(CertificateError::KeyRefused(error.into())))?;
        let x509_version = x509::check(&chain, &*signer)?;
        let certified = Arc::new(CertifiedKey::new(chain, signer));
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| CertificateError::KeyRefused(error.into()))?
            .with_no_client_auth()
            // Not by the method that checks certificate and key: it knows version 3 alone.
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), trust, x509_version })
    }

    /// The version of X.509 that the certificate has: 3, or 1 for some that are made by hand.
    #[must_use]
    pub fn x509_version(&self) -> u8 {
        self.x509_version
    }

    /// What a client must trust, in PEM form: the issuer of a certificate that was made here, and
    /// otherwise the certificate itself.
    #[must_use]
    pub fn trust(&self) -> &str {
        &self.trust
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// Text without the mark of its byte order, which editors on Windows put before it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

/// A certificate in PEM form, with nothing that the file had around it.
fn pem(certificate: &[u8]) -> String {
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in STANDARD.encode(certificate).as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}
