//! The headers of a string to sign: which are signed, on which line, and with what value.

use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::few::{Buffer, Few};
use super::order;
use crate::error::AuthError;

const PREFIX: &str = "x-ms-";

const DATA_SERVICE_VERSION: HeaderName = HeaderName::from_static("dataserviceversion");
const ODATA: &[u8] = b";odata=";

/// The headers that have a line of their own, in the order of their lines.
const FIXED: [&str; 11] = [
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
];
const CONTENT_LENGTH: usize = 2;
const DATE: usize = 5;
/// The lines of Lite: `content-md5`, `content-type`, `date`.
const LITE: std::ops::RangeInclusive<usize> = 3..=DATE;

/// The line of a header, if it has one. A `match` on constants, because this runs for every header
/// of every request.
fn line_of(name: &str) -> Option<usize> {
    Some(match name {
        "content-encoding" => 0,
        "content-language" => 1,
        "content-length" => CONTENT_LENGTH,
        "content-md5" => 3,
        "content-type" => 4,
        "date" => DATE,
        "if-modified-since" => 6,
        "if-match" => 7,
        "if-none-match" => 8,
        "if-unmodified-since" => 9,
        "range" => 10,
        _ => return None,
    })
}

/// The signed headers of one request, values without the blanks around them: those never reach the
/// service, HTTP drops them.
pub(super) struct Headers<'a> {
    fixed: [Option<&'a [u8]>; FIXED.len()],
    /// The `x-ms-` headers: names without that prefix, in the order of the service.
    x_ms: Few<(&'a str, &'a [u8]), 8>,
    dated: bool,
    version: Option<&'a [u8]>,
    /// A signed header whose value HTTP changes on the way.
    changed: Option<&'a HeaderName>,
}

impl<'a> Headers<'a> {
    /// Picks the signed headers; `date` stands in for the `x-ms-date` that is there.
    pub(super) fn read(headers: &'a HeaderMap, date: Option<&'a [u8]>) -> Result<Self, AuthError> {
        let mut this = Self {
            fixed: [None; FIXED.len()],
            x_ms: Few::new(),
            dated: date.is_some(),
            version: None,
            changed: None,
        };
        if let Some(date) = date {
            this.x_ms.push(("date", date));
        }
        for (header, value) in headers {
            let name = header.as_str();
            let raw = value.as_bytes();
            let value = raw.trim_ascii();
            if let Some(rest) = name.strip_prefix(PREFIX) {
                match rest {
                    "date" if date.is_some() => continue,
                    "date" => this.dated = true,
                    "version" => this.version = Some(value),
                    _ => {}
                }
                this.x_ms.push((rest, value));
            } else if let Some(line) = line_of(name).and_then(|line| this.fixed.get_mut(line)) {
                if line.replace(value).is_some() {
                    return Err(repeated(name));
                }
            } else {
                continue;
            }
            if raw.len() != value.len() {
                this.changed = Some(header);
            }
        }
        let x_ms = this.x_ms.as_mut_slice();
        x_ms.sort_unstable_by(|a, b| order::compare(a.0, b.0));
        Ok(this)
    }

    pub(super) fn has_version(&self) -> bool {
        self.version.is_some()
    }

    /// Fails for a value that HTTP changes on the way to the service.
    pub(super) fn check_unchanged(&self) -> Result<(), AuthError> {
        match self.changed {
            Some(name) => Err(AuthError::ChangedByHttp { name: name.clone() }),
            None => Ok(()),
        }
    }

    /// Whether the version is known to be before `date`. Without a version the newest rules hold.
    fn is_before(&self, date: &str) -> bool {
        self.version.is_some_and(|version| version < date.as_bytes())
    }

    pub(super) fn write_fixed(&self, out: &mut Buffer) {
        for (line, value) in self.fixed.iter().enumerate() {
            match value {
                // An `x-ms-date` empties the line of `Date`.
                Some(_) if line == DATE && self.dated => {}
                // Since 2015-02-21 a length of zero is signed as nothing.
                Some(b"0") if line == CONTENT_LENGTH && !self.is_before("2015-02-21") => {}
                Some(value) => out.extend(value),
                None => {}
            }
            out.push(b'\n');
        }
    }

