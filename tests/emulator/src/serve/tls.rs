//! Certificates: own ones, or one that is made at start.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

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
        let failed = |error| CertificateError::Generate(error);
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

        let key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| CertificateError::Key)?;
        Self::build(vec![certificate.der().clone()], key, root.pem())
    }

    /// Takes a certificate, with those between it and its issuer behind it, and its key, all in
    /// PEM form.
    ///
    /// # Errors
    ///
    /// When one is not what it should be, or they do not belong together.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, CertificateError> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|_| CertificateError::Certificate)?;
        if chain.is_empty() {
            return Err(CertificateError::Certificate);
        }
        let key =
            PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| CertificateError::Key)?;
        Self::build(chain, key, certificate.to_owned())
    }

    fn build(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
        trust: String,
    ) -> Result<Self, CertificateError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(CertificateError::Together)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), trust })
    }

    /// What a client must trust, in PEM form: the issuer of a certificate that was made here, and
    /// otherwise the certificate itself.
    #[must_use]
    pub fn trust(&self) -> &str {
        &self.trust
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").finish_non_exhaustive()
    }
}

/// A certificate that cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum CertificateError {
    /// It could not be made.
    Generate(rcgen::Error),
    /// It is not in PEM form.
    Certificate,
    /// Its key is not a private key in PEM form.
    Key,
    /// Certificate and key do not belong together.
    Together(rustls::Error),
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generate(_) => "no certificate could be made",
            Self::Certificate => "the certificate is not in PEM form",
            Self::Key => "the key of the certificate is not a private key in PEM form",
            Self::Together(_) => "the certificate and its key do not belong together",
        })
    }
}

impl Error for CertificateError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Generate(error) => Some(error),
            Self::Together(error) => Some(error),
            Self::Certificate | Self::Key => None,
        }
    }
}
