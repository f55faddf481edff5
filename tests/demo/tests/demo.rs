//! A short demo, with everything that can happen in it.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::{collections::HashMap, process::Command};

/// Processors that are killed and suspended while they work, on a bad line over HTTP: nothing is
/// lost, every repetition has its cause, and no message is held by two at once. The demo fails
/// otherwise; here it is also made sure that it has had something to judge.
#[test]
fn nothing_is_lost_whatever_happens_to_the_receivers() {
    let output = Command::new(env!("CARGO_BIN_EXE_queue-demo"))
        .args(["--messages", "1000", "--kills", "6", "--stops", "1", "--faults", "2"])
        .env_remove("AZURE_STORAGE_CONNECTION_STRING")
        .output()
        .unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{told}\n{errors}");
    // A row is a name of some words, a number, and perhaps a remark.
    let rows: HashMap<_, _> = told
        .lines()
        .filter_map(|line| {
            let (name, rest) = (line.get(..22)?.trim(), line.get(22..)?);
            Some((name, rest.split_whitespace().next()?.parse::<u32>().ok()?))
        })
        .collect();
    assert_eq!((rows["completed"], rows["lost"], rows["overlaps"]), (1000, 0, 0), "{told}");
    for name in ["receivers killed", "receivers suspended", "handlers cut off", "received again"] {
        assert!(rows[name] > 0, "{name}: {told}");
    }
    assert!(rows["requests spoiled"] > 0, "{told}");
}
