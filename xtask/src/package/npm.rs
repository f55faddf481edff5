//! The packages for npm: one with the program for this kind of machine, and the launcher, which names
//! those of all kinds.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::{emulator, fresh, program::Program};
use crate::{
    Outcome,
    files::{copy, list, make, read, write},
    interop::JAVASCRIPT,
    shell,
};

/// The part of the name of a file with the program, in front of system and processor.
const PREFIX: &str = "queue-emulator-npm-";

/// System and processor, as Node.js names them.
fn platform(target: &str) -> Result<(&'static str, &'static str), String> {
    let system = match target {
        _ if target.contains("linux") => "linux",
        _ if target.contains("darwin") => "darwin",
        _ if target.contains("windows") => "win32",
        _ => return Err(format!("there is no package of npm for {target}")),
    };
    let processor = match target.split('-').next() {
        Some("x86_64") => "x64",
        Some("aarch64") => "arm64",
        _ => return Err(format!("there is no package of npm for {target}")),
    };
    Ok((system, processor))
}

/// Makes both packages, and returns their files.
pub(super) fn build(program: &Program, out: &Path) -> Result<[PathBuf; 2], String> {
    let (system, processor) = platform(&program.target)?;
    let name = format!("{system}-{processor}");
    let folder = fresh("npm-program")?;
    make(&folder.join("bin"))?;
    copy(&program.file, &folder.join("bin").join(program.name()))?;
    let version = env!("CARGO_PKG_VERSION");
    write(
        &folder.join("package.json"),
        format!(
            r#"{{
  "name": "@queue-emulator/{name}",
  "version": "{version}",
  "description": "The program of the package queue-emulator, for {name}.",
  "license": "MIT OR Apache-2.0",
  "os": ["{system}"],
  "cpu": ["{processor}"],
  "files": ["bin"]
}}
"#
        ),
    )?;
    let program = pack(&folder, &out.join(format!("{PREFIX}{name}.tgz")))?;
    Ok([program, launcher(&[name], out)?])
}

/// The platforms whose packages are in a folder.
pub(super) fn platforms_in(folder: &Path) -> Result<Vec<String>, String> {
    let names = list(folder)?.into_iter().filter_map(|file| {
        let name = file.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(".tgz")?;
        Some(name.to_owned())
    });
    Ok(names.collect())
}

/// Makes the launcher, which takes the program from the package for its platform.
pub(super) fn launcher(platforms: &[String], out: &Path) -> Result<PathBuf, String> {
    let folder = fresh("npm-launcher")?;
    let template = emulator().join("package/npm");
    for file in ["launcher.js", "README.md"] {
        copy(&template.join(file), &folder.join(file))?;
    }
    let version = env!("CARGO_PKG_VERSION");
    let names: Vec<String> = platforms
        .iter()
        .map(|name| format!("\n    \"@queue-emulator/{name}\": \"{version}\""))
        .collect();
    let (no_version, no_names) = ("\"version\": \"0.0.0\"", "\"optionalDependencies\": {}");
    let text = read(&template.join("package.json"))?;
    if !text.contains(no_version) || !text.contains(no_names) {
        return Err("package.json of the launcher has no place for version and programs".to_owned());
    }
    let text = text
        .replace(no_version, &format!("\"version\": \"{version}\""))
        .replace(no_names, &format!("\"optionalDependencies\": {{{}\n  }}", names.join(",")));
    write(&folder.join("package.json"), text)?;
    pack(&folder, &out.join("queue-emulator-npm.tgz"))
}

/// Packs a folder into this file.
fn pack(folder: &Path, file: &Path) -> Result<PathBuf, String> {
    let packed = fresh("npm-packed")?;
    let mut npm = npm();
    npm.args(["pack", "--loglevel=error", "--pack-destination"]).arg(&packed).current_dir(folder);
    shell::run(&mut npm)?;
    let packed = list(&packed)?.into_iter().next().ok_or("npm packs nothing")?;
    copy(&packed, file)?;
    Ok(file.to_owned())
}

fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Installs both packages where nothing else is, and runs the test of their page.
pub(super) fn try_out(packages: &[PathBuf; 2]) -> Outcome {
    let folder = fresh("npm")?;
    write(&folder.join("package.json"), "{\"private\": true}\n")?;
    let install = ["install", "--no-audit", "--no-fund", "--loglevel=error"];
    shell::run(npm().args(install).args(packages).arg(JAVASCRIPT).current_dir(&folder))?;
    let test = "jobs.test.js";
    copy(&emulator().join("quickstart/javascript").join(test), &folder.join(test))?;
    let emulator = ["exec", "--offline", "--", "queue-emulator"];
    shell::run(npm().args(emulator).arg("--version").current_dir(&folder))?;
    let command = ["--port", "0", "--queue", "jobs", "--", "node", "--test"];
    shell::run(npm().args(emulator).args(command).current_dir(&folder))
}
