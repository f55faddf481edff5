//! `cargo xtask interop`: Microsoft's own SDKs and `az`, from their packages and unchanged, against the
//! emulator.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, install, shell, usage};

pub(crate) const PYTHON: &str = "azure-storage-queue==12.18.1";
pub(crate) const PYTEST: &str = "pytest==9.2.0";
/// What its asynchronous clients need besides.
const PYTHON_TRANSPORT: &str = "aiohttp==3.14.5";
/// What the tests of the Python SDK need besides it.
const PYTHON_TESTS: [&str; 5] = [
    "cryptography==50.0.2",
    "pyjwt==2.15.1",
    PYTEST,
    "pytest-asyncio==1.5.0",
    "python-dateutil==4.0.0",
];
/// They want an account whose secondary cannot be reached.
const PYTHON_SKIPPED: &str = "not service_stats_when_unavailable";
/// The command-line tool of Azure: 730 MB when it is installed, which takes a minute.
const AZ: &str = "azure-cli==2.91.0";
pub(crate) const JAVASCRIPT: &str = "@azure/storage-queue@12.32.0";
/// The versions of the Rust crates are in its `Cargo.toml`.
const RUST: &str = "tests/interop/rust/Cargo.toml";
const RUST_TESTS: [&str; 2] = ["queue_client.rs", "queue_service_client.rs"];

/// An SDK, or its makers' tests: its name here, how to install it and get the command that uses it,
/// and the options that the emulator is tried with.
type Sdk = (&'static str, fn(&Path) -> Result<Command, String>, &'static [&'static [&'static str]]);

