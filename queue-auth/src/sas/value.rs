//! [`IpRange`] and [`SasProtocol`]: the limits on where a signature may be used.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use super::error::InvalidSas;

/// The IPv4 addresses from which a signature may be used (`sip`): one, or a range with both ends.
///
/// ```
/// use queue_auth::sas::IpRange;
/// let range: IpRange = "168.1.5.60-168.1.5.70".parse()?;
/// assert!(range.contains("168.1.5.65".parse()?));
/// assert!(!range.contains("168.1.5.71".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IpRange {
    first: Ipv4Addr,
    last: Ipv4Addr,
}

impl IpRange {
    /// Makes the range from `first` to `last`, both included.
    ///
    /// # Errors
    ///
    /// When `last` is before `first`.
    pub fn new(first: Ipv4Addr, last: Ipv4Addr) -> Result<Self, InvalidSas> {
        if last < first {
            return Err(InvalidSas::new("sip", "ends before it starts"));
        }
        Ok(Self { first, last })
    }

    /// The first address of the range.
    pub fn first(&self) -> Ipv4Addr {
        self.first
    }

    /// The last address of the range.
    pub fn last(&self) -> Ipv4Addr {
        self.last
    }

    /// Says whether `address` is in the range. An IPv6 address that maps an IPv4 address
    /// (`::ffff:192.0.2.1`) counts as that IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => self.first <= address && address <= self.last,
            IpAddr::V6(_) => false,
        }
    }
}

impl From<Ipv4Addr> for IpRange {
    fn from(address: Ipv4Addr) -> Self {
        Self { first: address, last: address }
    }
}

impl fmt::Display for IpRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

impl FromStr for IpRange {
    type Err = InvalidSas;

    fn from_str(text: &str) -> Result<Self, InvalidSas> {
        let address = |text: &str| {
            text.parse().map_err(|_| InvalidSas::new("sip", "is not an IPv4 address or range"))
        };
        match text.split_once('-') {
            None => address(text).map(Self::from),
            Some((first, last)) => Self::new(address(first)?, address(last)?),
        }
    }
}

/// The protocols over which a signature may be used (`spr`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the service knows these two and no more")]
pub enum SasProtocol {
    /// HTTPS only: `https`.
    HttpsOnly,
    /// HTTPS and plain HTTP: `https,http`, which means the same as no protocol at all.
    HttpsAndHttp,
}

impl SasProtocol {
    /// The text of the field `spr`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HttpsOnly => "https",
            Self::HttpsAndHttp => "https,http",
        }
    }
}

impl fmt::Display for SasProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SasProtocol {
    type Err = InvalidSas;

    fn from_str(text: &str) -> Result<Self, InvalidSas> {
        match text {
            "https" => Ok(Self::HttpsOnly),
            "https,http" => Ok(Self::HttpsAndHttp),
            _ => Err(InvalidSas::new("spr", "is neither \"https\" nor \"https,http\"")),
        }
    }
}
