//! The check that a certificate belongs to a key, for every version of X.509: [`check`].

use tokio_rustls::rustls::sign::SigningKey;

use super::der::{CONTEXT_0, Der, INTEGER, SEQUENCE};
use super::error::CertificateError;

/// Checks that the first certificate of a chain is that of the key, and returns its version.
///
/// rustls reads certificates of version 3 alone, since it is a client's part to be strict. A server
/// only passes on what it was given.
pub(super) fn check<C: AsRef<[u8]>>(
    chain: &[C],
    key: &dyn SigningKey,
) -> Result<u8, CertificateError> {
    let mut certificates = chain.iter().map(|certificate| read(certificate.as_ref()));
    let (version, of_first) = certificates.next().flatten().ok_or(CertificateError::Malformed)?;
    let Some(public_key) = key.public_key() else { return Ok(version) };
    if of_first == public_key.as_ref() {
        return Ok(version);
    }
    let mut others = certificates.flatten();
    if others.any(|(_, of_another)| of_another == public_key.as_ref()) {
        return Err(CertificateError::Order);
    }
    Err(CertificateError::Together)
}

/// The version of a certificate, and its public key with the name of the algorithm.
fn read(certificate: &[u8]) -> Option<(u8, &[u8])> {
    let mut signed = Der::new(certificate).enter(SEQUENCE)?.enter(SEQUENCE)?;
    let version = match signed.optional(CONTEXT_0) {
        // Numbers begin at 0, and version 1 is left out.
        Some(version) => match Der::new(version.content).expect(INTEGER)?.content {
            [number] => number.checked_add(1)?,
            _ => return None,
        },
        None => 1,
    };
    signed.expect(INTEGER)?;
    // Algorithm, issuer, validity and subject.
    for _ in 0..4 {
        signed.expect(SEQUENCE)?;
    }
    Some((version, signed.expect(SEQUENCE)?.whole))
}
