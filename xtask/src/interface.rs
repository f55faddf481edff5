//! `cargo xtask interface`: the public items of each library with their signatures, from rustdoc, beside
//! the list that is checked in. A change of the interface is a change of that list, and is seen in
//! review.

use std::{collections::BTreeSet, path::PathBuf, process::Command};

use lexopt::{Arg, Parser};
use public_api::Builder;

use crate::{
    Outcome,
    files::{make, read, write},
    metadata::{self, LIBRARIES, Package},
    shell, usage,
};

/// The start of the names of features that the versions of a crate promise nothing of.
const UNSTABLE: &str = "unstable";

pub(crate) fn run(mut arguments: Parser) -> Outcome {
    let (mut check, mut bless) = (false, false);
    while let Some(argument) = arguments.next().map_err(usage)? {
        match argument {
            Arg::Long("check") => check = true,
            Arg::Long("bless") => bless = true,
            other => return Err(usage(other.unexpected())),
        }
    }
    if bless {
        make(&folder())?;
        write(&folder().join(COMPILER), format!("{}\n", compiler()?))?;
    } else if check && !is_comparable()? {
        return Ok(());
    }
    let packages = metadata::published()?;
    let mut differences = 0;
    for library in LIBRARIES {
        let now = items(library, &stable_features(library, &packages))?;
        let list = folder().join(format!("{library}.txt"));
        if bless {
            write(&list, now.iter().map(|item| format!("{item}\n")).collect::<String>())?;
        }
        let text = read(&list).map_err(|error| format!("{error}; `--bless` writes it"))?;
        differences += tell(&text, &now);
        let public = now.iter().filter(|item| item.starts_with("pub ")).count();
        println!("{library}: {public} public items");
    }
    match differences {
        0 => Ok(()),
        count if check => Err(format!(
            "{count} differences from the lists of public items; `cargo xtask interface --bless` writes them"
        )),
        _ => Ok(()),
    }
}

/// Prints what is gone from the list and what is new, and says how much that is.
fn tell(list: &str, now: &[String]) -> usize {
    let before: BTreeSet<&str> = list.lines().collect();
    let now: BTreeSet<&str> = now.iter().map(String::as_str).collect();
    before.difference(&now).for_each(|gone| println!("- {gone}"));
    now.difference(&before).for_each(|new| println!("+ {new}"));
    before.symmetric_difference(&now).count()
}

fn folder() -> PathBuf {
    shell::root().join("xtask").join("interface")
}

/// The file with the version of the compiler that made the lists.
const COMPILER: &str = "rustc.txt";

fn compiler() -> Result<String, String> {
    Ok(shell::output(Command::new("rustc").arg("--version"))?.trim().to_owned())
}

/// Another compiler may show the same items in other words, and its JSON may be of another form.
fn is_comparable() -> Result<bool, String> {
    let (made, here) = (read(&folder().join(COMPILER))?, compiler()?);
    let same = made.trim() == here;
    if !same {
        println!("interface: not compared here: the lists are of {}, this is {here}", made.trim());
    }
    Ok(same)
}

/// The public items of a library, without what every type has and what derives make.
fn items(library: &str, features: &[&str]) -> Result<Vec<String>, String> {
    // The JSON is the only unstable option of rustdoc that is used.
    shell::run(
        shell::cargo(["rustdoc", "--quiet", "--lib", "--package", library])
            .args(["--features", &features.join(",")])
            .args(["--", "-Z", "unstable-options", "--output-format", "json"])
            .env("RUSTC_BOOTSTRAP", "1"),
    )?;
    let name = library.replace('-', "_");
    let file = shell::target().join("doc").join(format!("{name}.json"));
    let api = Builder::from_rustdoc_json(&file)
        .omit_blanket_impls(true)
        .omit_auto_trait_impls(true)
        .omit_auto_derived_impls(true)
        .build()
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(api.items().map(|item| item.to_string()).collect())
}

fn stable_features<'a>(library: &str, packages: &'a [Package]) -> Vec<&'a str> {
    let package = packages.iter().find(|package| package.name == library);
    let features = package.and_then(|package| package.manifest.get("features")?.as_object());
    let names = features.into_iter().flatten().map(|(name, _)| name.as_str());
    names.filter(|name| !name.starts_with(UNSTABLE)).collect()
}