    pub(super) fn write_fixed_lite(&self, out: &mut Buffer) {
        for (line, value) in self.fixed.iter().enumerate().filter(|(line, _)| LITE.contains(line)) {
            match value {
                Some(value) if line != DATE || !self.dated => out.extend(value),
                _ => {}
            }
            out.push(b'\n');
        }
    }

    /// Writes the lines of tables: digest, type and date, of which Lite has only the date. An
    /// `x-ms-date` stands on the line of `Date` there.
    pub(super) fn write_table(&self, lite: bool, out: &mut Buffer) -> Result<(), AuthError> {
        let mut dates = self.x_ms.as_slice().iter().filter(|(name, _)| *name == "date");
        let date = match (dates.next(), dates.next()) {
            (_, Some(_)) => return Err(repeated("x-ms-date")),
            (Some((_, date)), None) => Some(*date),
            (None, None) => self.fixed.get(DATE).copied().flatten(),
        };
        for (line, value) in self.fixed.iter().enumerate().filter(|(line, _)| LITE.contains(line)) {
            if line == DATE {
                out.extend(date.unwrap_or_default());
            } else if lite {
                continue;
            } else {
                out.extend(value.unwrap_or_default());
            }
            out.push(b'\n');
        }
        Ok(())
    }

    /// Writes `name:value\n` for each `x-ms-` header.
    pub(super) fn write_x_ms(&mut self, out: &mut Buffer) -> Result<(), AuthError> {
        // Before 2016-05-31 a header without a value was left out.
        let drops_empty = self.is_before("2016-05-31");
        let mut previous = None;
        for (name, value) in self.x_ms.as_slice() {
            if previous == Some(name) {
                return Err(repeated(&format!("{PREFIX}{name}")));
            }
            previous = Some(name);
            if value.is_empty() && drops_empty {
                continue;
            }
            out.extend(PREFIX.as_bytes());
            out.extend(name.as_bytes());
            out.push(b':');
            out.extend(value);
            out.push(b'\n');
        }
        Ok(())
    }

    /// The error for the first header that is not text, if there is one.
    pub(super) fn not_text(&self) -> Option<AuthError> {
        let fixed = FIXED.into_iter().zip(self.fixed.map(Option::unwrap_or_default));
        let fixed = fixed.map(|(name, value)| (name.to_owned(), value));
        let x_ms = self.x_ms.as_slice().iter();
        let mut all = fixed.chain(x_ms.map(|(name, value)| (format!("{PREFIX}{name}"), *value)));
        let (name, _) = all.find(|(_, value)| std::str::from_utf8(value).is_err())?;
        header_name(&name).map(|name| AuthError::HeaderNotText { name })
    }
}

/// Says whether the headers are those of OData, which only the service for tables speaks.
pub(super) fn are_for_tables(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).map(HeaderValue::as_bytes).unwrap_or_default();
    headers.contains_key(DATA_SERVICE_VERSION)
        || accept.windows(ODATA.len()).any(|part| part.eq_ignore_ascii_case(ODATA))
}

fn header_name(name: &str) -> Option<HeaderName> {
    HeaderName::from_bytes(name.as_bytes()).ok()
}

fn repeated(name: &str) -> AuthError {
    // A name that was in a header map is always a name.
    header_name(name).map_or(AuthError::TooManyHeaders, |name| AuthError::RepeatedHeader { name })
}

/// The only value of a header, without the blanks around it, if it is there.
pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(AuthError::RepeatedHeader { name: name.clone() });
    }
    std::str::from_utf8(value.as_bytes().trim_ascii())
        .map(Some)
        .map_err(|_| AuthError::HeaderNotText { name: name.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fixed_header_has_its_line() {
        for (line, name) in FIXED.into_iter().enumerate() {
            assert_eq!(line_of(name), Some(line), "{name}");
        }
        assert_eq!(line_of("host"), None);
    }
}
