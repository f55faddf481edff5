//! [`redact`]: what differs from run to run is replaced by its name: ids, times, ages, receipts, ports.

use std::sync::LazyLock;

use regex::Regex;

const RULES: [(&str, &str); 8] = [
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[ID]"),
    (r"\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d(\.\d+)?Z", "[TIME]"),
    (r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", "[DATE]"),
    (r"sig=[A-Za-z0-9%]+", "sig=[SIGNATURE]"),
    (r"[A-Za-z0-9+/]{22}==", "[RECEIPT]"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[PORT]"),
    (r"\b(in )?\d+(s|m|h|d| minutes)\b( \d+(s|m|h|d)\b)*", "[AGE]"),
    // Columns are as wide as what is in them.
    (r"  +", "  "),
];

/// The text with names for what differs from run to run.
pub(crate) fn redact(text: &str) -> String {
    static COMPILED: LazyLock<Vec<(Regex, &str)>> =
        LazyLock::new(|| RULES.map(|(rule, name)| (Regex::new(rule).unwrap(), name)).into());
    COMPILED
        .iter()
        .fold(text.to_owned(), |text, (rule, name)| rule.replace_all(&text, *name).into())
}
