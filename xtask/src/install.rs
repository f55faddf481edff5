//! Programs of others that the commands need: installed into the target folder once, and left out where
//! they cannot be had.

use std::{fs, path::Path, process::Command};

use crate::{
    Outcome,
    files::{make, write},
    shell,
};

/// Installs what is wanted into a folder, unless that is done.
pub(crate) fn once(folder: &Path, wanted: &str, install: impl FnOnce() -> Outcome) -> Outcome {
    let marker = folder.join(".installed");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    make(folder)?;
    install()?;
    write(&marker, wanted)
}

/// Installs packages of npm for somebody into a folder, unless that is done. Options of npm may be among
/// the packages.
pub(crate) fn npm(folder: &Path, packages: &[&str], who: &str) -> Outcome {
    once(folder, &packages.join(" "), || {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"]);
        shell::run(npm.arg(folder).args(packages))
            .map_err(|error| format!("{error}\n{who} needs Node.js and npm to be installed"))
    })
}

/// Checks with a tool. A machine on which the tool cannot be had is no mistake of the project.
pub(crate) fn where_it_can_be_had<T>(
    name: &str,
    tool: Result<T, String>,
    check: impl FnOnce(T) -> Outcome,
) -> Outcome {
    match tool {
        Ok(tool) => check(tool),
        Err(error) => {
            println!("{name}: not checked here: {error}");
            Ok(())
        }
    }
}
