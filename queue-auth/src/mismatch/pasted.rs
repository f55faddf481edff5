//! The string to sign inside what people paste: answers in XML, lines of a JSON log, consoles.
//!
//! Come here when [`explain_mismatch`](super::explain_mismatch) takes a text for another one than it
//! is: what surrounds a string or escapes it is undone here, before anything is compared.

/// The service puts the string between apostrophes in the first sentence and at the end of the
/// second, which is the one for shared access signatures.
const REQUEST_SENTENCE: &str = "string to sign: '";
const SAS_SENTENCE: &str = "String to sign used was ";

/// The methods with which a string to sign starts; tables have `MERGE` and `PATCH`.
pub(super) const METHODS: [&str; 8] =
    ["GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "MERGE", "PATCH"];

/// The readings of `text` that make sense, the literal one first. None ends in a line end: an account
/// signature does, and pasting loses or adds one.
pub(super) fn readings(text: &str) -> Vec<String> {
    let literal = text.replace("\r\n", "\n").replace("\\u0027", "'");
    let plain = without_entities(&literal);
    let mut all = vec![reading(&literal)];
    if plain != literal {
        all.push(reading(&plain));
    }
    all
}

fn reading(text: &str) -> String {
    let found = extracted(text);
    // A string to sign has line ends. One without was escaped, by a log in JSON or a debugger.
    if found.trim().contains('\n') { cleaned(found) } else { cleaned(extracted(&unescaped(text))) }
}

/// The string inside the sentence that the service puts around it.
fn extracted(text: &str) -> &str {
    if let Some((_, rest)) = text.split_once(REQUEST_SENTENCE) {
        return until_apostrophe(rest);
    }
    if let Some((_, rest)) = text.split_once(SAS_SENTENCE) {
        // What follows is the end of an element of XML or of a string in JSON.
        let end = rest.find("</").into_iter().chain(rest.find('"')).min();
        return end.and_then(|end| rest.get(..end)).unwrap_or(rest);
    }
    text
}

/// What stands before the apostrophe that ends the sentence. Values may hold others, and so may the
/// rest of a log, so the one with the full stop counts.
fn until_apostrophe(rest: &str) -> &str {
    let ends = |(_, after): &(usize, &str)| {
        let next = after.chars().next();
        next.is_none_or(|next| next.is_whitespace() || matches!(next, '<' | '"' | '\\' | '\''))
    };
    let stops = rest.match_indices("'.").map(|(at, stop)| {
        let after = rest.get(at + stop.len()..).unwrap_or_default();
        (at, after)
    });
    let end = stops.into_iter().find(ends).map(|(at, _)| at).or_else(|| rest.rfind('\''));
    end.and_then(|end| rest.get(..end)).unwrap_or(rest)
}

/// Without quotes around the text, what a log wrote in front of it, and line ends behind it.
fn cleaned(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let outside = text.trim();
    let quoted = ['"', '\'', '`']
        .into_iter()
        .find_map(|quote| outside.strip_prefix(quote)?.strip_suffix(quote));
    // The first lines of a signature may be empty, so only blanks go.
    let text = quoted.unwrap_or(&text).trim_start_matches([' ', '\t']);
    let text = text.trim_end_matches('\n');
    let first = text.split('\n').next().unwrap_or_default();
    let method = METHODS.into_iter().find(|method| {
        let before = first.strip_suffix(method).and_then(|before| before.chars().next_back());
        before.is_some_and(|before| !before.is_alphanumeric())
    });
    let start = method.map_or(0, |method| first.len() - method.len());
    text.get(start..).unwrap_or(text).to_owned()
}

/// Undoes the escapes of JSON until there are line ends; a log inside a log escapes twice.
fn unescaped(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..3 {
        if extracted(&text).trim().contains('\n') || !text.contains("\\n") {
            break;
        }
        text = unescaped_once(&text);
    }
    text
}

fn unescaped_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let mut chars = after.chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(c @ ('\\' | '"' | '\'' | '/')) => out.push(c),
            Some('u') => {
                let digits = chars.as_str().get(..4);
                match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
                    Some(code) => {
                        out.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                        chars = chars.as_str().get(4..).unwrap_or_default().chars();
                    }
                    None => out.push_str("\\u"),
                }
            }
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Undoes the escapes of XML and HTML, once.
fn without_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.split_once(';').and_then(|(name, rest)| Some((entity(name)?, rest)));
        match entity {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.replace("\r\n", "\n")
}

