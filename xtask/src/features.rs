//! `cargo xtask features`: every crate builds and passes its tests with no, default and all features.

use crate::{Outcome, metadata::LIBRARIES, shell};

pub(crate) fn run() -> Outcome {
    run_smaller()?;
    test(&["--all-features"])
}

/// Features that must also build without those that are usually with them.
const ALONE: [&str; 5] = ["blocking", "encryption", "encryption-rsa", "object-store", "processor"];

/// Without the set of all features, with which `cargo xtask test` runs.
pub(crate) fn run_smaller() -> Outcome {
    // The examples of the documentation use the defaults.
    test(&["--no-default-features", "--lib", "--bins", "--tests", "--examples"])?;
    test(&[])?;
    for feature in ALONE {
        shell::run(shell::cargo(["check", "--package", "queue-client", "--tests"]).args([
            "--no-default-features",
            "--features",
            feature,
        ]))?;
    }
    Ok(())
}

fn test(features: &[&str]) -> Outcome {
    for package in LIBRARIES {
        shell::run(shell::cargo(["test", "--package", package]).args(features))?;
    }
    Ok(())
}
