//! The ciphers of the two versions: what becomes of a text, given the key of its message.

use aes::Aes256;
use aes_gcm::{
    Aes256Gcm, KeyInit as _, Nonce, Tag,
    aead::{AeadInOut as _, inout::InOutBuf},
};
use cbc::cipher::{BlockModeDecrypt as _, KeyIvInit as _, block_padding::Pkcs7};

use super::error::EncryptionError;

/// The key of a message, in bytes.
pub(super) const KEY: usize = 32;
/// What goes before the encrypted text of version 2, in bytes.
pub(super) const NONCE: usize = 12;
/// What goes behind it.
pub(super) const TAG: usize = 16;
/// The start of version 1's chain, in bytes.
pub(super) const IV: usize = 16;

/// Encrypts by version 2: the nonce, the encrypted text, and its tag.
pub(super) fn encrypt(
    text: &[u8],
    key: &[u8; KEY],
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, EncryptionError> {
    let mut content = Vec::with_capacity(NONCE + text.len() + TAG);
    content.extend_from_slice(&nonce);
    content.extend_from_slice(text);
    let body = content.get_mut(NONCE..).unwrap_or_default();
    let cipher = Aes256Gcm::new(key.into());
    // It fails on texts of more than 64 GiB.
    let tag = cipher
        .encrypt_inout_detached(&Nonce::from(nonce), b"", InOutBuf::from(body))
        .map_err(|_| EncryptionError::NotText)?;
    content.extend_from_slice(&tag);
    Ok(content)
}

/// Decrypts by version 2, and finds out whether anything was changed.
pub(super) fn decrypt(mut content: Vec<u8>, key: &[u8; KEY]) -> Result<Vec<u8>, EncryptionError> {
    let (nonce, rest) =
        content.split_first_chunk_mut::<NONCE>().ok_or(EncryptionError::Tampered)?;
    let (body, tag) = rest.split_last_chunk_mut::<TAG>().ok_or(EncryptionError::Tampered)?;
    Aes256Gcm::new(key.into())
        .decrypt_inout_detached(&Nonce::from(*nonce), b"", InOutBuf::from(body), &Tag::from(*tag))
        .map_err(|_| EncryptionError::Tampered)?;
    content.truncate(content.len() - TAG);
    content.drain(..NONCE);
    Ok(content)
}

/// Decrypts by version 1, which can tell only some changes.
pub(super) fn decrypt_v1(
    mut content: Vec<u8>,
    key: &[u8; KEY],
    iv: [u8; IV],
) -> Result<Vec<u8>, EncryptionError> {
    let size = cbc::Decryptor::<Aes256>::new(key.into(), &iv.into())
        .decrypt_padded::<Pkcs7>(&mut content)
        .map_err(|_| EncryptionError::Tampered)?
        .len();
    content.truncate(size);
    Ok(content)
}
