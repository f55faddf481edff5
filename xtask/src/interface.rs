//! `cargo xtask interface`: the public names of each library, from rustdoc, beside the list that is
//! checked in. A change of the interface is a change of that list, and is seen in review.

use std::{collections::BTreeSet, path::PathBuf};

use lexopt::{Arg, Parser};
use serde_json::{Map, Value};

use crate::{
    Outcome,
    files::{make, read, write},
    shell, usage,
};

const LIBRARIES: [&str; 4] = ["queue-proto", "queue-auth", "queue-client", "queue-emulator"];

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let (mut check, mut bless) = (false, false);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("check") => check = true,
            Arg::Long("bless") => bless = true,
            other => return Err(usage(other.unexpected())),
        }
    }
    let mut differences = 0;
    for library in LIBRARIES {
        let now = names(&documentation(library)?);
        let list = list(library);
        if bless {
            let text: String = now.iter().map(|name| format!("{name}\n")).collect();
            make(list.parent().unwrap_or(&list))?;
            write(&list, text)?;
        }
        let text = read(&list).map_err(|error| format!("{error}; `--bless` writes it"))?;
        let before: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        for gone in before.difference(&now) {
            println!("- {gone}");
        }
        for new in now.difference(&before) {
            println!("+ {new}");
        }
        differences += before.symmetric_difference(&now).count();
        println!("{library}: {} public items", now.len());
    }
    match differences {
        0 => Ok(()),
        count if check => Err(format!(
            "{count} differences from the lists of public items; `cargo xtask interface --bless` writes them"
        )),
        _ => Ok(()),
    }
}

fn list(library: &str) -> PathBuf {
    shell::root().join("xtask").join("interface").join(format!("{library}.txt"))
}

/// What rustdoc knows of the library, as JSON: a format of the nightly tool, and the only one of its
/// unstable options that is used.
fn documentation(library: &str) -> Result<Value, String> {
    shell::run(
        shell::cargo(["rustdoc", "--quiet", "--lib", "--all-features", "--package", library])
            .args(["--", "-Z", "unstable-options", "--output-format", "json"])
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    let name = library.replace('-', "_");
    let file = shell::target().join("doc").join(format!("{name}.json"));
    serde_json::from_str(&read(&file)?).map_err(|error| format!("{}: {error}", file.display()))
}

/// A line for each public item, by the path by which others reach it.
fn names(documentation: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(index) = documentation.get("index").and_then(Value::as_object)
        && let Some(root) = documentation.get("root").map(key)
    {
        walk(index, &root, "", &mut found);
    }
    found
}

/// Goes down from the item: modules, what they re-export from this crate, and what types hold.
fn walk(index: &Map<String, Value>, id: &str, above: &str, found: &mut BTreeSet<String>) {
    let Some(item) = index.get(id) else { return };
    let Some((kind, inner)) =
        item.get("inner").and_then(Value::as_object).and_then(|inner| inner.iter().next())
    else {
        return;
    };
    if kind == "use" {
        let name = inner.get("name").and_then(Value::as_str).unwrap_or_default();
        let target = inner.get("id").map(key).unwrap_or_default();
        match index.get(&target).and_then(|target| target.get("name")).and_then(Value::as_str) {
            // The item is reached by the name that the re-export gives it.
            Some(own) if own == name => walk(index, &target, above, found),
            _ => drop(found.insert(format!("use {above}::{name}"))),
        }
        return;
    }
    if kind == "impl" {
        // What a trait brings has its place in the trait.
        if inner.get("trait").is_none_or(Value::is_null) {
            children(index, inner, &["items"], above, found);
        }
        return;
    }
    let Some(name) = item.get("name").and_then(Value::as_str) else { return };
    let path = if above.is_empty() { name.to_owned() } else { format!("{above}::{name}") };
    let growing =
        item.get("attrs").is_some_and(|attrs| attrs.to_string().contains("non_exhaustive"));
    let line = format!("{kind} {path}{}", if growing { " (non_exhaustive)" } else { "" });
    if !found.insert(line) {
        return;
    }
    children(index, inner, &["items", "variants", "impls"], &path, found);
    if let Some(fields) = inner.pointer("/kind/plain/fields") {
        ids(fields).for_each(|id| walk(index, &id, &path, found));
    }
}

fn children(
    index: &Map<String, Value>,
    inner: &Value,
    lists: &[&str],
    path: &str,
    found: &mut BTreeSet<String>,
) {
    for list in lists.iter().filter_map(|list| inner.get(list)) {
        ids(list).for_each(|id| walk(index, &id, path, found));
    }
}

fn ids(list: &Value) -> impl Iterator<Item = String> {
    list.as_array().into_iter().flatten().map(key)
}

/// The key of an item in the index: its number.
fn key(id: &Value) -> String {
    id.to_string().trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::names;

    #[test]
    fn types_methods_and_what_may_grow_are_listed() {
        let documentation = json!({ "root": 0, "index": {
            "0": { "name": "a", "inner": { "module": { "items": [1, 5] } } },
            "1": { "name": null, "inner": { "use": { "name": "S", "id": 2 } } },
            "2": { "name": "S", "attrs": ["non_exhaustive"],
                   "inner": { "struct": { "kind": { "plain": { "fields": [6] } }, "impls": [3] } } },
            "3": { "name": null, "inner": { "impl": { "trait": null, "items": [4] } } },
            "4": { "name": "new", "inner": { "function": {} } },
            "5": { "name": null, "inner": { "use": { "name": "http", "id": 99 } } },
            "6": { "name": "id", "inner": { "struct_field": {} } },
        } });
        let found: Vec<String> = names(&documentation).into_iter().collect();
        assert_eq!(
            found,
            [
                "function a::S::new",
                "module a",
                "struct a::S (non_exhaustive)",
                "struct_field a::S::id",
                "use a::http",
            ]
        );
    }
}
