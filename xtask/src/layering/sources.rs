//! The layers within a package: in each folder the modules can be put in an order in which each
//! takes names only from those below it. `run` prints what breaks that, with the names that tie it.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use super::{circles::circles, imports::Package};
use crate::{Outcome, shell};

/// The root files of the packages whose layers are kept.
const ROOTS: &[&str] = &[
    "queue-proto/src/lib.rs",
    "queue-auth/src/lib.rs",
    "queue-client/src/lib.rs",
    "queue-client/azq/src/main.rs",
    "tests/emulator/src/lib.rs",
];

/// A part of a package that takes nothing from outside of itself.
struct Closed {
    root: &'static str,
    module: &'static [&'static str],
    /// The module of the lowest floor that the part may know all the same.
    but: &'static [&'static str],
    reason: &'static str,
}

const CLOSED: &[Closed] = &[
    Closed {
        root: "queue-client/src/lib.rs",
        module: &["processor", "core"],
        but: &["failure"],
        reason: "the core of the processor is sans-IO: it knows queue-proto, std, and what a failure \
                 says of a message",
    },
    Closed {
        root: "tests/emulator/src/lib.rs",
        module: &["state"],
        but: &[],
        reason: "the emulator's state is pure: it knows neither requests nor disks",
    },
];

pub(super) fn run() -> Outcome {
    let mut broken = Vec::new();
    for root in ROOTS {
        let package = Package::read(&shell::root().join(root))?;
        println!("{root}: {} files", package.files.len());
        broken.extend(
            loops(&package)
                .into_iter()
                .map(|text| format!("{}: {text}", Path::new(root).display())),
        );
        broken.extend(doors(&package, root));
        for closed in CLOSED.iter().filter(|closed| closed.root == *root) {
            broken.extend(leaks(&package, closed));
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        Err(format!("layering is broken:\n{}", broken.join("\n")))
    }
}

/// What a module is for its siblings: the file that declares them all, or one of them with all that
/// lies below it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Room {
    Door,
    Child(String),
}

/// Each group of siblings that cannot be put in an order, in words.
fn loops(package: &Package) -> Vec<String> {
    let folders: BTreeSet<&[String]> =
        package.files.keys().filter_map(|module| module.split_last()).map(|(_, up)| up).collect();
    let mut found = Vec::new();
    for folder in folders {
        let mut ties: BTreeMap<(Room, Room), Vec<String>> = BTreeMap::new();
        for ((from, to), names) in &package.imports {
            let (Some(first), Some(second)) = (room(folder, from), room(folder, to)) else {
                continue;
            };
            if first != second {
                ties.entry((first, second)).or_default().push(format!(
                    "    {} -> {}: {}",
                    file(package, from),
                    file(package, to),
                    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
                ));
            }
        }
        for group in circles(ties.keys().map(|(from, to)| (from, to))) {
            let mut text = format!(
                "a circle of {}",
                group.iter().map(|room| name(package, folder, room)).collect::<Vec<_>>().join(", ")
            );
            for ((from, to), lines) in &ties {
                if group.contains(&from) && group.contains(&to) {
                    text.push('\n');
                    text.push_str(&lines.join("\n"));
                }
            }
            found.push(text);
        }
    }
    found
}

/// Each name that a file inside takes through the door of the package, in words.
fn doors(package: &Package, root: &str) -> Vec<String> {
    package
        .through_the_door
        .iter()
        .map(|(module, names)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!(
                "{root}: {} takes {} through the door, which is for those outside: import from the \
                 module that defines",
                file(package, module),
                names.join(", ")
            )
        })
        .collect()
}

/// Each name that a closed part takes from outside, in words.
fn leaks(package: &Package, closed: &Closed) -> Vec<String> {
    let inside = |module: &[String]| {
        module.len() >= closed.module.len()
            && module.iter().zip(closed.module).all(|(word, expected)| word == expected)
    };
    package
        .imports
        .iter()
        .filter(|((from, to), _)| inside(from) && !inside(to))
        .filter(|((_, to), _)| closed.but.is_empty() || to != closed.but)
        .map(|((from, to), names)| {
            let names: Vec<_> = names.iter().map(String::as_str).collect();
            format!(
                "{}: {} takes {} from {}: {}",
                closed.root,
                file(package, from),
                names.join(", "),
                file(package, to),
                closed.reason
            )
        })
        .collect()
}

fn room(folder: &[String], module: &[String]) -> Option<Room> {
    let below = module.strip_prefix(folder)?;
    Some(below.first().map_or(Room::Door, |child| Room::Child(child.clone())))
}

