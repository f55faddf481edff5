//! The sentences in which a difference is said.

use std::fmt;

pub(super) const DIFFERENT_LENGTH: &str = "one of the strings ends early";
pub(super) const ANOTHER_SERVICE: &str =
    "the request went to the endpoint of another service, or the text is of another request";

/// Says that `what` (nothing, or a name with or without its article) differs.
pub(super) fn value(what: &str, theirs: &str, ours: &str) -> String {
    struct Shown<'a>(&'a str);

    impl fmt::Display for Shown<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            if self.0.is_empty() { f.write_str("nothing") } else { write!(f, "{:?}", self.0) }
        }
    }

    match (theirs, what) {
        ("", "") => format!("the service saw nothing, we signed {}", Shown(ours)),
        (_, "") => format!("the service saw {}, we signed {}", Shown(theirs), Shown(ours)),
        ("", _) => format!("the service saw no {what}, we signed {}", Shown(ours)),
        _ => format!("the service saw {what} {}, we signed {}", Shown(theirs), Shown(ours)),
    }
}
