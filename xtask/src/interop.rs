//! Microsoft's own SDKs, from their packages and unchanged, against the emulator.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, shell, usage};

const PYTHON: &str = "azure-storage-queue==12.18.1";
const JAVASCRIPT: &str = "@azure/storage-queue@12.32.0";
/// The versions of the Rust crates are in its `Cargo.toml`.
const RUST: &str = "tests/interop/rust/Cargo.toml";

/// An SDK: its name here, and how to install it and get the command that uses it.
type Sdk = (&'static str, fn(&Path) -> Result<Command, String>);

const SDKS: [Sdk; 3] = [("python", python), ("javascript", javascript), ("rust", rust)];

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut wanted = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Value(name) => wanted.push(name.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    let known = |name: &String| SDKS.iter().any(|(sdk, _)| sdk == name);
    if let Some(name) = wanted.iter().find(|name| !known(name)) {
        return Err(format!("there is no SDK `{name}`: use python, javascript or rust"));
    }
    let folder = shell::scratch("interop");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {folder:?}: {error}"))?;
    let token = shell::output(emulator().args(["token"]))?;
    let reader =
        shell::output(emulator().args(["token", "--object-id", "reader", "--role", "reader"]))?;
    for (name, prepare) in SDKS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let command = prepare(&folder)?;
        for security in [None, Some("--https")] {
            shell::run(
                emulator()
                    .args(["--port", "0", "--deletion-time", "0"])
                    .args(security)
                    .arg("--exec")
                    .arg(command.get_program())
                    .args(command.get_args())
                    // The emulator sets it, unless it is set: Node.js must trust its certificate.
                    .env_remove("NODE_EXTRA_CA_CERTS")
                    .env("INTEROP_PACKAGES", folder.join("javascript"))
                    .env("INTEROP_TOKEN", token.trim())
                    .env("INTEROP_READER_TOKEN", reader.trim()),
            )?;
        }
    }
    Ok(())
}

fn emulator() -> Command {
    shell::cargo(["run", "--quiet", "--package", "queue-emulator", "--"])
}

fn python(folder: &Path) -> Result<Command, String> {
    let folder = folder.join("python");
    let programs = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
    install(&folder, PYTHON, || {
        shell::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .map_err(|error| format!("{error}\nthe Python SDK needs Python 3 to be installed"))?;
        shell::run(Command::new(programs.join("python")).args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            PYTHON,
        ]))
    })?;
    let mut command = Command::new(programs.join("python"));
    command.arg(script("python/interop.py"));
    Ok(command)
}

fn javascript(folder: &Path) -> Result<Command, String> {
    let folder = folder.join("javascript");
    install(&folder, JAVASCRIPT, || {
        shell::run(
            Command::new("npm")
                .args(["install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"])
                .arg(&folder)
                .arg(JAVASCRIPT),
        )
        .map_err(|error| format!("{error}\nthe JavaScript SDK needs Node.js and npm"))
    })?;
    let mut command = Command::new("node");
    command.arg(script("js/interop.js"));
    Ok(command)
}

fn rust(folder: &Path) -> Result<Command, String> {
    let target = folder.join("rust");
    shell::run(
        shell::cargo(["build", "--locked", "--manifest-path", RUST])
            .env("CARGO_TARGET_DIR", &target),
    )?;
    Ok(Command::new(target.join("debug").join("queue-interop")))
}

fn script(name: &str) -> PathBuf {
    shell::root().join("tests/interop").join(name)
}

/// Installs a package unless that is done.
fn install(folder: &Path, package: &str, install: impl FnOnce() -> Outcome) -> Outcome {
    let marker = folder.join(".installed");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == package) {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {folder:?}: {error}"))?;
    install()?;
    fs::write(&marker, package).map_err(|error| format!("cannot write {marker:?}: {error}"))
}
