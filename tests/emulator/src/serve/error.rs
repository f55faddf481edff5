//! The failure to start a server: [`BindError`].

use std::error::Error;
use std::{fmt, io};

/// An address that could not be listened on.
#[derive(Debug)]
pub struct BindError {
    address: String,
    source: io::Error,
}

impl BindError {
    pub(crate) fn new(address: String, source: io::Error) -> Self {
        Self { address, source }
    }

    /// The kind of failure, for example [`io::ErrorKind::AddrInUse`].
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, source } = self;
        match source.kind() {
            io::ErrorKind::AddrInUse => write!(
                f,
                "{address} is already in use by another program: stop that program or choose another port"
            ),
            io::ErrorKind::PermissionDenied => {
                write!(f, "this user may not listen on {address}: choose a port above 1023")
            }
            io::ErrorKind::AddrNotAvailable => {
                write!(f, "this machine does not have the address of {address}")
            }
            _ => write!(f, "cannot listen on {address}"),
        }
    }
}

impl Error for BindError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
