//! Packing: what a registry would get, and whether everything is in it that must be.

use std::{fs, path::PathBuf, process::Command};

use crate::{files::LICENSES, metadata::Package, shell};

/// The largest package, in bytes. Fuzz corpora and pictures once made packages large unseen.
const LARGEST: u64 = 600 * 1024;

/// One packed crate.
pub(super) struct Packed {
    pub(super) file: PathBuf,
    pub(super) bytes: u64,
    /// The names of its files, without the folder around them.
    pub(super) files: Vec<String>,
}

/// Packs the whole workspace, without a warning, and looks into what is to be published.
pub(super) fn all(packages: &[Package]) -> Result<Vec<Packed>, String> {
    let mut command = shell::cargo(["package", "--workspace", "--no-verify", "--allow-dirty"]);
    let remarks = shell::remarks(&mut command)?;
    if remarks.contains("warning") {
        return Err(format!("`cargo package` warns:\n{remarks}"));
    }
    packages.iter().map(look).collect()
}

fn look(package: &Package) -> Result<Packed, String> {
    let name = format!("{}-{}", package.name, package.version);
    let file = shell::target().join("package").join(format!("{name}.crate"));
    let bytes = fs::metadata(&file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?
        .len();
    let listing = shell::output(Command::new("tar").arg("tzf").arg(&file))?;
    let files: Vec<String> = listing
        .lines()
        .filter_map(|line| line.split_once('/').map(|(_, file)| file.to_owned()))
        .collect();
    for wanted in ["Cargo.toml", "README.md", "CHANGELOG.md"].into_iter().chain(LICENSES) {
        if !files.iter().any(|file| file == wanted) {
            return Err(format!("{name} is packed without {wanted}"));
        }
    }
    if let Some(unwanted) = files.iter().find(|file| file.contains("corpus/")) {
        return Err(format!("{name} carries {unwanted}, which is for this repository alone"));
    }
    if bytes > LARGEST {
        return Err(format!("{name} has {bytes} bytes; the largest allowed are {LARGEST}"));
    }
    Ok(Packed { file, bytes, files })
}
