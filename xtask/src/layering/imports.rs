//! Reads the modules of one package and which file takes which names from which: `Package::read`
//! follows the `mod` lines from the root file, and takes `use` lines and paths from each file.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use syn::{
    Attribute, Item, ItemMod, ItemUse, Meta, UseTree, Visibility,
    visit::{self, Visit},
};

use crate::files::read;

/// The names of a module's ancestors and its own, below the root of its package: empty for the root.
pub(super) type ModulePath = Vec<String>;

/// One package: its modules, and the names that each takes from another.
#[derive(Debug, Default)]
pub(super) struct Package {
    /// The file of each module, below the package's source folder.
    pub(super) files: BTreeMap<ModulePath, PathBuf>,
    /// From which module to which, with the names taken. The second module is the one that defines
    /// the name, whichever door it was taken through.
    pub(super) imports: BTreeMap<(ModulePath, ModulePath), BTreeSet<String>>,
    /// The names that a module takes through the door of the package, its root file, which only
    /// hands them on.
    pub(super) through_the_door: BTreeMap<ModulePath, BTreeSet<String>>,
    /// What each module hands on from below itself: the name there, and the path that it stands for.
    handed_on: BTreeMap<ModulePath, BTreeMap<String, Vec<String>>>,
}

impl Package {
    /// Reads the package whose root file is `root`, such as `queue-proto/src/lib.rs`.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let mut package = Self::default();
        let folder = root.parent().unwrap_or(root);
        let mut syntax = BTreeMap::new();
        let mut open = vec![(ModulePath::new(), root.to_owned())];
        while let Some((module, file)) = open.pop() {
            let text = read(&file)?;
            let parsed = syn::parse_file(&text)
                .map_err(|error| format!("cannot parse {}: {error}", file.display()))?;
            let inside = children_folder(&file);
            for child in parsed.items.iter().filter_map(module_in_a_file) {
                let name = child.ident.to_string();
                let flat = inside.join(format!("{name}.rs"));
                let nested = inside.join(&name).join("mod.rs");
                let mut path = module.clone();
                path.push(name);
                open.push((path, if flat.exists() { flat } else { nested }));
            }
            package
                .files
                .insert(module.clone(), file.strip_prefix(folder).unwrap_or(&file).to_owned());
            syntax.insert(module, parsed);
        }
        for (module, parsed) in &syntax {
            package.hand_on(module, parsed);
        }
        for (module, parsed) in &syntax {
            let mut reader = Reader { package: &mut package, module, depth: 0 };
            reader.visit_file(parsed);
        }
        Ok(package)
    }

    /// Notes the names that a module makes visible further up without a use of its own.
    fn hand_on(&mut self, module: &[String], parsed: &syn::File) {
        for item in &parsed.items {
            let Item::Use(item) = item else { continue };
            if matches!(item.vis, Visibility::Inherited) {
                continue;
            }
            let mut leaves = Vec::new();
            leaves_of(&mut Vec::new(), &item.tree, &mut leaves);
            let below = |path: &[String]| {
                self.walk(module, path)
                    .is_some_and(|(to, _)| to.starts_with(module) && to.len() > module.len())
            };
            let leaves: Vec<_> = leaves.into_iter().filter(|(_, path)| below(path)).collect();
            let names = self.handed_on.entry(module.to_vec()).or_default();
            names.extend(leaves);
        }
    }

    /// The module that defines what `path` names, and the name, followed through the modules that
    /// only hand it on. `None` if the path leaves the package.
    fn resolve(&self, from: &[String], path: &[String]) -> Option<(ModulePath, String)> {
        let (mut at, mut name) = self.walk(from, path)?;
        // A chain of doors is as long as the package is deep.
        for _ in 0..16 {
            let Some(path) = self.handed_on.get(&at).and_then(|names| names.get(&name)) else {
                break;
            };
            (at, name) = self.walk(&at, path)?;
        }
        Some((at, name))
    }

    /// The module in which `path` is looked up as far as its words are modules, and the first word
    /// that is none. `None` if the path leaves the package.
    fn walk(&self, from: &[String], path: &[String]) -> Option<(ModulePath, String)> {
        let (mut at, rest) = match path.first()?.as_str() {
            "crate" => (ModulePath::new(), path.get(1..)?),
            "self" => (from.to_vec(), path.get(1..)?),
            "super" => (from.get(..from.len().checked_sub(1)?)?.to_vec(), path.get(1..)?),
            // The name of a child needs no `self::`.
            first => {
                let mut child = from.to_vec();
                child.push(first.to_owned());
                self.files.contains_key(&child).then_some(())?;
                (from.to_vec(), path)
            }
        };
        for word in rest {
            if word == "super" {
                at.pop()?;
                continue;
            }
            at.push(word.clone());
            if !self.files.contains_key(&at) {
                at.pop();
                return Some((at, word.clone()));
            }
        }
        Some((at, "self".into()))
    }

    fn add(&mut self, from: &[String], path: &[String]) {
        let Some((door, name)) = self.walk(from, path) else { return };
        if door.is_empty()
            && !from.is_empty()
            && self.handed_on.get(&door).is_some_and(|names| names.contains_key(&name))
        {
            self.through_the_door.entry(from.to_vec()).or_default().insert(name);
        }
        if let Some((to, name)) = self.resolve(from, path).filter(|(to, _)| to.as_slice() != from) {
            self.imports.entry((from.to_vec(), to)).or_default().insert(name);
        }
    }
}