const SDKS: [Sdk; 9] = [
    ("python", python, BOTH),
    ("python-control", python_control, HTTP),
    ("python-encryption", python_encryption, PLAIN),
    ("python-tests", python_tests, HTTPS),
    ("javascript", javascript, BOTH),
    ("javascript-control", javascript_control, HTTP),
    ("rust", rust, BOTH),
    ("rust-tests", rust_tests, HTTPS),
    ("az", az, PLAIN),
];
const BOTH: &[&[&str]] = &[&[], &["--https"]];
const PLAIN: &[&[&str]] = &[&[]];
const HTTP: &[&[&str]] = &[&["--page-port", "0"]];
const HTTPS: &[&[&str]] = &[&["--https"]];

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut wanted = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Value(name) => wanted.push(name.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    let names = SDKS.map(|(name, ..)| name);
    if let Some(name) = wanted.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(format!("there is no SDK `{name}`: use one of {}", names.join(", ")));
    }
    let folder = folder()?;
    let token = shell::output(shell::emulator().args(["token"]))?;
    let reader = shell::output(shell::emulator().args([
        "token",
        "--object-id",
        "reader",
        "--role",
        "reader",
    ]))?;
    for (name, prepare, securities) in SDKS {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        let command = prepare(&folder)?;
        for security in securities {
            shell::run(
                shell::emulator()
                    .args(["--port", "0", "--deletion-time", "0"])
                    .args(*security)
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

/// The folder where the SDKs are installed.
pub(crate) fn folder() -> Result<PathBuf, String> {
    let folder = shell::scratch("interop");
    fs::create_dir_all(&folder).map_err(|error| format!("cannot make {folder:?}: {error}"))?;
    Ok(folder)
}

/// Installs the Python SDK below a folder, and returns the Python that has it.
pub(crate) fn python_sdk(folder: &Path) -> Result<PathBuf, String> {
    environment(&folder.join("python"), &[PYTHON, PYTHON_TRANSPORT])
}

/// Makes a virtual environment with packages, and returns its Python.
fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, String> {
    let wanted = packages.join(" ");
    install::once(folder, &wanted, || {
        install::environment(folder, &wanted)?;
        shell::run(install::pip(folder).args(packages))
    })?;
    Ok(install::program(folder, "python"))
}

fn python(folder: &Path) -> Result<Command, String> {
    let mut command = Command::new(python_sdk(folder)?);
    command.arg(script("python/interop.py"));
    Ok(command)
}

/// `az` and `azq` on one emulator. `AZQ` names another `azq` than the one that is built here.
fn az(folder: &Path) -> Result<Command, String> {
    let azq = match env::var_os("AZQ") {
        Some(path) => PathBuf::from(path),
        None => {
            shell::run(&mut shell::cargo(["build", "--quiet", "--package", "azq"]))?;
            shell::target().join("debug").join(if cfg!(windows) { "azq.exe" } else { "azq" })
        }
    };
    let mut command = Command::new(environment(&folder.join("az"), &[AZ])?);
    command.arg(script("python/az.py")).arg(azq);
    Ok(command)
}

/// The tests of the Python SDK come with its source. What they take from a package that nobody can
/// install is in `tests/interop/python/devtools_testutils`.
fn python_tests(folder: &Path) -> Result<Command, String> {
    let program = python_sdk(folder)?;
    let folder = folder.join("python-tests");
    let wanted = format!("{PYTHON} {}", PYTHON_TESTS.join(" "));
    install::once(&folder, &wanted, || {
        let pip = |arguments: &[&str]| {
            let mut pip = Command::new(&program);
            pip.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]).args(arguments);
            pip
        };
        shell::run(pip(&["install"]).args(PYTHON_TESTS))?;
        let from_source = ["download", "--no-deps", "--no-binary", ":all:", "--dest"];
        shell::run(pip(&from_source).arg(&folder).arg(PYTHON))?;
        let archive = format!("{}.tar.gz", source_name());
        let unpack = ["-m", "tarfile", "-e"];
        shell::run(Command::new(&program).args(unpack).arg(folder.join(archive)).arg(&folder))
    })?;
    let modules = script("python").into_os_string().into_string();
    let modules = modules.map_err(|path| format!("{path:?} is no UTF-8"))?;
    let mut python = Command::new(program);
    python
        .args(["-B", "-m", "pytest", "--quiet", "-p", "no:cacheprovider", "-p", "no:warnings"])
        .args(["-o", "asyncio_mode=auto", "-o", &format!("pythonpath={modules}")])
        .args(["-k", PYTHON_SKIPPED])
        .arg(folder.join(source_name()).join("tests"));
    Ok(python)
}

/// What the archive of the Python SDK's source is called, and the folder in it.
fn source_name() -> String {
    PYTHON.replace("==", "-").replace("azure-storage-queue", "azure_storage_queue")
}

/// Installs the JavaScript SDK below a folder, and returns the folder where it is.
pub(crate) fn javascript_sdk(folder: &Path) -> Result<PathBuf, String> {
    let folder = folder.join("javascript");
    install::npm(&folder, &[JAVASCRIPT], "the JavaScript SDK")?;
    Ok(folder)
}

fn javascript(folder: &Path) -> Result<Command, String> {
    javascript_sdk(folder)?;
    let mut command = Command::new("node");
    command.arg(script("js/interop.js"));
    Ok(command)
}

/// A test of the control interface, with the SDK as the client that it is about.
fn python_control(folder: &Path) -> Result<Command, String> {
    let mut command = Command::new(python(folder)?.get_program());
    command.arg(script("python/control.py"));
    Ok(command)
}

/// The SDK and this workspace's client, which encrypt for each other.
fn python_encryption(folder: &Path) -> Result<Command, String> {
    let python = python(folder)?.get_program().to_owned();
    shell::run(&mut shell::cargo(ENCRYPTED))?;
    let peer = shell::target().join("debug").join("examples").join("encrypted");
    let mut command = Command::new("env");
    let mut peer_is = OsString::from("INTEROP_PEER=");
    peer_is.push(peer);
    command.arg(peer_is).arg(python).arg(script("python/encryption.py"));
    Ok(command)
}

const ENCRYPTED: [&str; 7] = [
    "build",
    "--package",
    "queue-client",
    "--features",
    "encryption-rsa",
    "--example",
    "encrypted",
];

/// The same in JavaScript.
fn javascript_control(folder: &Path) -> Result<Command, String> {
    let mut command = Command::new(javascript(folder)?.get_program());
    command.arg(script("js/control.js"));
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

/// The tests of the Rust crate come with it. What they take from a crate that nobody can install is
/// in `tests/interop/rust-tests`, which is put together with them in a folder outside the sources.
fn rust_tests(folder: &Path) -> Result<Command, String> {
    let target = folder.join("rust");
    let folder = folder.join("rust-tests");
    copy(&script("rust-tests"), &folder)?;
    for test in RUST_TESTS {
        copy(&rust_crate()?.join("tests").join(test), &folder.join("tests").join(test))?;
    }
    let manifest = folder.join("Cargo.toml");
    let manifest = manifest.to_str().ok_or("the folder's name is no UTF-8")?;
    shell::run(
        shell::cargo(["test", "--locked", "--no-run", "--manifest-path", manifest])
            .env("CARGO_TARGET_DIR", &target),
    )?;
    let mut command = Command::new("sh");
    // Some of the tests make clients of their own, which trust what the system trusts.
    command.args(["-c", TRUSTING, "sh"]).arg(&target).arg(manifest);
    Ok(command)
}

const TRUSTING: &str = "SSL_CERT_FILE=$QUEUE_EMULATOR_CERTIFICATE CARGO_TARGET_DIR=$1 \
                        exec cargo test --quiet --locked --manifest-path $2";

/// The folder of the crate's source.
fn rust_crate() -> Result<PathBuf, String> {
    let metadata = shell::output(&mut shell::cargo([
        "metadata",
        "--format-version=1",
        "--manifest-path",
        RUST,
    ]))?;
    let found = metadata.split('"').map(Path::new).find(|text| {
        let parent = text.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        text.ends_with("Cargo.toml")
            && parent.is_some_and(|name| name.starts_with("azure_storage_queue-"))
    });
    let manifest = found.ok_or("cargo does not know where azure_storage_queue is")?;
    Ok(manifest.parent().unwrap_or(manifest).to_owned())
}

/// Copies a file or a folder. What is there already is left alone, so that cargo does not build it
/// again.
fn copy(from: &Path, to: &Path) -> Outcome {
    let failed = |error| format!("cannot copy {from:?} to {to:?}: {error}");
    if from.is_dir() {
        fs::create_dir_all(to).map_err(failed)?;
        for entry in fs::read_dir(from).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return Ok(());
    }
    let content = fs::read(from).map_err(failed)?;
    if fs::read(to).is_ok_and(|there| there == content) {
        return Ok(());
    }
    fs::write(to, content).map_err(failed)
}

fn script(name: &str) -> PathBuf {
    shell::root().join("tests/interop").join(name)
}
