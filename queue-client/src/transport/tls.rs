//! The settings of rustls, the same for every transport.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;

use super::{HttpOptions, TlsBackend, TransportError, TransportErrorKind, options};

/// TLS 1.2 and 1.3 by the backend of `options`, or none if that is not rustls.
///
/// Its provider of cryptography is not installed for the process: two libraries in one program may
/// use different ones.
pub(super) fn client_config(options: &HttpOptions) -> Option<Result<ClientConfig, TransportError>> {
    let provider = match options.tls_backend()? {
        #[cfg(feature = "rustls")]
        TlsBackend::RustlsAwsLc => rustls::crypto::aws_lc_rs::default_provider(),
        #[cfg(feature = "rustls-ring")]
        TlsBackend::RustlsRing => rustls::crypto::ring::default_provider(),
        #[cfg(feature = "native-tls")]
        TlsBackend::NativeTls => return None,
    };
    Some(with_provider(options, Arc::new(provider)))
}

fn with_provider(
    options: &HttpOptions,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, TransportError> {
    let mut roots = Vec::new();
    for pem in &options.roots {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            roots.push(certificate.map_err(|_| unusable("a root certificate is not valid PEM"))?);
        }
        if roots.len() == before {
            return Err(options::no_certificate());
        }
    }
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = if options.trusts_system {
        let verifier = system_verifier(roots, provider)?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
    } else {
        let mut store = RootCertStore::empty();
        for certificate in roots {
            store.add(certificate).map_err(unusable)?;
        }
        builder.with_root_certificates(store)
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn system_verifier(
    roots: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, TransportError> {
    if roots.is_empty() {
        return Verifier::new(provider).map_err(unusable);
    }
    #[cfg(any(all(unix, not(target_os = "android")), windows))]
    return Verifier::new_with_extra_roots(roots, provider).map_err(unusable);
    #[cfg(not(any(all(unix, not(target_os = "android")), windows)))]
    Err(unusable("this operating system takes no certificates besides its own: use trust_only"))
}

fn unusable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> TransportError {
    TransportError::new(TransportErrorKind::NotSent).with_source(error)
}
