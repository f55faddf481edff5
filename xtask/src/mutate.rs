//! Proves that the simulator's suite notices mistakes: breaks the processor's state machine in one
//! known way after the other, in a copy of the workspace, and expects the suite to fail each time.

mod list;

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use lexopt::{Arg, Parser, ValueExt};

use self::list::MUTATIONS;
use crate::{Outcome, shell, usage};

/// Many times what the suite takes.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// One change of one source file.
pub(crate) struct Mutation {
    name: &'static str,
    /// The path of the file below `queue-client/src/processor`.
    file: &'static str,
    /// Text that stands in the file exactly once.
    find: &'static str,
    replace: &'static str,
}

impl Mutation {
    /// The file, in which the text stands once.
    fn source(&self, workspace: &Path) -> Result<String, String> {
        let path = workspace.join("queue-client/src/processor").join(self.file);
        let source = fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        match source.matches(self.find).count() {
            1 => Ok(source),
            places => {
                Err(format!("`{}`: the text stands {places} times in {}", self.name, self.file))
            }
        }
    }
}

/// What the suite made of a mutation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Noticed,
    Survived,
}

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let mut words = Vec::new();
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Value(word) => words.push(word.string().map_err(usage)?),
            other => return Err(usage(other.unexpected())),
        }
    }
    let copy = shell::scratch("mutants");
    let _ = fs::remove_dir_all(copy.join("workspace"));
    let workspace = copy.join("workspace");
    copy_tree(&shell::root(), &workspace).map_err(|error| format!("cannot copy: {error}"))?;
    let suite = Suite { workspace, target: copy.join("target") };

    eprintln!("the suite without a mutation");
    if suite.judge()? != Verdict::Noticed {
        eprintln!("passes");
    } else {
        return Err("the suite fails without a mutation".into());
    }
    let mut survivors = Vec::new();
    let mut table = String::from("| Mutation | Suite | Seconds |\n| --- | --- | --- |\n");
    let wanted = |mutation: &&Mutation| {
        words.is_empty() || words.iter().any(|word| mutation.name.contains(word))
    };
    for mutation in MUTATIONS.iter().filter(wanted) {
        let started = Instant::now();
        eprintln!("{}", mutation.name);
        let verdict = suite.try_out(mutation)?;
        let word = match verdict {
            Verdict::Noticed => "fails",
            Verdict::Survived => "PASSES",
        };
        eprintln!("    the suite {word}");
        let seconds = started.elapsed().as_secs();
        table.push_str(&format!("| {} | {word} | {seconds} |\n", mutation.name));
        if verdict == Verdict::Survived {
            survivors.push(mutation.name);
        }
    }
    print!("{table}");
    if survivors.is_empty() {
        Ok(())
    } else {
        Err(format!("the suite does not notice: {}", survivors.join("; ")))
    }
}

struct Suite {
    workspace: PathBuf,
    target: PathBuf,
}

impl Suite {
    fn try_out(&self, mutation: &Mutation) -> Result<Verdict, String> {
        let path = self.workspace.join("queue-client/src/processor").join(mutation.file);
        let error = |error: io::Error| format!("{}: {error}", path.display());
        let source = mutation.source(&self.workspace)?;
        let mutated = source.replacen(mutation.find, mutation.replace, 1);
        fs::write(&path, mutated).map_err(error)?;
        let verdict = self.judge();
        fs::write(&path, source).map_err(error)?;
        verdict
    }

    /// What does not compile proves nothing, so it is an error.
    fn judge(&self) -> Result<Verdict, String> {
        self.cargo(&["--no-run"], Stdio::inherit()).and_then(|compiles| {
            if compiles { Ok(()) } else { Err("the mutant does not compile".to_owned()) }
        })?;
        let passes = self.cargo(&[], Stdio::null())?;
        Ok(if passes { Verdict::Survived } else { Verdict::Noticed })
    }

    fn cargo(&self, more: &[&str], errors: Stdio) -> Result<bool, String> {
        let mut command = shell::cargo(["test", "--quiet", "--profile", "simulate"]);
        command
            .args(["--package", "queue-simulator"])
            .args(more)
            .current_dir(&self.workspace)
            .env("CARGO_TARGET_DIR", &self.target)
            // Mutants need not be tidy.
            .env("RUSTFLAGS", "--cap-lints allow")
            .stdout(Stdio::null())
            .stderr(errors);
        let mut child = command.spawn().map_err(|error| format!("cannot run cargo: {error}"))?;
        let started = Instant::now();
        loop {
            let status = child.try_wait().map_err(|error| format!("cannot wait: {error}"))?;
            if let Some(status) = status {
                return Ok(status.success());
            }
            // A suite that does not come to an end has noticed too.
            if started.elapsed() > TIME_LIMIT && !more.contains(&"--no-run") {
                let _ = child.kill();
                let _ = child.wait();
                return Ok(false);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if [".git", "target"].iter().any(|skipped| name == *skipped) {
            continue;
        }
        let target = to.join(&name);
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if entry.file_type()?.is_file() {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A mutation that has lost its place would be noticed in an hour otherwise.
    #[test]
    fn every_mutation_has_its_place() {
        let lost: Vec<_> =
            MUTATIONS.iter().filter_map(|mutation| mutation.source(&shell::root()).err()).collect();
        assert!(lost.is_empty(), "{lost:#?}");
    }

    /// The comments of the core name the tests that pin their rules.
    #[test]
    fn comments_of_the_core_name_tests_that_exist() {
        let root = shell::root();
        let tests = root.join("tests/simulator/tests/directed");
        let mut named = 0;
        let mut missing = Vec::new();
        for file in fs::read_dir(root.join("queue-client/src/processor/core")).unwrap() {
            let path = file.unwrap().path();
            let source = fs::read_to_string(&path).unwrap();
            let comments = source.lines().filter(|line| line.trim_start().starts_with("//"));
            for name in comments.flat_map(|line| line.split('`').skip(1).step_by(2)) {
                let Some((module, test)) = name.split_once("::") else { continue };
                let file = tests.join(format!("{module}.rs"));
                if module.chars().all(|c| c.is_ascii_lowercase()) && file.exists() {
                    named += 1;
                    let there = fs::read_to_string(&file).unwrap();
                    if !there.contains(&format!("fn {test}()")) {
                        missing.push(format!("{name} in {}", path.display()));
                    }
                }
            }
        }
        assert!(named >= 20, "only {named} tests are named");
        assert!(missing.is_empty(), "{missing:#?}");
    }
}