fn name(package: &Package, folder: &[String], room: &Room) -> String {
    match room {
        Room::Door => file(package, folder),
        Room::Child(child) => {
            let mut module = folder.to_vec();
            module.push(child.clone());
            file(package, &module)
        }
    }
}

fn file(package: &Package, module: &[String]) -> String {
    package.files.get(module).map_or_else(|| module.join("::"), |file| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::{Closed, doors, leaks, loops};
    use crate::{layering::imports::Package, shell};

    /// A package of these files, each with its text, read.
    fn package(name: &str, files: &[(&str, &str)]) -> Package {
        let folder: PathBuf = shell::scratch("layering-tests").join(name);
        let _ = fs::remove_dir_all(&folder);
        for (file, text) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Package::read(&folder.join("lib.rs")).unwrap()
    }

    #[test]
    fn modules_in_an_order_pass() {
        let package = package(
            "order",
            &[
                ("lib.rs", "mod low; mod high; pub use high::High;"),
                ("low.rs", "pub struct Low;"),
                ("high.rs", "use crate::low::Low; pub struct High(Low);"),
            ],
        );
        assert_eq!(loops(&package), Vec::<String>::new());
    }

    #[test]
    fn the_door_is_for_those_who_come_from_outside() {
        let package = package(
            "door",
            &[
                ("lib.rs", "mod low; mod high; pub use low::Low;"),
                ("low.rs", "pub struct Low;"),
                ("high.rs", "use crate::Low;"),
            ],
        );
        assert_eq!(loops(&package), Vec::<String>::new());
        assert_eq!(
            doors(&package, "lib.rs"),
            [
                "lib.rs: high.rs takes Low through the door, which is for those outside: import from \
              the module that defines"
            ]
        );
    }

    #[test]
    fn a_name_belongs_to_the_module_that_defines_it() {
        let package = package(
            "handed-on",
            &[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "mod inner; pub(crate) use self::inner::Inner as Shown;"),
                ("a/inner.rs", "use crate::b::B; pub struct Inner;"),
                ("b.rs", "pub struct B; fn f(_: crate::a::Shown) {}"),
            ],
        );
        assert_eq!(
            loops(&package),
            ["a circle of a.rs, b.rs\n    a/inner.rs -> b.rs: B\n    b.rs -> a/inner.rs: Inner"]
        );
    }

    #[test]
    fn a_circle_is_printed_with_the_names_that_tie_it() {
        let package = package(
            "circle",
            &[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "mod inner; pub struct A;"),
                ("a/inner.rs", "use crate::b::{B, self};"),
                ("b.rs", "pub struct B; fn f() { let _ = crate::a::A; }"),
            ],
        );
        assert_eq!(
            loops(&package),
            ["a circle of a.rs, b.rs\n    a/inner.rs -> b.rs: B, self\n    b.rs -> a.rs: A"]
        );
    }

    #[test]
    fn paths_in_macros_groups_and_inline_modules_count_and_tests_do_not() {
        let package = package(
            "forms",
            &[
                ("lib.rs", "mod a; mod b; mod c; mod d;"),
                ("a.rs", "fn f() { println!(\"crate::d::D \\\" {}\", crate::b::B); }"),
                ("b.rs", "use super::{c::C as See, d::*}; pub const B: u8 = 1;"),
                ("c.rs", "pub struct C; mod inline { use super::super::d::D; }"),
                ("d.rs", "pub struct D; #[cfg(test)] mod tests { use crate::a::f; }"),
            ],
        );
        let ties: Vec<_> = package
            .imports
            .iter()
            .map(|((from, to), names)| format!("{from:?} {to:?} {names:?}"))
            .collect();
        assert_eq!(
            ties,
            [
                r#"["a"] ["b"] {"B"}"#,
                r#"["b"] ["c"] {"C"}"#,
                r#"["b"] ["d"] {"*"}"#,
                r#"["c"] ["d"] {"D"}"#,
            ]
        );
    }

    #[test]
    fn a_closed_part_takes_nothing_from_outside() {
        let package = package(
            "closed",
            &[
                ("lib.rs", "mod base; mod core; mod time;"),
                ("base.rs", "pub struct Base;"),
                ("core.rs", "mod step; mod now;"),
                ("core/step.rs", "use super::now::Now; use crate::{base::Base, time::Clock};"),
                ("core/now.rs", "pub struct Now;"),
                ("time.rs", "pub struct Clock;"),
            ],
        );
        let closed =
            Closed { root: "lib.rs", module: &["core"], but: &["base"], reason: "it is closed" };
        assert_eq!(
            leaks(&package, &closed),
            ["lib.rs: core/step.rs takes Clock from time.rs: it is closed"]
        );
    }
}
