//! All formats of the lists and documents, as they are in `formats.txt`: scripts rest on them.
//! `SNAPSHOTS=overwrite` writes the file anew.

use snapbox::Data;

use crate::{
    harness::{Bench, ended},
    redact::redact,
};

const FORMATS: [&str; 7] = ["table", "json", "jsonl", "csv", "tsv", "name", "template={name}"];
/// The formats of lists of messages.
const MESSAGES: [&str; 8] =
    ["table", "json", "jsonl", "csv", "tsv", "name", "raw", "template={id} {attempt} {body}"];

/// What a command prints on standard output, below the command.
fn show(bench: &Bench, transcript: &mut String, line: &str) {
    let run = ended(&mut bench.shell(line), b"");
    assert_eq!(run.code, 0, "{line}: {}", run.err);
    transcript.push_str(&format!("$ {line}\n{}\n", redact(&run.out).replace("\r\n", "\\r\n")));
}

#[test]
fn formats_are_stable() {
    let bench = Bench::new();
    bench.queue("orders", &["17 bottles", "{\"order\":4711}", "a,\"b\"\tc", "aGVsbG8gd29ybGQ="]);
    bench.queue("orders-poison", &[]);
    bench.queue("single", &["18 bottles"]);
    bench.queue("received", &["1", "2", "3", "4", "5", "6", "7", "8"]);
    let letter =
        "azq work received --drain --envelope --max-deliveries 1 -- sh -c '[ $(cat) -gt 1 ]'";
    assert_eq!(ended(&mut bench.shell(letter), b"").code, 0);
    bench.queue("received", &["1", "2", "3", "4", "5", "6", "7", "8"]);
    let policy = "azq policy set orders reader --permissions r --expiry 2099-01-01T00:00Z";
    assert_eq!(ended(&mut bench.shell(policy), b"").code, 0);
    let context = "azq context add other --account-name acme --auth-mode login --protected";
    assert_eq!(ended(&mut bench.shell(context), b"").code, 0);

    let mut transcript = String::new();
    for verb in ["ls", "ls -l", "info orders", "top --once", "policy get orders", "context ls"] {
        for format in FORMATS {
            show(&bench, &mut transcript, &format!("azq {verb} -o '{format}'"));
        }
    }
    for format in MESSAGES {
        show(&bench, &mut transcript, &format!("azq peek orders -o '{format}'"));
    }
    for format in MESSAGES {
        show(&bench, &mut transcript, &format!("azq receive received -o '{format}'"));
    }
    for format in ["table", "jsonl"] {
        for verb in [
            "scan orders --allow-lease --any-attempt --match 4711",
            "take single --keep",
            "redrive received --dry-run",
            "peek single --fields id,size",
            "cp orders orders-poison --any-attempt --yes",
        ] {
            show(&bench, &mut transcript, &format!("azq {verb} -o '{format}'"));
        }
    }
    // Raw, since a backslash is one.
    snapbox::assert_data_eq!(Data::text(transcript).raw(), snapbox::file!["formats.txt"].raw());
}
