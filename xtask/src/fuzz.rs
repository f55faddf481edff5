//! `cargo xtask fuzz`: the fuzz targets of the crates, with libFuzzer through cargo-fuzz. To add one,
//! write its function and seeds into the tests of its crate, and its name into `TARGETS`.

use std::{fs, process::Command};

use lexopt::{Arg, Parser, ValueExt};

use crate::{Outcome, shell, usage};

/// The targets, and the folder of the crate whose tests have each.
const TARGETS: [(&str, &str); 16] = [
    ("request", "queue-proto"),
    ("response", "queue-proto"),
    ("text", "queue-proto"),
    ("dates", "queue-proto"),
    ("endpoint", "queue-proto"),
    ("verify", "queue-auth"),
    ("sas_token", "queue-auth"),
    ("challenge", "queue-auth"),
    ("mismatch", "queue-auth"),
    ("connection_string", "queue-client"),
    ("sas_url", "queue-client"),
    ("letter", "queue-client"),
    ("handle", "tests/emulator"),
    ("faults", "tests/emulator"),
    ("settings", "tests/emulator"),
    ("log", "tests/emulator"),
];
const SECONDS: u64 = 600;
/// The longest input: more than the largest part of a request that is read by itself.
const LONGEST: &str = "-max_len=16384";

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut seconds = SECONDS;
    let mut targets = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("seconds") => {
                seconds = arguments.value().and_then(|value| value.parse()).map_err(usage)?;
            }
            Arg::Value(name) => {
                let name = name.string().map_err(usage)?;
                let Some(target) = TARGETS.into_iter().find(|(known, _)| *known == name) else {
                    let all = TARGETS.map(|(known, _)| known).join(", ");
                    return Err(format!("there is no fuzz target `{name}`: there are {all}"));
                };
                targets.push(target);
            }
            other => return Err(usage(other.unexpected())),
        }
    }
    if targets.is_empty() {
        targets.extend(TARGETS);
    }
    prepare()?;
    targets.into_iter().try_for_each(|(target, of)| fuzz(target, of, seconds))
}

/// libFuzzer needs a nightly compiler, and cargo-fuzz to build with it.
fn prepare() -> Outcome {
    shell::output(Command::new("rustup").args(["run", "nightly", "rustc", "--version"])).map_err(
        |_| "fuzzing needs a nightly compiler: `rustup toolchain install nightly`".to_owned(),
    )?;
    if shell::output(&mut shell::cargo(["fuzz", "--version"])).is_ok() {
        return Ok(());
    }
    shell::run(&mut shell::cargo(["install", "cargo-fuzz", "--locked"]))
}

fn fuzz(target: &str, of: &str, seconds: u64) -> Outcome {
    let found = shell::scratch("fuzz").join("corpus").join(target);
    fs::create_dir_all(&found).map_err(|error| format!("cannot make {found:?}: {error}"))?;
    let seeds = shell::root().join(of).join("tests/corpus").join(target);
    shell::run(
        Command::new("cargo")
            .current_dir(shell::root())
            .args(["+nightly", "fuzz", "run", "--fuzz-dir", "tests/fuzz", "--target-dir"])
            .arg(shell::scratch("fuzz").join("target"))
            .arg(target)
            .args([found, seeds])
            .args(["--", &format!("-max_total_time={seconds}"), LONGEST, "-rss_limit_mb=2048"]),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A target is a program for the fuzzer, a folder of seeds, and a line of the list.
    #[test]
    fn every_target_is_listed_and_has_seeds() {
        let folder = shell::root().join("tests/fuzz");
        let programs: BTreeSet<_> = fs::read_dir(folder.join("fuzz_targets"))
            .unwrap()
            .map(|entry| entry.unwrap().path().file_stem().unwrap().display().to_string())
            .collect();
        let listed = TARGETS.map(|(name, _)| name.to_owned());
        assert_eq!(programs, BTreeSet::from(listed));
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        for (name, of) in TARGETS {
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
            let of = shell::root().join(of);
            let seeds = fs::read_dir(of.join("tests/corpus").join(name)).unwrap().count();
            assert!(seeds >= 10, "{name}: {seeds}");
            let functions = fs::read_to_string(of.join("tests/fuzz_targets/mod.rs")).unwrap();
            let runs = [format!("(\"{name}\", {name})"), format!("(\"{name}\", store::{name})")];
            assert!(runs.iter().any(|run| functions.contains(run)), "{name} runs in no test");
        }
    }
}
