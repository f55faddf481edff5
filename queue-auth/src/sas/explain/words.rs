//! The words for the letters of signatures for queues and for accounts.

use std::fmt;

pub(super) const SERVICE_WORDS: &[(char, &str)] =
    &[('b', "blobs"), ('f', "files"), ('q', "queues"), ('t', "tables")];

pub(super) const LEVEL_WORDS: &[(char, &str)] = &[
    ('s', "the service (list, properties, statistics)"),
    ('c', "queues (create, delete, metadata)"),
    ('o', "messages"),
];

pub(super) const QUEUE_WORDS: &[(char, &str)] = &[
    ('r', "peek and read metadata"),
    ('a', "put messages"),
    ('u', "update messages"),
    ('p', "get and delete messages"),
];

pub(super) const ACCOUNT_WORDS: &[(char, &str)] = &[
    ('r', "read and peek"),
    ('w', "write (create queues, set metadata and properties)"),
    ('d', "delete queues and clear messages"),
    ('l', "list queues"),
    ('a', "put messages"),
    ('c', "create queues"),
    ('u', "update messages"),
    ('p', "get and delete messages"),
];

/// The levels for who uses an account signature elsewhere than for queues.
pub(super) const LEVEL_WORDS_ELSEWHERE: &[(char, &str)] = &[
    ('s', "the service (list, properties, statistics)"),
    ('c', "containers, shares and tables"),
    ('o', "blobs, files and entities"),
];

/// The permissions for who uses an account signature elsewhere than for queues.
pub(super) const ACCOUNT_WORDS_ELSEWHERE: &[(char, &str)] = &[
    ('r', "read"),
    ('w', "write"),
    ('d', "delete"),
    ('x', "delete versions"),
    ('y', "delete for good"),
    ('l', "list"),
    ('a', "add"),
    ('c', "create"),
    ('u', "update"),
    ('t', "read and write tags"),
    ('f', "find by tags"),
    ('i', "set immutability"),
];

/// The words for the letters of a set, joined by commas.
pub(super) fn words(letters: &impl fmt::Display, table: &[(char, &str)]) -> String {
    let letters = letters.to_string();
    let words = table.iter().filter(|(letter, _)| letters.contains(*letter));
    words.map(|(_, word)| *word).collect::<Vec<_>>().join(", ")
}
