//! Formatting, lints, documentation: each with warnings denied, and the prose of the documentation.

mod prose;

use crate::{Outcome, shell};

pub(crate) fn run() -> Outcome {
    prose::run()?;
    shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))?;
    for features in [&[][..], &["--no-default-features"], &["--all-features"]] {
        shell::run(
            shell::cargo(["clippy", "--workspace", "--all-targets"])
                .args(features)
                .args(["--", "--deny", "warnings"]),
        )?;
    }
    shell::run(
        shell::cargo(["doc", "--workspace", "--no-deps", "--all-features"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}
