//! The tables in the documentation of the codecs, row by row: what other programs write, and what the
//! codecs make of it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use queue_proto::MessageText;
use queue_proto::codec::{Auto, Base64Bytes, Base64Text, Codec, CodecError, Encoding, Text};

fn text(text: &str) -> MessageText {
    MessageText::new(text).unwrap()
}

/// What the two base64 codecs read; `None` when both refuse it.
fn base64(written: &str) -> Option<String> {
    let as_text = Base64Text.decode(&text(written));
    let as_bytes = Base64Bytes.decode(&text(written));
    match (as_text, as_bytes) {
        (Ok(read), Ok(bytes)) => {
            assert_eq!(read.as_bytes(), bytes, "{written}");
            Some(read)
        }
        (Err(CodecError::NotBase64 { .. }), Err(CodecError::NotBase64 { .. })) => None,
        other => panic!("{written}: {other:?}"),
    }
}

/// What `Auto` reads from base64; `None` when it takes it for text.
fn auto(written: &str) -> Option<String> {
    let read = Auto.decode(&text(written)).unwrap();
    match read.encoding {
        Encoding::Base64 => Some(read.text),
        Encoding::Text => {
            assert_eq!(read.text, written);
            None
        }
    }
}

const ORDER: &str = r#"{"id": 1234567890, "customer": "Contoso Ltd", "items": [1, 2, 3]}"#;
const ONE_LINE: &str = "eyJpZCI6IDEyMzQ1Njc4OTAsICJjdXN0b21lciI6ICJDb250b3NvIEx0ZCIsICJpdGVtcyI6\
    IFsxLCAyLCAzXX0=";

/// The text in lines of so many characters, each with this end.
fn broken(length: usize, end: &str) -> String {
    let characters: Vec<char> = ONE_LINE.chars().collect();
    characters.chunks(length).map(|line| String::from_iter(line) + end).collect()
}

#[track_caller]
fn order(written: &str, in_base64: bool, in_auto: bool) {
    assert_eq!(base64(written).as_deref(), in_base64.then_some(ORDER), "{written:?}");
    assert_eq!(auto(written).as_deref(), in_auto.then_some(ORDER), "{written:?}");
}

#[test]
fn one_line_is_read_and_written() {
    order(ONE_LINE, true, true);
    assert_eq!(Base64Text.encode(&ORDER.to_owned()).unwrap().as_str(), ONE_LINE);
}

#[test]
fn lines_of_shells_and_mime_encoders() {
    for length in [60, 64, 72, 76] {
        for end in ["\n", "\r\n"] {
            order(&broken(length, end), true, true);
            order(broken(length, end).trim_end(), true, true);
        }
    }
}

#[test]
fn blanks_around() {
    for written in [
        format!("{ONE_LINE}\n"),
        format!("{ONE_LINE}\r\n"),
        format!(" \t{ONE_LINE} "),
        format!("\n\n{ONE_LINE}"),
    ] {
        order(&written, true, true);
    }
}

#[test]
fn blanks_within_and_lines_of_other_lengths() {
    order(&ONE_LINE.replacen("6I", "6 I", 1), true, false);
    order(&ONE_LINE.replacen("6I", "6\tI", 1), true, false);
    order(&broken(4, "\n"), true, false);
    order(&broken(48, " "), true, false);
    // Whole quads of letters with blanks between them are words.
    assert_eq!(auto("make each task\n"), None);
}

#[test]
fn without_padding() {
    order(ONE_LINE.trim_end_matches('='), true, false);
    assert_eq!(base64("aGk").as_deref(), Some("hi"));
}

#[test]
fn padding_that_does_not_fit() {
    assert_eq!(base64("aR=").as_deref(), Some("i"));
    assert_eq!(auto("aR="), None);
    for written in ["aGk==", "aGk===", "aGVsbG8gd29ybGQ==", "====", "="] {
        assert_eq!((base64(written), auto(written)), (None, None), "{written}");
    }
}

