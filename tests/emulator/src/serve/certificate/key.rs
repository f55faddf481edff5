//! The reason why a private key cannot be used, which rustls does not give: [`complaint`].

use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::der::{CONTEXT_0, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};
use super::error::CertificateError;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
/// The kinds of keys and curves that people have, and that cannot be used.
const OTHERS: [(&[u8], &str); 9] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10], "RSA-PSS"),
    (&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], "DSA"),
    (&[0x2b, 0x81, 4, 0, 0x23], "P-521"),
    (&[0x2b, 0x81, 4, 0, 0x0a], "secp256k1"),
    (&[0x2b, 0x81, 4, 0, 0x21], "P-224"),
    (&[0x2b, 0x24, 3, 3, 2, 8, 1, 1, 7], "brainpoolP256r1"),
    (&[0x2b, 0x65, 0x71], "Ed448"),
    (&[0x2b, 0x65, 0x6e], "X25519"),
    (&[0x2b, 0x65, 0x6f], "X448"),
];

/// The error for a key if it turns out that it cannot be used.
pub(super) fn complaint(key: &PrivateKeyDer<'_>) -> Option<CertificateError> {
    match key {
        PrivateKeyDer::Pkcs1(key) => rsa_length(key.secret_pkcs1_der()),
        PrivateKeyDer::Sec1(key) => {
            let mut key = Der::new(key.secret_sec1_der()).enter(SEQUENCE)?;
            key.expect(INTEGER)?;
            key.expect(OCTET_STRING)?;
            named(key.enter(CONTEXT_0)?.expect(OBJECT_IDENTIFIER)?.content)
        }
        PrivateKeyDer::Pkcs8(key) => {
            let mut key = Der::new(key.secret_pkcs8_der()).enter(SEQUENCE)?;
            key.expect(INTEGER)?;
            let mut algorithm = key.enter(SEQUENCE)?;
            match algorithm.expect(OBJECT_IDENTIFIER)?.content {
                RSA => rsa_length(key.expect(OCTET_STRING)?.content),
                EC => named(algorithm.expect(OBJECT_IDENTIFIER)?.content),
                other => named(other),
            }
        }
        _ => None,
    }
}

fn named(identifier: &[u8]) -> Option<CertificateError> {
    let (_, name) = OTHERS.iter().find(|(other, _)| *other == identifier)?;
    Some(CertificateError::KeyAlgorithm(name))
}

/// The error for an RSA key whose modulus is too short or too long.
fn rsa_length(key: &[u8]) -> Option<CertificateError> {
    let mut key = Der::new(key).enter(SEQUENCE)?;
    key.expect(INTEGER)?;
    let modulus = key.expect(INTEGER)?.content;
    let start = modulus.iter().position(|byte| *byte != 0)?;
    let (first, rest) = modulus.get(start..)?.split_first()?;
    let bits = rest.len() * 8 + (8 - first.leading_zeros() as usize);
    (!(2048..=4096).contains(&bits)).then_some(CertificateError::RsaKeyLength { bits })
}
