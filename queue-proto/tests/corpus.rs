//! What the fuzzers kept is run once more, without a fuzzer.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fuzz_targets;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_is_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    // The published package has no corpus.
    if !folder.exists() {
        return;
    }
    for (name, target) in fuzz_targets::TARGETS {
        let mut count = 0;
        for entry in fs::read_dir(folder.join(name)).unwrap() {
            target(&fs::read(entry.unwrap().path()).unwrap());
            count += 1;
        }
        assert!(count >= 10, "{name}: {count}");
    }
}

#[test]
fn the_golden_files_are_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire");
    for entry in fs::read_dir(folder).unwrap() {
        let data = fs::read(entry.unwrap().path()).unwrap();
        fuzz_targets::request(&data);
        fuzz_targets::response(&data);
        for cut in (0..data.len()).step_by(7) {
            fuzz_targets::request(data.get(..cut).unwrap());
            fuzz_targets::response(data.get(..cut).unwrap());
        }
    }
}
