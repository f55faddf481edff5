//! What a registry shows of a package, and the versions by which the packages ask for each other.

use crate::metadata::Package;

pub(super) fn complaints(package: &Package, packages: &[Package]) -> Vec<String> {
    let name = &package.name;
    let mut found = Vec::new();
    for field in ["description", "documentation", "license", "readme", "rust_version"] {
        if package.field(field).is_empty() {
            found.push(format!("{name}: no `{field}`"));
        }
    }
    if package.field("documentation") != format!("https://docs.rs/{name}") {
        found.push(format!("{name}: `documentation` is not its page on docs.rs"));
    }
    for (field, most) in [("keywords", 5), ("categories", 5)] {
        let count = package.list(field).len();
        if count == 0 || count > most {
            found.push(format!("{name}: {count} {field}; a registry takes 1 to {most}"));
        }
    }
    let docs = package.manifest.pointer("/metadata/docs/rs/rustdoc-args").map(ToString::to_string);
    let library = package.manifest.pointer("/targets").is_some_and(|targets| {
        targets.as_array().into_iter().flatten().any(|target| {
            target.pointer("/kind/0").and_then(serde_json::Value::as_str) == Some("lib")
        })
    });
    if library && !docs.is_some_and(|arguments| arguments.contains("docsrs")) {
        found.push(format!("{name}: docs.rs would not show which feature an item needs"));
    }
    for sibling in packages {
        let wanted = format!("^{}", sibling.version);
        for requirement in package.requirements(&sibling.name) {
            if requirement != wanted {
                found.push(format!("{name}: wants {} {requirement}, not {wanted}", sibling.name));
            }
        }
    }
    if let Some(first) = packages.first()
        && package.version != first.version
    {
        found.push(format!("{name}: {} is not the version of {}", package.version, first.name));
    }
    found
}
