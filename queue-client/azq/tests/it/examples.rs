//! Every verb's help begins with two examples, and they work.

use std::process::Command;

use crate::harness::{Bench, ended};

fn help(words: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_azq"));
    let help = ended(command.args(words).arg("--help"), b"");
    assert_eq!(help.code, 0, "{words:?}: {}", help.err);
    help.out
}

/// The verbs that the help lists.
fn verbs() -> Vec<String> {
    let help = help(&[]);
    let (_, rest) = help.split_once("Commands:\n").unwrap();
    let (verbs, _) = rest.split_once("\n\n").unwrap();
    verbs
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect()
}

fn examples(help: &str) -> Vec<String> {
    let (_, rest) = help.split_once("Examples:\n").unwrap();
    rest.lines()
        .take_while(|line| line.starts_with("  "))
        .map(|line| line.trim().to_owned())
        .collect()
}

#[test]
fn every_verb_has_two_examples_that_work() {
    let verbs = verbs();
    assert!(verbs.len() >= 9, "{verbs:?}");
    for verb in verbs {
        let help = help(&[&verb]);
        let examples = examples(&help);
        assert!(examples.len() >= 2, "{verb}: {help}");
        let bench = Bench::new();
        bench.queue("orders", &["17 bottles", "{\"order\":4711}"]);
        bench.queue("orders-poison", &["3 glasses"]);
        for example in examples {
            let run = ended(&mut bench.shell(&example), b"");
            assert_eq!(run.code, 0, "{example}\n{}{}", run.out, run.err);
        }
    }
}

#[test]
fn azq_alone_says_what_to_type_first() {
    let run = ended(&mut Command::new(env!("CARGO_BIN_EXE_azq")), b"");
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for line in ["azq send orders", "azq ls -l", "AZURE_STORAGE_CONNECTION_STRING"] {
        assert!(run.err.contains(line), "{}", run.err);
    }
}
