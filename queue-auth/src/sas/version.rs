//! [`SasVersion`]: the version of a signature, which decides the string that is signed.

use std::fmt;
use std::str::FromStr;

use super::error::InvalidSas;

/// The version of the rules of a signature (`sv`): a date, `YYYY-MM-DD`.
///
/// Any date from 2012-02-12 on, the first version with signatures for queues, is accepted; the
/// newest rules hold for the ones to come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SasVersion {
    year: u16,
    month: u8,
    day: u8,
}

impl SasVersion {
    /// The first version with signatures for queues, of six lines.
    pub const V2012_02_12: Self = Self::of(2012, 2, 12);
    /// The first version in which the resource of a queue's signature starts with `/queue`.
    pub const V2015_02_21: Self = Self::of(2015, 2, 21);
    /// The first version with account signatures, address ranges and protocols.
    pub const V2015_04_05: Self = Self::of(2015, 4, 5);
    /// The first version with user delegation signatures for blobs, and with the kind of resource and
    /// the time of a snapshot in the signatures for blobs.
    pub const V2018_11_09: Self = Self::of(2018, 11, 9);
    /// The first version with the letters for versions of blobs (`x`) and deletion for good (`y`).
    pub(super) const V2019_10_10: Self = Self::of(2019, 10, 10);
    /// The first version with signatures for versions of blobs.
    pub const V2019_12_12: Self = Self::of(2019, 12, 12);
    /// The first version with signatures for directories, and with a correlation id.
    pub const V2020_02_10: Self = Self::of(2020, 2, 10);
    /// The first version with the letter for immutability (`i`).
    pub(super) const V2020_06_12: Self = Self::of(2020, 6, 12);
    /// The first version with a further line in account signatures.
    pub const V2020_12_06: Self = Self::of(2020, 12, 6);
    /// The first version with the letter to find blobs by tags (`f`) in signatures for containers.
    pub(super) const V2021_04_10: Self = Self::of(2021, 4, 10);
    /// User delegation signatures for queues, files and tables. The default of the builders: the oldest version, and
    /// so the one that most servers know, with everything that the builders can say, but for demands.
    pub const V2025_07_05: Self = Self::of(2025, 7, 5);
    /// The first version in which user delegation signatures for blobs can demand headers and query
    /// parameters.
    pub const V2026_04_06: Self = Self::of(2026, 4, 6);

    const fn of(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }
}

impl Default for SasVersion {
    fn default() -> Self {
        Self::V2025_07_05
    }
}

impl fmt::Display for SasVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for SasVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SasVersion({self})")
    }
}

impl FromStr for SasVersion {
    type Err = InvalidSas;

    fn from_str(text: &str) -> Result<Self, InvalidSas> {
        const MALFORMED: InvalidSas = InvalidSas::new("sv", "is not a version like 2026-02-06");
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
            return Err(MALFORMED);
        };
        let mut digits = [y1, y2, y3, y4, m1, m2, d1, d2];
        for digit in &mut digits {
            *digit = match *digit {
                b'0'..=b'9' => *digit - b'0',
                _ => return Err(MALFORMED),
            };
        }
        let [y1, y2, y3, y4, m1, m2, d1, d2] = digits;
        let year = u16::from(y1) * 1000 + u16::from(y2) * 100 + u16::from(y3) * 10 + u16::from(y4);
        let version = Self { year, month: m1 * 10 + m2, day: d1 * 10 + d2 };
        if !(1..=12).contains(&version.month) || !(1..=31).contains(&version.day) {
            return Err(MALFORMED);
        }
        if version < Self::V2012_02_12 {
            return Err(InvalidSas::new("sv", "is older than 2012-02-12, the first for queues"));
        }
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_prints_and_orders() {
        for text in ["2012-02-12", "2015-04-05", "2026-10-06"] {
            assert_eq!(text.parse::<SasVersion>().map(|v| v.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "2026-2-06", "2026-02-06 ", "2026-13-06", "2009-09-19", "20é6-02-06"] {
            assert!(text.parse::<SasVersion>().is_err(), "{text}");
        }
        assert!(SasVersion::V2015_02_21 < SasVersion::V2015_04_05);
    }
}
