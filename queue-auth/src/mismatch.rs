//! Comparison of two strings to sign.

use std::fmt;

/// What stands on the fixed lines of a Shared Key string, after the method.
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

/// The same for Shared Key Lite.
const LITE: [&str; 3] = ["Content-MD5", "Content-Type", "Date"];

/// Lines of a queue's signature, by their count.
const QUEUE_SAS: [&str; 8] = ["sp", "st", "se", "the resource", "si", "sip", "spr", "sv"];
const OLD_QUEUE_SAS: [&str; 6] = ["sp", "st", "se", "the resource", "si", "sv"];
const DELEGATION_SAS: [&str; 15] = [
    "sp",
    "st",
    "se",
    "the resource",
    "skoid",
    "sktid",
    "skt",
    "ske",
    "sks",
    "skv",
    "skdutid",
    "sduoid",
    "sip",
    "spr",
    "sv",
];
/// Lines of an account signature; the last one only since 2020-12-06.
const ACCOUNT_SAS: [&str; 10] =
    ["the account", "sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"];

/// Says in words where the string that we signed first differs from the one that the service signed,
/// or `None` when they are equal (then the key is wrong).
///
/// `ours` comes from [`string_to_sign`](crate::string_to_sign) or one of its siblings. `theirs` is
/// the service's, as it stands in `AuthenticationErrorDetail` of the answer: the whole text or only
/// the string. The strings hold no signature, but query values.
///
/// ```
/// use queue_auth::explain_mismatch;
///
/// let ours = "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:now\n/contoso/jobs";
/// let theirs = "PUT\n\n\n0\n\n\n\n\n\n\n\n\nx-ms-date:now\n/contoso/jobs";
/// assert_eq!(
///     explain_mismatch(ours, theirs).as_deref(),
///     Some("the service saw Content-Length \"0\", we signed nothing"),
/// );
/// ```
pub fn explain_mismatch(ours: &str, theirs: &str) -> Option<String> {
    let theirs = extracted(theirs);
    if ours == theirs {
        return None;
    }
    let (ours, theirs) = (Parsed::of(ours), Parsed::of(theirs));
    Some(match (&ours, &theirs) {
        (Parsed::Request(ours), Parsed::Request(theirs)) => ours.compare(theirs),
        (Parsed::Sas(ours), Parsed::Sas(theirs)) => compare_sas(ours, theirs),
        _ => "we and the service signed by different schemes: one for a request, the other for a \
              shared access signature"
            .to_owned(),
    })
}

/// The string inside the sentence that the service puts around it.
fn extracted(detail: &str) -> &str {
    // "... Server used following string to sign: '...'." and "String to sign used was ...".
    if let Some((_, rest)) = detail.split_once("string to sign: '") {
        return rest.rsplit_once('\'').map_or(rest, |(text, _)| text);
    }
    detail.split_once("String to sign used was ").map_or(detail, |(_, rest)| rest)
}

enum Parsed<'a> {
    Request(Request<'a>),
    Sas(Vec<&'a str>),
}

impl<'a> Parsed<'a> {
    fn of(text: &'a str) -> Self {
        let lines: Vec<&str> = text.split('\n').collect();
        let method = lines.first().copied().unwrap_or_default();
        let known = ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS"];
        if known.contains(&method) {
            Self::Request(Request::of(method, &lines))
        } else {
            Self::Sas(lines)
        }
    }
}

/// A Shared Key string, taken apart.
struct Request<'a> {
    method: &'a str,
    names: &'static [&'static str],
    fixed: Vec<&'a str>,
    headers: Vec<(&'a str, &'a str)>,
    path: &'a str,
    query: Vec<(&'a str, &'a str)>,
}

impl<'a> Request<'a> {
    fn of(method: &'a str, lines: &[&'a str]) -> Self {
        let first_header = lines
            .iter()
            .position(|line| line.starts_with("x-ms-") || line.starts_with('/'))
            .unwrap_or(lines.len());
        // Twelve lines precede the headers in the full scheme, four in Lite.
        let names: &[&str] = if first_header <= 1 + LITE.len() { &LITE } else { &SHARED_KEY };
        let mut rest = lines.iter().skip(1).copied();
        let fixed = rest.by_ref().take(names.len()).collect();
        let mut this =
            Self { method, names, fixed, headers: Vec::new(), path: "", query: Vec::new() };
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

    fn compare(&self, theirs: &Self) -> String {
        if self.names.len() != theirs.names.len() {
            let name = |lines: &[&str]| {
                if lines.len() == LITE.len() { "Shared Key Lite" } else { "Shared Key" }
            };
            return format!(
                "we signed by {}, the service by {}",
                name(self.names),
                name(theirs.names)
            );
        }
        if self.method != theirs.method {
            return value("the method", theirs.method, self.method);
        }
        for ((name, ours), theirs) in self.names.iter().zip(&self.fixed).zip(&theirs.fixed) {
            if ours != theirs {
                return value(name, theirs, ours);
            }
        }
        compare_pairs("header", &self.headers, &theirs.headers)
            .or_else(|| {
                (self.path != theirs.path).then(|| value("the path", theirs.path, self.path))
            })
            .or_else(|| compare_pairs("query parameter", &self.query, &theirs.query))
            .unwrap_or_else(|| "the strings differ only in their line ends".to_owned())
    }
}

