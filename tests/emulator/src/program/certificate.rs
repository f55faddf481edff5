//! The certificate to serve HTTPS with, and the file that clients are told to trust: [`Trusted`].

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::options::Https;
use super::own_file::{FileError, OwnFile};
use super::say::{say, sentence};
use crate::serve::{Certificate, CertificateError};

/// The name of the file with a generated certificate in the folder of the queues.
const NAME: &str = "queue-emulator.pem";

/// A certificate, and where the one is that clients must trust.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) certificate: Certificate,
    file: Option<PathBuf>,
    /// The file, if it goes when the program ends.
    _own: Option<OwnFile>,
}

impl Trusted {
    /// The certificate that the options ask for, if they do. `location` is the folder of the
    /// queues, which is there already.
    pub(super) fn load(
        https: &Https,
        location: Option<&Path>,
    ) -> Result<Option<Self>, Box<dyn Error>> {
        match https {
            Https::Off => Ok(None),
            Https::Generated { file } => {
                let certificate = Certificate::generate()?;
                let own = publish(certificate.trust().as_bytes(), file.as_deref(), location)?;
                let file = own.as_ref().map(|own| own.path().to_owned());
                Ok(Some(Self { certificate, file, _own: own }))
            }
            Https::Files { certificate, key } => {
                let loaded = Certificate::from_pem(read(certificate)?, read(key)?);
                let loaded = loaded.map_err(|error| {
                    // The name of the file that is wrong; for both, that of the certificate.
                    let file = match error {
                        CertificateError::Key(_)
                        | CertificateError::RsaKeyLength { .. }
                        | CertificateError::KeyAlgorithm(_)
                        | CertificateError::KeyRefused(_) => key,
                        _ => certificate,
                    };
                    format!("{}: {}", file.display(), sentence(&error))
                })?;
                if loaded.x509_version() < 3 {
                    say(format_args!(
                        "Warning: {} is a certificate of X.509 version {}. Many clients refuse \
                         those, all that are made with rustls among them: `openssl x509 -req` makes \
                         version 3 when it is given -extfile.",
                        certificate.display(),
                        loaded.x509_version(),
                    ));
                }
                let file = fs::canonicalize(certificate).unwrap_or_else(|_| certificate.clone());
                Ok(Some(Self { certificate: loaded, file: Some(file), _own: None }))
            }
        }
    }

    /// The file that clients must trust; `None` if there is no place for it.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

/// Writes what clients must trust into a file: the one that was asked for, or else one in the folder
/// of the queues, or else a temporary one.
///
/// Only a file that was asked for has to be written. There are containers without any folder that
/// could be written to, and clients that trust every certificate.
fn publish(
    trust: &[u8],
    file: Option<&Path>,
    location: Option<&Path>,
) -> Result<Option<OwnFile>, FileError> {
    if let Some(file) = file {
        return OwnFile::at(file, trust).map(Some);
    }
    let made = match location {
        Some(folder) => OwnFile::at(&folder.join(NAME), trust),
        None => OwnFile::in_folder(&std::env::temp_dir(), trust),
    };
    match made {
        Ok(own) => Ok(Some(own)),
        Err(error) => {
            say(format_args!(
                "Warning: {}. Clients find the certificate in no file; --certificate-file names a \
                 place for it.",
                sentence(&error)
            ));
            Ok(None)
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, FileError> {
    fs::read(file).map_err(|error: io::Error| FileError::new("read", file, error))
}
