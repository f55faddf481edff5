//! What is wrong with a JSON text, without a piece of the text.

use std::error::Error;
use std::fmt;

/// Errors that name parts of the type only.
const OF_THE_TYPE: [&str; 2] = ["missing field ", "duplicate field "];
/// Errors that go on with what was found, then with what the type expects.
const WITH_INPUT: [&str; 5] =
    ["invalid type: ", "invalid value: ", "invalid length ", "unknown variant ", "unknown field "];

/// Why serde cannot read or write a value. serde quotes what it finds, and messages do not belong
/// into logs: this tells the kind of what was found, what was expected, and where.
#[derive(Debug)]
pub(super) struct Problem {
    what: String,
    line: usize,
    column: usize,
}

impl Problem {
    pub(super) fn of(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        let message = message.strip_suffix(&place).unwrap_or(&message);
        let what = if error.is_data() { without_input(message) } else { message.to_owned() };
        Self { what, line, column }
    }
}

/// The parts of the message that are the type's or serde's own, by the formats of
/// `serde::de::Error`.
fn without_input(message: &str) -> String {
    if OF_THE_TYPE.iter().any(|start| message.starts_with(start)) {
        return message.to_owned();
    }
    let Some(start) = WITH_INPUT.iter().find(|start| message.starts_with(**start)) else {
        return "the value is refused by the type".to_owned();
    };
    // The kind of what was found stands before the quotes, and the types of serde and serde_json
    // have no quotes in their expectation.
    let found = message.get(start.len()..).unwrap_or_default();
    let kind = found.split(['"', '`', ',']).next().unwrap_or_default();
    let mut what = format!("{start}{kind}").trim_end_matches([' ', ':']).to_owned();
    // A type without fields or variants expects nothing; the word is then part of the input.
    if !message.contains(", there are no ")
        && let Some((_, expected)) = message.rsplit_once(", expected ")
    {
        what.push_str(", expected ");
        what.push_str(expected);
    }
    what
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        // A value that is written has no place in a text.
        if self.line > 0 {
            write!(f, " at line {} column {}", self.line, self.column)
        } else {
            Ok(())
        }
    }
}

impl Error for Problem {}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its errors count")]
    struct Order {
        id: u8,
        state: State,
    }

    #[derive(Debug, Deserialize)]
    enum State {
        Open,
        Paid,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}

    /// Refuses with its own words, which quote the input.
    #[derive(Debug)]
    struct Picky;

    impl<'de> Deserialize<'de> for Picky {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let text = String::deserialize(from)?;
            Err(serde::de::Error::custom(format!("no such thing as {text}")))
        }
    }

    fn problem<T: DeserializeOwned>(text: &str) -> String {
        let Err(error) = serde_json::from_str::<T>(text) else { return "none".to_owned() };
        let problem = Problem::of(&error);
        assert!(!format!("{problem:?}").contains("secret"));
        problem.to_string()
    }

    #[test]
    fn what_was_found_is_not_shown() {
        for (text, shown) in [
            (r#""secret""#, "invalid type: string, expected struct Order at line 1 column 8"),
            (
                r#"{"id":"secret, expected u8"}"#,
                "invalid type: string, expected u8 at line 1 column 27",
            ),
            (r#"{"id":4711}"#, "invalid value: integer, expected u8 at line 1 column 10"),
            (r#"{"id":-1.5}"#, "invalid type: floating point, expected u8 at line 1 column 10"),
            (r#"{"id":null}"#, "invalid type: null, expected u8 at line 1 column 10"),
            (r#"{"id":1}"#, "missing field `state` at line 1 column 8"),
            (r#"{"id":1,"id":2}"#, "duplicate field `id` at line 1 column 12"),
            (
                r#"{"id":1,"state":"secret"}"#,
                "unknown variant, expected `Open` or `Paid` at line 1 column 24",
            ),
            (r#"{"secret":1}"#, "unknown field, expected `id` or `state` at line 1 column 9"),
            ("{secret", "key must be a string at line 1 column 2"),
            ("", "EOF while parsing a value at line 1 column 0"),
        ] {
            assert_eq!(problem::<Order>(text), shown, "{text}");
        }
        assert_eq!(problem::<Picky>(r#""secret""#), "the value is refused by the type");
        assert_eq!(
            problem::<Empty>(r#"{"a, expected secret":1}"#),
            "unknown field at line 1 column 21"
        );
        assert_eq!(
            problem::<(u8, u8)>("[1]"),
            "invalid length 1, expected a tuple of size 2 at line 1 column 3"
        );
    }
}
