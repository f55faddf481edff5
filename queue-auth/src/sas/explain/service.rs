//! What a signature for blobs, files or tables says, in words.

use super::Explanation;
use crate::sas::fields::Fields;
use crate::sas::resource::{in_order, letters_of};
use crate::service::Service;

/// The kinds of resources by the field `sr`.
const RESOURCES: [(&str, &str); 7] = [
    ("b", "one blob"),
    ("bs", "one snapshot of a blob, which the URL names"),
    ("bv", "one version of a blob, which the URL names"),
    ("c", "one container and its blobs"),
    ("d", "one directory and what is in it"),
    ("s", "one share and its files"),
    ("f", "one file"),
];

const WORDS: [(char, &str); 15] = [
    ('r', "read"),
    ('a', "add"),
    ('c', "create"),
    ('w', "write"),
    ('d', "delete"),
    ('x', "delete versions"),
    ('y', "delete for good"),
    ('l', "list"),
    ('t', "read and write tags"),
    ('f', "find by tags"),
    ('m', "move"),
    ('e', "execute"),
    ('o', "change the owner"),
    ('p', "change permissions"),
    ('i', "set immutability"),
];

/// The fields that say how an answer or a write is changed, or bound a table.
const FIELDS: [(&str, &str); 14] = [
    ("ses", "blobs are encrypted with the scope"),
    ("rscc", "answers have the Cache-Control"),
    ("rscd", "answers have the Content-Disposition"),
    ("rsce", "answers have the Content-Encoding"),
    ("rscl", "answers have the Content-Language"),
    ("rsct", "answers have the Content-Type"),
    ("spk", "only from the partition key"),
    ("srk", "only from the row key"),
    ("epk", "only up to the partition key"),
    ("erk", "only up to the row key"),
    ("scid", "audit logs name it"),
    ("saoid", "signed for an agent who is authorized already:"),
    ("suoid", "signed for the agent"),
    ("sdd", "the number of directories in its path is"),
];

impl Explanation {
    /// The resource, and what changes its answers.
    pub(super) fn resource(&mut self, fields: &Fields<'_>, service: Option<Service>) {
        let own = fields.service();
        if let Some(service) = service.filter(|service| *service != own) {
            let field = if own == Service::Table { "tn" } else { "sr" };
            self.wrong(
                field,
                format!("is for the {own} service, and not for the {service} service"),
            );
        }
        if own == Service::Queue {
            if fields.get("sr").is_some() {
                self.note("sr", "not part of the signature for queues; the service ignores it");
            }
            return;
        }
        if let Some(table) = fields.get("tn") {
            self.note("tn", format!("opens the table {table:?}"));
        }
        let kind = fields.get("sr").unwrap_or_default();
        if let Some((_, words)) = RESOURCES.into_iter().find(|(known, _)| *known == kind) {
            self.note("sr", format!("opens {words}"));
        }
        for (name, what) in FIELDS {
            if let Some(value) = fields.get(name) {
                self.note(name, format!("{what} {value:?}"));
            }
        }
        for (name, what) in [("srh", "headers"), ("srq", "query parameters")] {
            if let Some(value) = fields.get(name) {
                self.note(name, format!("only for requests with the {what} {value:?}"));
            }
        }
    }

    /// The permissions of a signature for another service than that for queues.
    pub(super) fn letters(&mut self, letters: &str, fields: &Fields<'_>) {
        let kind = fields.get("sr").unwrap_or("tn");
        let known = letters_of(kind);
        if let Some(letter) = letters.chars().find(|letter| !known.contains(*letter)) {
            self.wrong("sp", format!("holds {letter:?}, which is not a letter of the resource"));
        } else if !in_order(kind, letters) {
            self.wrong("sp", format!("is not in the order {known:?}, each letter once"));
        } else {
            let words: Vec<&str> = WORDS
                .into_iter()
                .filter(|(letter, _)| letters.contains(*letter))
                .map(|(_, word)| word)
                .collect();
            self.note("sp", format!("permits to {}", words.join(", ")));
        }
    }
}
