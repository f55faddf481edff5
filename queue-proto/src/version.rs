//! [`ServiceVersion`], the version of the service that a request asks for.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use time::{Date, Month};

use crate::error::InvalidValue;

/// A version of the service, which is a date, as the header `x-ms-version` has it.
///
/// Any well-formed date from [`FIRST`](Self::FIRST) on is taken: services know versions that this
/// crate does not. What changed with which version is on the page "Versioning for Azure Storage"
/// of the REST reference.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceVersion {
    year: u16,
    month: u8,
    day: u8,
}

impl ServiceVersion {
    /// 2009-04-14, the first version of the queue service.
    pub const FIRST: Self = Self { year: 2009, month: 4, day: 14 };
    /// 2026-10-06, the newest version that an official SDK sends. Requests ask for it by default.
    pub const LATEST: Self = Self { year: 2026, month: 10, day: 6 };

    const LATEST_TEXT: &'static str = "2026-10-06";

    /// A version that the REST reference names, for comparisons.
    pub(crate) const fn known(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }

    /// The version of this date, such as `ServiceVersion::new(2019, 12, 12)`.
    ///
    /// # Errors
    ///
    /// When there is no such date, or when the date is before [`FIRST`](Self::FIRST) or after the year 9999.
    pub fn new(year: u16, month: u8, day: u8) -> Result<Self, InvalidValue> {
        let version = Self { year, month, day };
        let exists = Month::try_from(month)
            .and_then(|month| Date::from_calendar_date(year.into(), month, day))
            .is_ok();
        if exists && version >= Self::FIRST && year <= 9999 {
            Ok(version)
        } else {
            Err(Self::invalid())
        }
    }

    const fn invalid() -> InvalidValue {
        InvalidValue::new("service version", "must be a date like 2026-10-06, from 2009-04-14 on")
    }

    /// The version as the value of a header.
    #[must_use]
    pub fn to_header_value(self) -> HeaderValue {
        if self == Self::LATEST {
            return HeaderValue::from_static(Self::LATEST_TEXT);
        }
        HeaderValue::try_from(self.to_string()).expect("digits and hyphens are a header value")
    }
}

impl Default for ServiceVersion {
    fn default() -> Self {
        Self::LATEST
    }
}

impl fmt::Display for ServiceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Servers write it into every answer, and the formatting of numbers takes ten times as long.
        let digit = |number: u16, place: u16| b'0' + (number / place % 10) as u8;
        let (year, month, day) = (self.year, self.month.into(), self.day.into());
        let text = [
            digit(year, 1000),
            digit(year, 100),
            digit(year, 10),
            digit(year, 1),
            b'-',
            digit(month, 10),
            digit(month, 1),
            b'-',
            digit(day, 10),
            digit(day, 1),
        ];
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for ServiceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServiceVersion({self})")
    }
}

impl FromStr for ServiceVersion {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text == Self::LATEST_TEXT {
            return Ok(Self::LATEST);
        }
        let digits = |part: Option<&str>, length: usize| {
            part.filter(|part| part.len() == length && part.bytes().all(|b| b.is_ascii_digit()))
                .and_then(|part| part.parse::<u16>().ok())
                .ok_or_else(Self::invalid)
        };
        let small = |number: u16| u8::try_from(number).map_err(|_| Self::invalid());
        let mut parts = text.splitn(3, '-');
        let year = digits(parts.next(), 4)?;
        let month = digits(parts.next(), 2)?;
        let day = digits(parts.next(), 2)?;
        Self::new(year, small(month)?, small(day)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        assert_eq!(ServiceVersion::default().to_string(), "2026-10-06");
        assert_eq!(ServiceVersion::LATEST_TEXT, ServiceVersion::LATEST.to_string());
        assert_eq!("2026-10-06".parse::<ServiceVersion>().unwrap(), ServiceVersion::LATEST);
        for good in ["2009-04-14", "2019-12-12", "2031-01-01"] {
            let version: ServiceVersion = good.parse().unwrap();
            assert_eq!(version.to_string(), good);
            assert_eq!(version.to_header_value(), good);
        }
        for bad in
            ["", "2009-04-13", "2019-02-30", "2019-2-2", "19-12-12", "2019-12-12 ", "+019-12-12"]
        {
            assert!(bad.parse::<ServiceVersion>().is_err(), "{bad}");
        }
        assert!(ServiceVersion::new(2019, 7, 7).unwrap() < ServiceVersion::LATEST);
    }
}
