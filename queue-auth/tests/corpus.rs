//! What the fuzzers kept is run once more, without a fuzzer.

#![cfg(all(feature = "aad", feature = "verify-bearer"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod fuzz_targets;

use std::fs;
use std::path::Path;

/// Every so many bytes one is changed: all of them would take a minute.
const STEP: usize = 11;

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
            let data = fs::read(entry.unwrap().path()).unwrap();
            target(&data);
            for at in (count % STEP..data.len()).step_by(STEP) {
                target(data.get(..at).unwrap());
                // A byte that is another one: a bit less, a separator, an escape.
                for other in [data[at] ^ 1, b'&', b'+', b'%', b'\n', b'\\'] {
                    let mut changed = data.clone();
                    changed[at] = other;
                    target(&changed);
                }
            }
            count += 1;
        }
        assert!(count >= 10, "{name}: {count}");
    }
}
