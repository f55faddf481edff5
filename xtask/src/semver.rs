//! `cargo xtask semver`: what breaks for users between the last release and here, by
//! cargo-semver-checks.

use std::{path::PathBuf, process::Command};

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, install, metadata::LIBRARIES, shell, usage};

const PROGRAM: &str = "cargo-semver-checks";

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut since = None;
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("since") => {
                since = Some(arguments.value().and_then(ValueExt::string).map_err(usage)?);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let Some(since) = since.or_else(last_release) else {
        println!("semver: there is no release yet, and nothing to compare with");
        return Ok(());
    };
    let mut check = Command::new(program()?);
    check.current_dir(shell::root()).args(["semver-checks", "--baseline-rev", &since]);
    for library in LIBRARIES {
        check.args(["--package", library]);
    }
    shell::run(&mut check)
}

/// The tag of the last release before this commit.
fn last_release() -> Option<String> {
    let mut git = Command::new("git");
    git.current_dir(shell::root()).args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let output = git.output().ok().filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok().map(|tag| tag.trim().to_owned())
}

/// The program of this machine, or one that is built once.
fn program() -> Result<PathBuf, String> {
    if Command::new(PROGRAM).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(PROGRAM.into());
    }
    let folder = shell::scratch("semver");
    install::once(&folder, PROGRAM, || {
        let mut cargo = shell::cargo(["install", "--quiet", "--locked", PROGRAM, "--root"]);
        shell::run(cargo.arg(&folder))
    })?;
    Ok(folder.join("bin").join(PROGRAM))
}