#[test]
fn bits_that_stand_for_nothing() {
    assert_eq!(base64("aGl=").as_deref(), Some("hi"));
    assert_eq!(base64("aGl").as_deref(), Some("hi"));
    assert_eq!(base64("aGVsbG8gd29ybGR=").as_deref(), Some("hello world"));
    assert_eq!(auto("aGVsbG8gd29ybGR="), None);
}

#[test]
fn something_behind_the_padding() {
    for written in ["aGk=aGk=", "aGk=x", "aGk=\naGk=\n"] {
        assert_eq!((base64(written), auto(written)), (None, None), "{written}");
    }
}

#[test]
fn other_alphabets_and_characters() {
    for written in ["-_-_", "aGk!=", "hello, world", "aGVsbG8.", "aGVsbG8é", "a"] {
        assert_eq!((base64(written), auto(written)), (None, None), "{written}");
    }
}

#[test]
fn nothing_at_all() {
    assert_eq!(base64("").as_deref(), Some(""));
    assert_eq!(base64("\n").as_deref(), Some(""));
    assert_eq!(auto(""), None);
}

#[test]
fn base64_of_what_is_no_text() {
    let written = text("/////w==");
    assert!(matches!(Base64Text.decode(&written), Err(CodecError::NotUtf8 { .. })));
    assert_eq!(Base64Bytes.decode(&written).unwrap().as_ref(), [0xFF; 4]);
    assert_eq!(auto("/////w=="), None);
}

#[test]
fn text_is_what_it_is() {
    for written in ["  a\tb\n ", "\u{feff}a", "\r\n", ""] {
        assert_eq!(Text.decode(&text(written)).unwrap(), written);
    }
}

#[cfg(feature = "json")]
mod json {
    use std::collections::BTreeMap;

    use queue_proto::codec::Json;
    use serde::{Deserialize, Serialize};

    use super::*;

    type Map = BTreeMap<String, u32>;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Order {
        id: u32,
    }

    fn map(written: &str) -> Option<u32> {
        Json::<Map>::new().decode(&text(written)).ok().and_then(|map| map.get("id").copied())
    }

    #[test]
    fn blanks_and_a_byte_order_mark() {
        assert_eq!(map(" \r\n{\"id\":1}\t\n"), Some(1));
        assert_eq!(map("\u{feff}{\"id\":1}"), Some(1));
        let bytes = b"\xEF\xBB\xBF{\"id\":1}".as_slice();
        let written = Base64Bytes.encode(&bytes.into()).unwrap();
        assert_eq!(Json::<Order>::base64().decode(&written).unwrap(), Order { id: 1 });
        let broken = text(&format!("{}\n", written.as_str()));
        assert_eq!(Json::<Order>::base64().decode(&broken).unwrap(), Order { id: 1 });
    }

    #[test]
    fn what_is_no_json() {
        assert!(Json::<f64>::new().decode(&text("NaN")).is_err());
        assert!(Json::<f64>::new().decode(&text("Infinity")).is_err());
        for written in [
            "{\"id\":1} // c",
            "{'id':1}",
            "{\"id\":1,}",
            "{\"id\":01}",
            "{\"id\":1} x",
            "{\"i\u{7f}d\":1}x",
            "\u{feff}\u{feff}{\"id\":1}",
        ] {
            assert_eq!(map(written), None, "{written}");
        }
        assert!(Json::<String>::new().decode(&text("\"a\tb\"")).is_err());
        assert!(Json::<String>::new().decode(&text(r#""\ud800""#)).is_err());
        assert_eq!(Json::<String>::new().decode(&text(r#""\ud83d\ude00""#)).unwrap(), "😀");
    }

    #[test]
    fn names_twice_or_in_another_case() {
        assert_eq!(map(r#"{"id":1,"id":2}"#), Some(2));
        assert!(Json::<Order>::new().decode(&text(r#"{"id":1,"id":2}"#)).is_err());
        assert!(Json::<Order>::new().decode(&text(r#"{"ID":1}"#)).is_err());
    }
}
