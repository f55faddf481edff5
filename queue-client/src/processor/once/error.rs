//! [`OnceError`]: why [`Once`](super::Once) could not see to it that work is done once.

use std::{error::Error as StdError, fmt};

use crate::processor::explanation::BoxError;

/// Why [`Once`](super::Once) could not see to it that work is done once: the error of a handler in the
/// layer, which a later delivery may put right.
#[derive(Debug)]
#[non_exhaustive]
pub enum OnceError {
    /// The store did not say whether the work is done. Nothing was begun.
    NotBegun(BoxError),
    /// The work is done, and the store did not confirm the mark, however often it was asked. A later
    /// delivery finds the mark if it was committed together with the effect; otherwise the work is
    /// begun again when the hold has ended.
    NotMarked(BoxError),
    /// Another receiver took the work over before it was marked as finished, or a handler that gets the
    /// claim did not set the mark.
    Overtaken,
}

impl fmt::Display for OnceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotBegun(_) => "the store did not say whether the work is done",
            Self::NotMarked(_) => "the work is done, and could not be marked as finished",
            Self::Overtaken => {
                "another receiver took the work over before it was marked as finished"
            }
        })
    }
}

impl StdError for OnceError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::NotBegun(cause) | Self::NotMarked(cause) => Some(&**cause),
            Self::Overtaken => None,
        }
    }
}
