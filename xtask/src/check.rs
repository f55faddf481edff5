//! Formatting, lints, documentation: each with warnings denied, and the prose of the documentation.

mod prose;

use lexopt::{Arg, Parser};

use crate::{Outcome, shell, usage};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    match arguments.next().map_err(usage)? {
        None => everything(),
        Some(Arg::Long("prose")) => prose::run(),
        Some(other) => Err(usage(other.unexpected())),
    }
}

pub(crate) fn everything() -> Outcome {
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
