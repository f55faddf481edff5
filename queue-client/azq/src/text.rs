//! Texts of strangers, made harmless: [`visible`] shows what would steer a terminal or break a line,
//! [`fit`] cuts to a width, and [`harmless_json`] writes such characters as escapes of JSON.

use std::{borrow::Cow, fmt::Write as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Says whether a character may steer a terminal, break a line or reorder what stands around it:
/// control characters, line and paragraph separators, marks of direction, characters without a
/// width that hide others, and tags.
const fn steers(letter: char) -> bool {
    matches!(
        letter,
        '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// The text in one line that a terminal shows as it is: `\n`, `\t` and `\r` for blanks of that name,
/// `\x1b` and `\u{202e}` for what else would do something instead of being seen. A backslash stays
/// one, so this is for readers and not for programs.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, false)
}

/// As [`visible`], but with doubled backslashes, so that the text can be had back.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, true)
}

fn escaped(text: &str, backslashes: bool) -> Cow<'_, str> {
    if !text.contains(|letter| steers(letter) || backslashes && letter == '\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        match letter {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' if backslashes => out.push_str("\\\\"),
            letter if !steers(letter) => out.push(letter),
            letter if u32::from(letter) < 0x100 => {
                let _ = write!(out, "\\x{:02x}", u32::from(letter));
            }
            letter => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(letter));
            }
        }
    }
    Cow::Owned(out)
}

/// The text of several lines that a terminal may show: line feeds and tabs stay, all else is made
/// [`visible`].
pub(crate) fn visible_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive(['\n', '\t']) {
        match part.strip_suffix(['\n', '\t']) {
            Some(start) => {
                out.push_str(&visible(start));
                out.push_str(part.get(start.len()..).unwrap_or_default());
            }
            None => out.push_str(&visible(part)),
        }
    }
    out
}

/// JSON whose strings have no character that could steer a terminal: each becomes `\uXXXX`, which
/// means the same to a reader of JSON.
pub(crate) fn harmless_json(json: String) -> String {
    if !json.contains(|letter| steers(letter) && letter != '\n') {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 16);
    let mut units = [0u16; 2];
    for letter in json.chars() {
        if steers(letter) && letter != '\n' {
            for unit in letter.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(letter);
        }
    }
    out
}

/// The number of columns that a text takes on a terminal.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// The start of a text that takes at most `columns`, with `…` at its end if something is missing.
pub(crate) fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or(0);
        if used > columns {
            break;
        }
        out.push(letter);
    }
    out.push('…');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_seen_instead() {
        for (text, seen) in [
            ("\u{1b}[2J\u{1b}]0;owned\u{7}", "\\x1b[2J\\x1b]0;owned\\x07"),
            ("a\r\nb\tc", "a\\r\\nb\\tc"),
            ("\u{9b}31m", "\\x9b31m"),
            ("abc\u{202e}txt.exe", "abc\\u{202e}txt.exe"),
            ("zero\u{200b}width\u{feff}", "zero\\u{200b}width\\u{feff}"),
            ("日本 ä 👍", "日本 ä 👍"),
            ("c:\\new", "c:\\new"),
        ] {
            assert_eq!(visible(text), seen);
        }
        assert_eq!(one_line("c:\\new\n"), "c:\\\\new\\n");
        assert_eq!(visible_lines("a\n\u{1b}[1mb\tc"), "a\n\\x1b[1mb\tc");
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a": "\u{202e}\u{9b}\u{7f}\u{e0041}\u{2028} ok" });
        let text = harmless_json(value.to_string());
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }

    #[test]
    fn texts_fit_their_columns() {
        assert_eq!(fit("abcdef", 6), "abcdef");
        assert_eq!(fit("abcdefg", 6), "abcde…");
        assert_eq!(fit("日本語", 4), "日…");
        assert!(width(&fit("日本語日本語", 5)) <= 5);
    }
}
