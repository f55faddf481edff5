//! `cargo xtask release`: whether the packages can be published as they are. It publishes nothing.

mod alone;
mod fields;
mod pack;
mod readme;

use std::fs;

use lexopt::{Arg, Parser};

use crate::{
    Outcome,
    files::{LICENSES, copy, read},
    metadata::{self, Package},
    shell, usage,
};

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let (mut last, mut prepare, mut build) = (false, false, true);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("final") => last = true,
            Arg::Long("prepare") => prepare = true,
            Arg::Long("no-build") => build = false,
            other => return Err(usage(other.unexpected())),
        }
    }
    let packages = metadata::published()?;
    if prepare {
        return hand_out(&packages);
    }
    let mut found = papers(&packages)?;
    if last {
        found.extend(last_checks(&packages)?);
    }
    if !found.is_empty() {
        return Err(format!("not ready to be published:\n  {}", found.join("\n  ")));
    }
    let packed = pack::all(&packages)?;
    if build {
        alone::build(&packages, &packed)?;
    }
    println!("In this order, each when the registry shows the one before:");
    for (package, file) in packages.iter().zip(&packed) {
        println!(
            "  cargo publish --package {:<15} # {} files, {} KiB packed",
            package.name,
            file.files.len(),
            file.bytes / 1024
        );
    }
    Ok(())
}

/// What needs no build: fields of manifests, versions, licences and READMEs.
pub(crate) fn papers(packages: &[Package]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for package in packages {
        found.extend(fields::complaints(package, packages));
        found.extend(readme::complaints(package)?);
        for license in LICENSES {
            let same = fs::read(package.folder.join(license)).ok();
            if same.is_none() || same != fs::read(shell::root().join(license)).ok() {
                found.push(format!(
                    "{}: {license} is not that of the workspace; `cargo xtask release --prepare` copies it",
                    package.name
                ));
            }
        }
    }
    Ok(found)
}

/// What must hold on the day of the release alone.
fn last_checks(packages: &[Package]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let changelog = read(&shell::root().join("CHANGELOG.md"))?;
    for package in packages {
        if package.field("repository").is_empty() {
            found.push(format!("{}: no `repository`; set it in `workspace.package`", package.name));
        }
        if !changelog.contains(&format!("\n## {} - ", package.version)) {
            found.push(format!(
                "CHANGELOG.md has no heading `## {} - DATE` for {}",
                package.version, package.name
            ));
        }
        if fs::read_to_string(package.folder.join("CHANGELOG.md")).ok().as_ref() != Some(&changelog)
        {
            found.push(format!(
                "{}: its CHANGELOG.md is not that of the workspace; run `cargo xtask release --prepare`",
                package.name
            ));
        }
    }
    let tags =
        shell::output(std::process::Command::new("git").arg("tag").current_dir(shell::root()))?;
    if let Some(package) = packages
        .iter()
        .find(|package| tags.lines().any(|tag| tag == format!("v{}", package.version)))
    {
        found.push(format!("tag v{} is there already; raise the version", package.version));
    }
    let changed = shell::output(
        std::process::Command::new("git")
            .args(["status", "--porcelain"])
            .current_dir(shell::root()),
    )?;
    if !changed.is_empty() {
        found.push(format!("files that are not committed:\n{changed}"));
    }
    Ok(found)
}

/// Gives each package its copy of the licences and of the changelog.
fn hand_out(packages: &[Package]) -> Outcome {
    for name in LICENSES.into_iter().chain(["CHANGELOG.md"]) {
        for package in packages {
            copy(&shell::root().join(name), &package.folder.join(name))?;
        }
    }
    Ok(())
}
