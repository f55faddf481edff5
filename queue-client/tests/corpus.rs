//! What the fuzzers kept is run once more, without a fuzzer.

#![cfg(all(feature = "processor", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod fuzz_targets;

use std::{fs, path::Path};

#[test]
fn the_corpus_is_read_without_a_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    // The published package has no corpus.
    if !folder.exists() {
        return;
    }
    for (name, target) in fuzz_targets::TARGETS {
        // Every so many bytes one is changed: all of them would take a minute. A letter goes through
        // a whole processor.
        let step = if name == "letter" { 97 } else { 23 };
        let mut count = 0;
        for entry in fs::read_dir(folder.join(name)).unwrap() {
            let data = fs::read(entry.unwrap().path()).unwrap();
            target(&data);
            for at in (count % step..data.len()).step_by(step) {
                target(&data[..at]);
                // A byte that is another one: a bit less, a separator, an escape, a quote.
                for other in [data[at] ^ 1, b'&', b';', b'=', b'%', b'"'] {
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
