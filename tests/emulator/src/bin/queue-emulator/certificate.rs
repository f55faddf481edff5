//! The certificate to serve HTTPS with, and the file that clients are told to trust.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use queue_emulator::Certificate;

use crate::args::Https;

/// A certificate, and where the one is that clients must trust.
#[derive(Debug)]
pub(crate) struct Trusted {
    pub(crate) certificate: Certificate,
    pub(crate) file: PathBuf,
    /// Whether the file is this program's own and goes when it ends.
    own: bool,
}

impl Trusted {
    /// The certificate that the options ask for, if they do.
    pub(crate) fn load(https: &Https) -> Result<Option<Self>, Box<dyn Error>> {
        Ok(match https {
            Https::Off => None,
            Https::Generated => {
                let certificate = Certificate::generate()?;
                let name = format!("queue-emulator-{}.pem", std::process::id());
                let file = std::env::temp_dir().join(name);
                fs::write(&file, certificate.trust()).map_err(|source| FileError {
                    verb: "write",
                    file: file.clone(),
                    source,
                })?;
                Some(Self { certificate, file, own: true })
            }
            Https::Files { certificate, key } => {
                let chain = read(certificate)?;
                let loaded = Certificate::from_pem(&chain, &read(key)?)?;
                let file = fs::canonicalize(certificate).unwrap_or_else(|_| certificate.clone());
                Some(Self { certificate: loaded, file, own: false })
            }
        })
    }
}

impl Drop for Trusted {
    fn drop(&mut self) {
        if self.own {
            // What cannot be removed is small, public, and in the folder for such things.
            let _ = fs::remove_file(&self.file);
        }
    }
}

fn read(file: &Path) -> Result<String, FileError> {
    fs::read_to_string(file).map_err(|source| FileError {
        verb: "read",
        file: file.to_owned(),
        source,
    })
}

/// A file that could not be read or written.
#[derive(Debug)]
struct FileError {
    verb: &'static str,
    file: PathBuf,
    source: io::Error,
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} {}", self.verb, self.file.display())
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
