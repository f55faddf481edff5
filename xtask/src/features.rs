//! Every crate builds and passes its tests with no, default and all features.

use crate::{Outcome, shell};

/// The crates that people depend on.
pub(crate) const PUBLISHED: [&str; 4] =
    ["queue-proto", "queue-auth", "queue-client", "queue-emulator"];

pub(crate) fn run() -> Outcome {
    for package in PUBLISHED {
        for features in [&["--no-default-features"][..], &[], &["--all-features"]] {
            shell::run(shell::cargo(["test", "--package", package]).args(features))?;
        }
    }
    Ok(())
}
