//! The transcripts of `README.md` are run: each `$` line of a `console` block, in their order, on one
//! emulator. What differs from run to run is left out of the comparison. `AZQ_WRITE=1` writes what the
//! commands print into the file.

use std::{fs, path::Path};

use queue_emulator::{Account, Emulator};

use snapbox::Data;

use crate::{
    harness::{Bench, ended},
    redact::redact,
};

/// The command of a line, and of the lines after it that go on with it.
fn command(first: &str, lines: &mut std::iter::Peekable<std::str::Lines<'_>>) -> String {
    let mut command = first.to_owned();
    while command.ends_with('\\') {
        command.push('\n');
        command.push_str(lines.next().unwrap_or_default());
    }
    command
}

/// The text of the file with what its commands print now.
fn played(bench: &Bench, other: &str, readme: &str) -> (String, usize) {
    let (mut played, mut count) = (String::new(), 0);
    let mut lines = readme.lines().peekable();
    let mut inside = false;
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            inside = line == "```console";
        }
        let Some(first) = line.strip_prefix("$ ").filter(|_| inside) else {
            if !inside || line.starts_with("```") {
                played.push_str(&format!("{line}\n"));
            }
            continue;
        };
        let command = command(first, &mut lines);
        count += 1;
        let mut shell = bench.shell(&format!("{{ {command}\n}} 2>&1"));
        shell.env("OTHER_CONNECTION_STRING", other);
        let run = ended(&mut shell, b"");
        let out = run.out.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
        // The one path that is printed is that of the contexts, which is another for the reader.
        let out = out.replace(&bench.folder().display().to_string(), "~/.config/azq");
        played.push_str(&format!("$ {command}\n{out}"));
    }
    (played, count)
}

#[test]
fn the_transcripts_are_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let second = Account::new("acme", &["c2VjcmV0"]).unwrap();
    let bench =
        Bench::of(Emulator::builder().account(Account::devstore()).account(second.clone()).build());
    let script = bench.folder().join("make-thumb.sh");
    fs::write(&script, "#!/bin/sh\necho \"thumbnail of $(cat)\"\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let other = bench.server.connection_string_of(&second);
    let (played, count) = played(&bench, &other, &readme);
    assert!(count >= 15, "{count} commands were run");
    if std::env::var_os("AZQ_WRITE").is_some() {
        // Whoever types it has the emulator at its port.
        let port = bench.server.local_addr().port().to_string();
        fs::write(&path, played.replace(&format!(":{port}"), ":10001")).unwrap();
    }
    let readme = fs::read_to_string(&path).unwrap();
    let (played, readme) = (Data::text(redact(&played)), Data::text(redact(&readme)));
    // Raw, since a backslash is one.
    snapbox::assert_data_eq!(played.raw(), readme.raw());
}
