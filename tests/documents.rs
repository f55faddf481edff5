//! What the documents at the top of the workspace name is there: files, folders and commands.

use std::{
    fs,
    path::{Path, PathBuf},
};

const DOCUMENTS: &[&str] = &["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "README.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What stands between backticks, code blocks left out, with the folder that the heading of a table
/// names: "File, below `folder`".
fn quoted(text: &str) -> Vec<(&str, &str)> {
    let (mut fenced, mut folder) = (false, "");
    let mut found = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        if line.is_empty() {
            folder = "";
        }
        let words = line.split('`').skip(1).step_by(2);
        match line.split_once(", below `") {
            Some((_, rest)) => folder = rest.split('`').next().unwrap_or_default(),
            None => found.extend(words.map(|word| (folder, word))),
        }
    }
    found
}

/// Whether a word is meant as a path of this workspace.
fn is_path(word: &str) -> bool {
    let ends_like_a_file = [".rs", ".md", ".toml", ".json"].iter().any(|end| word.ends_with(end));
    let begins_in_a_folder = ["queue-auth/", "queue-client/", "queue-proto/", "tests/", "xtask/"]
        .iter()
        .any(|folder| word.starts_with(folder));
    (begins_in_a_folder || ends_like_a_file) && !word.contains([' ', '*', '<', '{', '$'])
}

#[test]
fn every_file_that_a_document_names_exists() {
    let mut missing = Vec::new();
    let mut seen = 0;
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for (folder, word) in quoted(&text).into_iter().filter(|(_, word)| is_path(word)) {
            seen += 1;
            let place = if root().join(word).exists() { "" } else { folder };
            if !root().join(place).join(word).exists() {
                missing.push(format!("{document}: {word}"));
            }
        }
    }
    assert!(missing.is_empty(), "these are named and not there:\n{}", missing.join("\n"));
    assert!(seen > 50, "the documents name only {seen} files");
}

#[test]
fn every_command_that_a_document_names_exists() {
    let help = include_str!("../xtask/src/main.rs");
    for document in DOCUMENTS {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for (_, rest) in
            text.match_indices("cargo xtask ").map(|(at, found)| text.split_at(at + found.len()))
        {
            let command: String = rest
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '-')
                .collect();
            assert!(
                help.contains(&format!("\"{command}\" =>")),
                "{document}: cargo xtask {command}"
            );
        }
    }
}

#[test]
fn for_every_public_module_a_reason_is_given() {
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("the document");
    let reasons = architecture
        .split("## What is public")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .expect("the section");
    let given: Vec<_> = quoted(reasons).into_iter().map(|(_, word)| word).collect();
    let mut modules = Vec::new();
    for list in fs::read_dir(root().join("xtask/interface")).expect("the lists") {
        let text = fs::read_to_string(list.expect("a list").path()).expect("a list of items");
        let public = text.lines().filter_map(|line| line.strip_prefix("pub mod "));
        // Pages of the guide are modules of text.
        modules.extend(public.filter(|path| !path.contains("::guide::")).map(str::to_owned));
    }
    assert!(modules.len() > 30, "{modules:?}");
    let silent: Vec<_> = modules.iter().filter(|path| !given.contains(&path.as_str())).collect();
    assert!(silent.is_empty(), "ARCHITECTURE.md does not say why these are public: {silent:?}");
    let gone: Vec<_> = given
        .iter()
        .filter(|word| word.contains("::") && !modules.iter().any(|path| path == *word))
        .collect();
    assert!(gone.is_empty(), "ARCHITECTURE.md explains modules that are not public: {gone:?}");
}
