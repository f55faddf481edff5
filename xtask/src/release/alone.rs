//! Builds each packed crate outside of the workspace, as somebody does who takes it from the
//! registry, with the oldest compiler that it promises to build with.

use std::{env, fs, path::Path, process::Command};

use super::pack::Packed;
use crate::{Outcome, metadata::Package, shell};

pub(super) fn build(packages: &[Package], packed: &[Packed]) -> Outcome {
    // Outside of the repository, whose settings of cargo hold for all folders in it.
    let sources = env::temp_dir().join(format!("queue-release-{}", std::process::id()));
    drop(fs::remove_dir_all(&sources));
    fs::create_dir_all(sources.join(".cargo"))
        .map_err(|error| format!("cannot write to {}: {error}", sources.display()))?;
    // The packages are not on the registry yet: siblings come from the unpacked ones.
    let mut settings = String::from("[patch.crates-io]\n");
    for (package, packed) in packages.iter().zip(packed) {
        shell::run(Command::new("tar").arg("xzf").arg(&packed.file).arg("-C").arg(&sources))?;
        let name = format!("{}-{}", package.name, package.version);
        let path = sources.join(&name).display().to_string().replace('\\', "/");
        settings.push_str(&format!("{} = {{ path = \"{path}\" }}\n", package.name));
    }
    fs::write(sources.join(".cargo").join("config.toml"), settings)
        .map_err(|error| format!("cannot write settings: {error}"))?;
    for package in packages {
        let toolchain = toolchain(&package.rust_version);
        if toolchain.is_none() {
            eprintln!(
                "Rust {} cannot be had here: UNTESTED with it, built with this compiler instead",
                package.rust_version
            );
        }
        let own = sources.join(format!("{}-{}", package.name, package.version));
        let library = own.join("src").join("lib.rs").exists();
        for features in [&["--no-default-features"][..], &[], &["--all-features"]] {
            // A program has one set of features, and needs the dependencies' defaults.
            if library || features.is_empty() {
                shell::run(
                    cargo(toolchain.as_deref(), &own)
                        .args(["check", "--quiet"])
                        .args(features)
                        .env("CARGO_TARGET_DIR", shell::scratch("release")),
                )?;
            }
        }
    }
    fs::remove_dir_all(&sources)
        .map_err(|error| format!("cannot remove {}: {error}", sources.display()))
}

fn cargo(toolchain: Option<&str>, folder: &Path) -> Command {
    let mut command = Command::new("cargo");
    // What the cargo above this program set for itself would choose its own compiler again.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "LIBSQLITE3_FLAGS"] {
        command.env_remove(name);
    }
    command.current_dir(folder);
    if let Some(toolchain) = toolchain {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
    }
    command
}

/// The toolchain of this version, installed if it can be.
fn toolchain(version: &str) -> Option<String> {
    let mut rustup = Command::new("rustup");
    rustup.args(["toolchain", "install", version, "--profile", "minimal", "--no-self-update"]);
    shell::run(&mut rustup).ok().map(|()| version.to_owned())
}
