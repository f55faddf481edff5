//! `cargo xtask package`: the emulator for people without Rust, built as far as this machine can, then
//! installed into clean places and used there as its pages say.

mod image;
mod npm;
mod program;
mod root;
mod running;
mod wheel;

use std::{fs, path::PathBuf};

use lexopt::{Arg, Parser, ValueExt};

use self::program::Program;
use crate::{
    Outcome,
    files::{list, make, read},
    shell, usage,
};

/// The things that are made, in their order.
const THINGS: [&str; 4] = ["archive", "image", "wheel", "npm"];

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let (mut target, mut wanted, mut launcher) = (None, Vec::new(), None);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("target") => target = Some(value(&mut arguments)?),
            Arg::Long("launcher") => launcher = Some(PathBuf::from(value(&mut arguments)?)),
            Arg::Value(name) => wanted.push(name.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    if let Some(name) = wanted.iter().find(|name| !THINGS.contains(&name.as_str())) {
        return Err(format!("there is no package `{name}`: use one of {}", THINGS.join(", ")));
    }
    pages()?;
    let out = fresh("out")?;
    if let Some(folder) = launcher {
        return npm::launcher(&npm::platforms_in(&folder)?, &out).map(drop);
    }
    let program = Program::build(target)?;
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if is_wanted("archive") {
        program.pack(&out)?;
        program.try_out()?;
    }
    if is_wanted("image") && program.is_for_linux() {
        image::try_out(&image::build(&program, &out)?)?;
    }
    if is_wanted("wheel") {
        wheel::try_out(&wheel::build(&program, &out)?)?;
    }
    if is_wanted("npm") {
        npm::try_out(&npm::build(&program, &out)?)?;
    }
    for file in list(&out)? {
        let size = fs::metadata(&file).map_or(0, |file| file.len());
        println!("{:>9} KiB  {}", size / 1024, file.display());
    }
    Ok(())
}

fn value(arguments: &mut Parser) -> Result<String, String> {
    arguments.value().and_then(|value| value.string()).map_err(usage)
}

/// The folder of the emulator's package.
fn emulator() -> PathBuf {
    shell::root().join("tests/emulator")
}

/// An empty folder of this name.
fn fresh(name: &str) -> Result<PathBuf, String> {
    let folder = shell::scratch("package").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| format!("cannot empty {folder:?}: {error}"))?;
    }
    make(&folder)?;
    Ok(folder)
}

/// The pages on how to use the packages have the programs that are tried out, word by word.
fn pages() -> Outcome {
    let folder = emulator();
    for (page, program) in [
        ("docs/pytest.md", "quickstart/python/conftest.py"),
        ("docs/pytest.md", "quickstart/python/test_jobs.py"),
        ("docs/javascript.md", "quickstart/javascript/jobs.test.js"),
    ] {
        if !read(&folder.join(page))?.contains(&read(&folder.join(program))?) {
            return Err(format!("tests/emulator/{page} does not have what {program} is"));
        }
    }
    Ok(())
}
