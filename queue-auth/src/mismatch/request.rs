//! Strings to sign of requests, by Shared Key and Shared Key Lite, taken apart and compared.

use super::words::{ANOTHER_SERVICE, DIFFERENT_LENGTH, value};

/// The names of the fixed lines of a Shared Key string, after the method.
const SHARED_KEY: [&str; 11] = [
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
];

/// The same for Shared Key Lite, and for Shared Key of tables.
const LITE: [&str; 3] = ["Content-MD5", "Content-Type", "Date"];

/// The rules by which a string was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Scheme {
    #[default]
    SharedKey,
    Lite,
    Table,
    TableLite,
}

impl Scheme {
    /// Finds the scheme by the lines after the method.
    fn of(lines: &[&str]) -> Self {
        // Where Lite has the first header or the path, the full scheme has Content-MD5.
        let fifth = lines.get(LITE.len()).copied().unwrap_or_default();
        let is_md5 = fifth.len() == 24 && fifth.ends_with("==");
        if !(fifth.starts_with("x-ms-") || (fifth.starts_with('/') && !is_md5)) {
            return Self::SharedKey;
        }
        // Tables sign no header but Date, even beside `x-ms-date`; queues always x-ms-version.
        let dated = lines.get(LITE.len() - 1).is_some_and(|date| !date.is_empty());
        if dated && lines.len() == LITE.len() + 1 { Self::Table } else { Self::Lite }
    }

    fn name(self) -> &'static str {
        match self {
            Self::SharedKey => "Shared Key",
            Self::Lite => "Shared Key Lite",
            Self::Table => "Shared Key for tables",
            Self::TableLite => "Shared Key Lite for tables",
        }
    }

    /// The names of the lines between the method and the headers.
    fn lines(self) -> &'static [&'static str] {
        match self {
            Self::SharedKey => &SHARED_KEY,
            Self::Lite | Self::Table => &LITE,
            Self::TableLite => &["Date"],
        }
    }

    fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::TableLite)
    }
}

/// A Shared Key string, taken apart.
#[derive(Default)]
pub(super) struct Request<'a> {
    scheme: Scheme,
    method: &'a str,
    fixed: Vec<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    path: &'a str,
    query: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    pub(super) fn of(method: &'a str, lines: &[&'a str]) -> Self {
        let scheme = Scheme::of(lines);
        let mut rest = lines.iter().copied();
        let fixed = rest.by_ref().take(scheme.lines().len()).collect();
        let mut this = Self { scheme, method, fixed, ..Self::default() };
        for line in rest {
            let pair = line.split_once(':').unwrap_or((line, ""));
            if line.starts_with('/') && this.path.is_empty() {
                this.path = line;
            } else if this.path.is_empty() {
                this.headers.push(pair);
            } else {
                this.query.push(pair);
            }
        }
        this
    }

    /// The string of Shared Key Lite for tables.
    pub(super) fn of_table_lite(date: &'a str, path: &'a str) -> Self {
        Self { scheme: Scheme::TableLite, fixed: vec![date], path, ..Self::default() }
    }

    pub(super) fn compare(&self, theirs: &Self) -> String {
        if self.scheme != theirs.scheme {
            let said = format!(
                "we signed by {}, the service by {}",
                self.scheme.name(),
                theirs.scheme.name()
            );
            if self.scheme.is_table() == theirs.scheme.is_table() {
                return said;
            }
            return format!("{said}: {ANOTHER_SERVICE}");
        }
        if self.method != theirs.method {
            return value("the method", theirs.method, self.method);
        }
        let names = self.scheme.lines();
        for ((name, ours), theirs) in names.iter().zip(&self.fixed).zip(&theirs.fixed) {
            if ours != theirs {
                return value(name, theirs, ours);
            }
        }
        compare_pairs("header", &self.headers, &theirs.headers)
            .or_else(|| {
                (self.path != theirs.path).then(|| value("the path", theirs.path, self.path))
            })
            .or_else(|| compare_pairs("query parameter", &self.query, &theirs.query))
            .unwrap_or_else(|| DIFFERENT_LENGTH.to_owned())
    }
}

fn compare_pairs(what: &str, ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> Option<String> {
    let find = |pairs: &[(&str, &str)], wanted: &str| pairs.iter().any(|(name, _)| *name == wanted);
    for (name, seen) in theirs {
        let Some((_, signed)) = ours.iter().find(|(ours, _)| ours == name) else {
            return Some(format!("the service saw {what} {name} {seen:?}, we did not sign it"));
        };
        if signed != seen {
            return Some(value(&format!("{what} {name}"), seen, signed));
        }
    }
    if let Some((name, _)) = ours.iter().find(|(name, _)| !find(theirs, name)) {
        return Some(format!("we signed {what} {name}, the service did not see it"));
    }
    let differing = ours.iter().zip(theirs).find(|(ours, theirs)| ours != theirs);
    differing.map(|((ours, _), (theirs, _))| {
        format!("the order differs: the service has {what} {theirs} where we signed {ours}")
    })
}
