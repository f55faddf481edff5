//! What `cargo metadata` says of the workspace's own packages: names, versions, folders and the
//! fields that a registry shows.

use std::{collections::BTreeSet, path::PathBuf};

use serde_json::Value;

use crate::shell;

/// The crates that people depend on.
pub(crate) const LIBRARIES: [&str; 4] =
    ["queue-proto", "queue-auth", "queue-client", "queue-emulator"];

/// A package of the workspace that may be published.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) folder: PathBuf,
    /// The oldest compiler that the package promises to build with.
    pub(crate) rust_version: String,
    /// The manifest as cargo reads it.
    pub(crate) manifest: Value,
}

impl Package {
    /// A field of the manifest that is a text, or nothing.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.manifest.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of the manifest that is a list of texts.
    pub(crate) fn list(&self, name: &str) -> Vec<&str> {
        let list = self.manifest.get(name).and_then(Value::as_array);
        list.into_iter().flatten().filter_map(Value::as_str).collect()
    }

    /// The dependencies of the package: name, version requirement, and whether tests alone have it.
    fn dependencies(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let list = self.manifest.get("dependencies").and_then(Value::as_array);
        list.into_iter().flatten().filter_map(|dependency| {
            let name = dependency.get("name")?.as_str()?;
            let requirement = dependency.get("req")?.as_str()?;
            let kind = dependency.get("kind").and_then(Value::as_str);
            Some((name, requirement, kind == Some("dev")))
        })
    }

    /// The version requirements on `name`.
    pub(crate) fn requirements<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.dependencies()
            .filter(move |(dependency, ..)| *dependency == name)
            .map(|(_, requirement, _)| requirement)
    }
}

/// The packages that may be published, each behind those that it depends on, dependencies of tests
/// included: the order in which a registry accepts them.
pub(crate) fn published() -> Result<Vec<Package>, String> {
    let text =
        shell::output(&mut shell::cargo(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&text)
        .map_err(|error| format!("`cargo metadata` printed no JSON: {error}"))?;
    let mut waiting: Vec<Package> = metadata
        .get("packages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|package| package.get("publish").is_none_or(Value::is_null))
        .filter_map(read)
        .collect();
    let mut ordered: Vec<Package> = Vec::new();
    while !waiting.is_empty() {
        let names: BTreeSet<String> = waiting.iter().map(|package| package.name.clone()).collect();
        let ready = waiting
            .iter()
            .position(|package| !package.dependencies().any(|(name, ..)| names.contains(name)));
        let Some(ready) = ready else {
            return Err(format!("{names:?} depend on each other in a circle"));
        };
        ordered.push(waiting.remove(ready));
    }
    Ok(ordered)
}

fn read(manifest: &Value) -> Option<Package> {
    let text = |name: &str| manifest.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Package {
        name: text("name")?,
        version: text("version")?,
        folder: PathBuf::from(text("manifest_path")?).parent()?.to_owned(),
        rust_version: text("rust_version").unwrap_or_default(),
        manifest: manifest.clone(),
    })
}
