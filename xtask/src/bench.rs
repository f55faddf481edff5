//! `cargo xtask bench`: builds the contestants, each peer apart from the others, and runs them.

use std::{fs, path::Path, process::Command};

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, azurite, interop, shell, usage};

/// Programs by the features that they are built with. What a peer switches on in a shared dependency
/// must not change the others, so each has a build of its own.
const PROGRAMS: [(&str, &[&str]); 4] = [
    (
        "lean",
        &[
            "client",
            "client-counted",
            "distance",
            "queue-bench",
            "server",
            "signing",
            "signing-counted",
            "stub",
        ],
    ),
    ("official", &["client", "client-counted", "distance"]),
    ("legacy", &["client", "client-counted"]),
    ("reqsign", &["signing", "signing-counted"]),
];

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut passed_on = Vec::new();
    let (mut needs_azurite, mut needs_sdks, mut only) = (true, true, Vec::new());
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long(flag @ ("quick" | "check")) => {
                passed_on.push(format!("--{flag}"));
                needs_azurite = false;
                needs_sdks &= flag != "check";
            }
            Arg::Long("build") => passed_on.push("--build".to_owned()),
            Arg::Long("only") => {
                let section = arguments.value().and_then(|value| value.string()).map_err(usage)?;
                passed_on.extend(["--only".to_owned(), section.clone()]);
                only.push(section);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    let wants = |section: &str| only.is_empty() || only.iter().any(|only| only == section);
    needs_azurite &= wants("emulator");
    needs_sdks &= wants("distance");

    let folder = shell::scratch("bench");
    for (features, programs) in PROGRAMS {
        build(features, programs, &folder.join(features))?;
    }
    shell::run(&mut shell::cargo(["build", "--release", "--package", "queue-emulator"]))?;

    let mut bench = Command::new(folder.join("lean/queue-bench"));
    bench.args(passed_on).arg("--programs").arg(&folder);
    bench.arg("--package").arg(package()).arg("--out").arg(folder.join("results"));
    bench.arg("--emulator").arg(shell::target().join("release/queue-emulator"));
    if needs_sdks {
        let packages = interop::folder()?;
        bench.arg("--python").arg(interop::python_sdk(&packages)?);
        bench.arg("--javascript").arg(interop::javascript_sdk(&packages)?);
    }
    if needs_azurite {
        let command = azurite::command("queue")?;
        for word in [command.get_program()].into_iter().chain(command.get_args()) {
            bench.arg("--azurite").arg(word);
        }
        bench.args(["--azurite", "--silent"]);
    }
    shell::run(&mut bench)
}

fn package() -> std::path::PathBuf {
    shell::root().join("tests/bench")
}

/// Builds programs with these features and puts them into a folder: the next features give other
/// programs the same names.
fn build(features: &str, programs: &[&str], folder: &Path) -> Outcome {
    let mut cargo = shell::cargo(["build", "--release", "--locked", "--package", "queue-bench"]);
    cargo.current_dir(package()).env("CARGO_TARGET_DIR", shell::target());
    if features != "lean" {
        cargo.args(["--features", features]);
    }
    for program in programs {
        cargo.args(["--bin", program]);
    }
    shell::run(&mut cargo)?;
    fs::create_dir_all(folder).map_err(|error| format!("cannot make {folder:?}: {error}"))?;
    for program in programs {
        let built = shell::target().join("release").join(program);
        fs::copy(&built, folder.join(program))
            .map_err(|error| format!("cannot copy {built:?}: {error}"))?;
    }
    Ok(())
}