fn compare_sas(ours: &[&str], theirs: &[&str]) -> String {
    if ours.len() != theirs.len() {
        return format!(
            "the service signed {} lines, we signed {}: the versions or kinds of the signature differ",
            theirs.len(),
            ours.len()
        );
    }
    let ends_empty = ours.last() == Some(&"");
    let names: &[&str] = match ours.len() {
        6 => &OLD_QUEUE_SAS,
        8 => &QUEUE_SAS,
        15 => &DELEGATION_SAS,
        10 | 11 if ends_empty => &ACCOUNT_SAS,
        _ => &[],
    };
    let differing = ours.iter().zip(theirs).enumerate().find(|(_, (ours, theirs))| ours != theirs);
    match differing {
        Some((index, (ours, theirs))) => match names.get(index) {
            Some(name) => value(name, theirs, ours),
            None => value(&format!("line {}", index + 1), theirs, ours),
        },
        None => "the strings differ only in their line ends".to_owned(),
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

fn value(what: &str, theirs: &str, ours: &str) -> String {
    struct Shown<'a>(&'a str);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "{:?}", self.0) }
        }
    }

    if theirs.is_empty() {
        format!("the service saw no {what}, we signed {}", Shown(ours))
    } else {
        format!("the service saw {what} {}, we signed {}", Shown(theirs), Shown(ours))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: &str = "PUT\n\n\n12\n\n\n\n\n\n\n\n\n";

    fn explain(ours: &str, theirs: &str) -> String {
        explain_mismatch(&format!("{FIXED}{ours}"), &format!("{FIXED}{theirs}")).unwrap_or_default()
    }

    #[test]
    fn equal() {
        assert_eq!(explain_mismatch("GET\n\n\n\n/a/", "GET\n\n\n\n/a/"), None);
        let detail = "The MAC signature found in the HTTP request 'x' is not the same as any \
                      computed signature. Server used following string to sign: 'GET\n\n\n\n/a/'.";
        assert_eq!(explain_mismatch("GET\n\n\n\n/a/", detail), None);
    }

    #[test]
    fn headers() {
        assert_eq!(
            explain("x-ms-date:a\n/c/q", "x-ms-date:a\nx-ms-x:1\n/c/q"),
            "the service saw header x-ms-x \"1\", we did not sign it"
        );
        assert_eq!(
            explain("x-ms-date:a\nx-ms-x:1\n/c/q", "x-ms-date:a\n/c/q"),
            "we signed header x-ms-x, the service did not see it"
        );
        assert_eq!(
            explain("x-ms-meta-a: 1\n/c/q", "x-ms-meta-a:1\n/c/q"),
            "the service saw header x-ms-meta-a \"1\", we signed \" 1\""
        );
        assert_eq!(
            explain("x-ms-i0:1\nx-ms-i_:2\n/c/q", "x-ms-i_:2\nx-ms-i0:1\n/c/q"),
            "the order differs: the service has header x-ms-i_ where we signed x-ms-i0"
        );
    }

    #[test]
    fn resource() {
        assert_eq!(
            explain("/c/q\ncomp:acl", "/c/q2\ncomp:acl"),
            "the service saw the path \"/c/q2\", we signed \"/c/q\""
        );
        assert_eq!(
            explain("/c/q\ncomp:acl", "/c/q\ncomp:acl\ntimeout:30"),
            "the service saw query parameter timeout \"30\", we did not sign it"
        );
    }

    #[test]
    fn schemes() {
        assert_eq!(
            explain_mismatch(
                "GET\n\n\n\nx-ms-date:a\n/c/",
                "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:a\n/c/"
            ),
            Some("we signed by Shared Key Lite, the service by Shared Key".to_owned())
        );
        assert_eq!(
            explain_mismatch("r\n\nb\n/queue/c/q\n\n\n\nv", "r\n\na\n/queue/c/q\n\n\n\nv"),
            Some("the service saw se \"a\", we signed \"b\"".to_owned())
        );
    }
}