fn entity(name: &str) -> Option<char> {
    let numeric = name.strip_prefix('#');
    let hexadecimal = numeric.and_then(|text| text.strip_prefix(['x', 'X']));
    Some(match (name, numeric, hexadecimal) {
        (_, _, Some(digits)) => char::from_u32(u32::from_str_radix(digits, 16).ok()?)?,
        (_, Some(digits), None) => char::from_u32(digits.parse().ok()?)?,
        ("amp", ..) => '&',
        ("lt", ..) => '<',
        ("gt", ..) => '>',
        ("quot", ..) => '"',
        ("apos", ..) => '\'',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "GET\n\n\n\nx-ms-date:a\n/c/q\nprefix:'a'&\"b\"";

    fn reads_as(text: &str, expected: &str) {
        let readings = readings(text);
        assert!(readings.iter().any(|reading| reading == expected), "{text:?} as {readings:?}");
    }

    #[test]
    fn every_wrapping() {
        let sentence = format!(
            "The MAC signature found is not ours. Server used following {REQUEST_SENTENCE}{PLAIN}'."
        );
        let xml = sentence.replace('&', "&amp;").replace('"', "&quot;");
        let json = sentence.replace('"', "\\\"").replace('\n', "\\n");
        for text in [
            PLAIN.to_owned(),
            PLAIN.replace('\n', "\r\n"),
            PLAIN.replace('"', "\\\"").replace('\n', "\\n"),
            PLAIN.replace('"', "\\\"").replace('\n', "\\r\\n"),
            PLAIN.replace('&', "&amp;").replace('"', "&#34;").replace('\'', "&#x27;"),
            PLAIN.replace('\n', "&#10;"),
            format!("\"{}\"\n", PLAIN.replace('"', "\\\"").replace('\n', "\\n")),
            format!("'{PLAIN}'"),
            format!("  {PLAIN}\n\n"),
            format!("2026-09-23T10:20:30Z DEBUG client: signed {PLAIN}"),
            sentence.clone(),
            sentence.replace('\n', "\r\n"),
            format!("<Error><AuthenticationErrorDetail>{xml}</AuthenticationErrorDetail></Error>"),
            format!("{xml}</AuthenticationErrorDetail></Error>', headers={{'a': 'b'}}"),
            json.clone(),
            json.replace('\'', "\\u0027"),
            json.replace('\\', "\\\\"),
            format!("{{\n  \"detail\": \"{json}\",\n  \"status\": 403\n}}\n"),
            format!("{sentence}\nHeaders:\nDate: 'now'.\n"),
        ] {
            reads_as(&text, PLAIN);
        }
    }

    #[test]
    fn signatures() {
        const SAS: &str = "\n\n\n/queue/c/q\nid\n\n\n2026-02-06";
        for text in [
            SAS.to_owned(),
            format!("{SAS}\n"),
            format!("Signature did not match. {SAS_SENTENCE}{SAS}"),
            format!("{SAS_SENTENCE}{SAS}</AuthenticationErrorDetail></Error>"),
            format!("{{\"d\":\"{SAS_SENTENCE}{}\",\"s\":403}}", SAS.replace('\n', "\\n")),
            format!("\"{}\"", SAS.replace('\n', "\\n")),
        ] {
            reads_as(&text, SAS);
        }
    }

    #[test]
    fn what_is_no_escape_stays() {
        for text in [
            "GET\n\n\n\n/c/q\nprefix:a\\nb",
            "GET\n\n\n\n/c/q\nprefix:&x;&#xzz;&#99999999;& &amp",
            "a\\u00zz\\",
        ] {
            assert_eq!(readings(text), [text]);
        }
    }
}