/// Each name that a `use` brings into scope, with the path that it stands for.
fn leaves_of(prefix: &mut Vec<String>, tree: &UseTree, leaves: &mut Vec<(String, Vec<String>)>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            leaves_of(prefix, &path.tree, leaves);
            prefix.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                leaves_of(prefix, tree, leaves);
            }
        }
        UseTree::Name(name) if name.ident == "self" => {
            leaves.push((prefix.last().cloned().unwrap_or_default(), prefix.clone()));
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            leaves.push((name.clone(), [&**prefix, &[name]].concat()));
        }
        UseTree::Rename(rename) => {
            let path = [&**prefix, &[rename.ident.to_string()]].concat();
            leaves.push((rename.rename.to_string(), path));
        }
        UseTree::Glob(_) => leaves.push(("*".into(), [&**prefix, &["*".into()]].concat())),
    }
}

/// The folder in which the modules lie that `file` declares.
fn children_folder(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(file);
    match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") | None => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

/// The code without the texts between quotes: what a text says is no import.
fn without_texts(code: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let mut kept = String::with_capacity(code.len());
    for letter in code.chars() {
        match letter {
            '"' if !escaped => inside = !inside,
            _ if inside => escaped = letter == '\\' && !escaped,
            _ => kept.push(letter),
        }
        if !inside {
            escaped = false;
        }
    }
    kept
}

fn module_in_a_file(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(module) if module.content.is_none() && !for_tests(&module.attrs) => Some(module),
        _ => None,
    }
}

/// Tests may look at everything: what only they see ties no layers.
fn for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all (test")
        }
        _ => false,
    })
}

/// Collects what one file names of others.
struct Reader<'a> {
    package: &'a mut Package,
    module: &'a [String],
    /// How many modules that are written within the file the reader is inside of: their `super`
    /// is the file itself.
    depth: usize,
}

impl Reader<'_> {
    fn add(&mut self, path: &[String]) {
        let mut path = path;
        for _ in 0..self.depth {
            match path.first().map(String::as_str) {
                Some("super") => path = path.get(1..).unwrap_or_default(),
                Some("crate") => break,
                _ => return,
            }
        }
        self.package.add(self.module, path);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut leaves = Vec::new();
        leaves_of(&mut Vec::new(), &item.tree, &mut leaves);
        let handed_on = self.package.handed_on.get(self.module);
        let own: Vec<_> = leaves
            .into_iter()
            .filter(|(name, path)| {
                // A name that is handed on is no import: its user is the one who takes it.
                self.depth > 0 || handed_on.and_then(|names| names.get(name)) != Some(path)
            })
            .collect();
        for (_, path) in own {
            self.add(&path);
        }
    }

    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.depth += 1;
        visit::visit_item_mod(self, item);
        self.depth -= 1;
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let words: Vec<_> = path.segments.iter().map(|word| word.ident.to_string()).collect();
        // A single word is a name in scope: its `use` line has been seen, or it is the file's own.
        if words.len() > 1 {
            self.add(&words);
        }
        visit::visit_path(self, path);
    }

    /// What stands in a macro is no syntax yet: the words joined by `::` are read as paths.
    fn visit_macro(&mut self, invocation: &'ast syn::Macro) {
        let text = without_texts(&invocation.tokens.to_string()).replace(" :: ", "::");
        for word in text.split(|letter: char| !(letter.is_alphanumeric() || "_:".contains(letter)))
        {
            let words: Vec<_> = word.split("::").map(str::to_owned).collect();
            if words.len() > 1
                && matches!(words.first().map(String::as_str), Some("crate" | "super" | "self"))
            {
                self.add(&words);
            }
        }
        visit::visit_macro(self, invocation);
    }
}
