//! Refuses the worst of the documentation's prose: riddles such as `/// Whose.`, questions, and files
//! that do not say what they are for. `run` names each place.

use std::{fs, path::Path};

use crate::{Outcome, shell};

/// The folders whose documentation is read.
const FOLDERS: &[&str] = &[
    "queue-proto/src",
    "queue-auth/src",
    "queue-client/src",
    "queue-client/azq/src",
    "tests/emulator/src",
    "tests/demo/src",
    "tests/simulator/src",
    "tests/examples/event_grid/src",
    "tests/examples/omniqueue/src",
    "tests/examples/prometheus/src",
    "tests/src",
    "xtask/src",
];

/// A paragraph of fewer words names nothing.
const LEAST_WORDS: usize = 3;

pub(super) fn run() -> Outcome {
    let mut found = Vec::new();
    for folder in FOLDERS {
        read_folder(&shell::root().join(folder), &mut found)
            .map_err(|error| format!("cannot read {folder}: {error}"))?;
    }
    if found.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} places in the documentation say too little; a doc line is a sentence, or names the thing:\n{}",
        found.len(),
        found.join("\n")
    ))
}

fn read_folder(folder: &Path, found: &mut Vec<String>) -> std::io::Result<()> {
    let mut entries: Vec<_> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_folder(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path)?;
            let name = path.strip_prefix(shell::root()).unwrap_or(&path).display().to_string();
            found.extend(
                complaints(&text)
                    .into_iter()
                    .map(|(line, complaint)| format!("  {name}:{line}: {complaint}")),
            );
        }
    }
    Ok(())
}

/// The number of the line and what is wrong with the paragraph that begins there.
fn complaints(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let start = text.trim_start();
    if !start.starts_with("//!") && !start.starts_with("#![doc = include_str!(") {
        found.push((1, "the file does not say what it is for".into()));
    }
    for (line, paragraph) in paragraphs(text) {
        let words = words(&paragraph);
        if words < LEAST_WORDS && !paragraph.starts_with("Default: ") {
            found.push((line, format!("`{paragraph}` has fewer than three words")));
        } else if paragraph.ends_with('?') {
            found.push((line, format!("`{paragraph}` is a question")));
        } else if let Some(riddle) = sentences(&paragraph).find(|sentence| is_riddle(sentence)) {
            found.push((line, format!("`{riddle}` is a riddle")));
        }
    }
    found
}

/// The paragraphs of all documentation comments: no headings, code, lists, tables or links.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    // `open`: the line before belongs to the last paragraph; `skipped`: it belongs to what is none.
    let (mut open, mut skipped, mut fenced) = (false, false, false);
    let mut last_mark = "";
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        let mark = line.get(..3).unwrap_or_default();
        if mark != last_mark {
            (open, skipped) = (false, false);
        }
        last_mark = mark;
        let doc = ["///", "//!"].iter().find_map(|mark| line.strip_prefix(mark));
        let Some(doc) = doc.filter(|doc| !doc.starts_with('/')) else {
            (open, skipped, fenced) = (false, false, false);
            continue;
        };
        if doc.trim_start().starts_with("```") {
            (open, skipped, fenced) = (false, false, !fenced);
            continue;
        }
        let doc = doc.trim();
        if fenced || doc.is_empty() || doc.starts_with(['#', '|']) {
            (open, skipped) = (false, false);
            continue;
        }
        if doc.starts_with("* ") || doc.starts_with("- ") || link_target(doc) {
            (open, skipped) = (false, true);
        } else if let Some((_, paragraph)) = found.last_mut().filter(|_| open) {
            paragraph.push(' ');
            paragraph.push_str(doc);
        } else if !skipped {
            found.push((number, doc.to_owned()));
            open = true;
        }
    }
    found
}

fn link_target(line: &str) -> bool {
    line.starts_with('[') && line.contains("]: ")
}

fn words(text: &str) -> usize {
    text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
}

/// Parts that end in a full stop and a blank, without what stands in parentheses or quotes.
fn sentences(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split(". ").map(|sentence| sentence.trim_end_matches('.'))
}

/// A sentence of one word, whatever it is, tells a stranger nothing.
fn is_riddle(sentence: &str) -> bool {
    let alone = sentence.split_whitespace().count() == 1;
    alone && sentence.chars().all(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::complaints;

    fn of(text: &str) -> Vec<String> {
        complaints(&format!("//! What this file is for, in a sentence.\n{text}"))
            .into_iter()
            .map(|(line, complaint)| format!("{line}: {complaint}"))
            .collect()
    }

    #[test]
    fn riddles_and_questions_are_found() {
        assert_eq!(of("/// Whose.\nstruct A;"), ["2: `Whose.` has fewer than three words"]);
        assert_eq!(of("    /// From when?"), ["2: `From when?` has fewer than three words"]);
        assert_eq!(
            of("/// May the\n/// message be read?"),
            ["2: `May the message be read?` is a question"]
        );
        assert_eq!(
            of("/// The queue of this call. Never. It is made."),
            ["2: `Never` is a riddle"]
        );
        assert_eq!(complaints("fn f() {}"), [(1, "the file does not say what it is for".into())]);
    }

    #[test]
    fn sentences_defaults_headings_lists_tables_and_code_pass() {
        let text = "\
/// The queue to receive from.
///
/// # Errors
///
/// * short
/// * shorter, and the rest
///   of it
///
/// | a | b |
///
/// Default: none.
///
/// ```
/// x();
/// ```
/// It ends in one
/// word.
///
/// [`A`]: crate::A
//// no documentation
// Why?
struct A;";
        assert_eq!(of(text), Vec::<String>::new());
    }
}
