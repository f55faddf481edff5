//! The fields of a signature, and the string that each kind signs. Builders, tokens and the
//! verifier all work on this.

use std::borrow::Cow;
use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use super::demand::Demanded;
use super::error::InvalidSas;
use super::kind::SasKind;
use super::resource::SasResource;
use super::version::SasVersion;
use crate::date::parse_iso;
use crate::key::{HmacSha256, push_signature};
use crate::query::decoded_text;
use crate::service::Service;

/// The characters to escape, all but the unreserved ones: what remains survives every URL parser as it is.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Every field of every kind, in the order in which builders write them. `sr` is written by some SDKs
/// for queues too, and is never signed there.
const NAMES: [&str; 36] = [
    "sv", "ss", "srt", "tn", "sr", "sdd", "sp", "st", "se", "sip", "spr", "si", "ses", "spk",
    "srk", "epk", "erk", "rscc", "rscd", "rsce", "rscl", "rsct", "skoid", "sktid", "skt", "ske",
    "sks", "skv", "saoid", "suoid", "scid", "skdutid", "sduoid", "srh", "srq", "sig",
];

/// The fields of a signature, decoded.
///
/// They have no `Debug`, since `sig` is among them.
#[derive(Clone)]
pub(crate) struct Fields<'a> {
    values: [Option<Cow<'a, str>>; NAMES.len()],
    /// The values of what `srh` and `srq` name, which are signed and stand elsewhere.
    pub(super) demanded: Option<Demanded>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new() -> Self {
        Self { values: [const { None }; NAMES.len()], demanded: None }
    }

    /// Reads the fields out of a query, leaving other parameters alone.
    pub(crate) fn read(query: &'a str) -> Result<Self, InvalidSas> {
        let mut fields = Self::new();
        for piece in query.split('&') {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let Some((name, place)) = fields.place(name) else { continue };
            if place.is_some() {
                return Err(InvalidSas::new(name, "occurs more than once"));
            }
            let value = decoded_text(value).ok_or(InvalidSas::new(name, "is not UTF-8 text"))?;
            if value.contains(char::is_control) {
                // A line end would shift the lines of the string to sign.
                return Err(InvalidSas::new(name, "holds a control character"));
            }
            *place = Some(value);
        }
        Ok(fields)
    }

    fn place(&mut self, name: &str) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
        let known = NAMES.into_iter().zip(&mut self.values);
        known.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known))
    }

    /// Whether a query holds a signature.
    pub(crate) fn signed(query: &str) -> bool {
        query.split('&').any(|piece| {
            piece.split_once('=').is_some_and(|(name, _)| name.eq_ignore_ascii_case("sig"))
        })
    }

    /// Whether a parameter of that name belongs to a signature.
    pub(crate) fn knows(name: &str) -> bool {
        NAMES.into_iter().any(|known| name.eq_ignore_ascii_case(known))
    }

    /// The value of a field that is there; `None` also when it is empty.
    pub(crate) fn get(&self, name: &'static str) -> Option<&str> {
        let mut known = NAMES.into_iter().zip(&self.values);
        let (_, value) = known.find(|(known, _)| *known == name)?;
        value.as_deref().filter(|value| !value.is_empty())
    }

    /// The same by a name that is not known beforehand.
    pub(crate) fn named(&self, name: &str) -> Option<&str> {
        NAMES
            .into_iter()
            .find(|known| name.eq_ignore_ascii_case(known))
            .and_then(|name| self.get(name))
    }

    /// Every field that is there and not empty, with its name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        NAMES.into_iter().filter_map(|name| Some((name, self.get(name)?)))
    }

    /// Says what the headers and query parameters that are demanded hold.
    pub(crate) fn demand(&mut self, demanded: Demanded) {
        self.demanded = Some(demanded);
    }

    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        if let Some((_, place)) = self.place(name) {
            *place = Some(value.into());
        }
    }

    /// Sets a field to text of the caller, which must be one line.
    pub(crate) fn set_text(
        &mut self,
        name: &'static str,
        value: &'a str,
    ) -> Result<(), InvalidSas> {
        if value.is_empty() {
            return Err(InvalidSas::new(name, "is empty"));
        }
        if value.contains(char::is_control) {
            return Err(InvalidSas::new(name, "holds a control character"));
        }
        self.set(name, value);
        Ok(())
    }

    pub(crate) fn kind(&self) -> SasKind {
        if self.get("skoid").is_some() {
            SasKind::UserDelegation
        } else if self.get("ss").is_some() || self.get("srt").is_some() {
            SasKind::Account
        } else if self.service() != Service::Queue {
            SasKind::Service
        } else {
            SasKind::Queue
        }
    }

    pub(crate) fn version(&self) -> Result<SasVersion, InvalidSas> {
        self.get("sv").ok_or(InvalidSas::new("sv", "is missing"))?.parse()
    }

    /// The value of a field that is a time, in every form that the service accepts.
    pub(crate) fn time(&self, name: &'static str) -> Result<Option<SystemTime>, InvalidSas> {
        const RULE: &str = "is not a UTC time like 2026-09-23T10:20:30Z";
        let read = |text| parse_iso(text).ok_or(InvalidSas::new(name, RULE));
        self.get(name).map(read).transpose()
    }

    /// Signs with the given code and writes the text of the token.
    pub(crate) fn sign(
        mut self,
        account: &str,
        resource: Option<&SasResource>,
        mut mac: HmacSha256,
    ) -> Result<Zeroizing<String>, InvalidSas> {
        use hmac::Mac as _;

        check_account(account)?;
        mac.update(self.string_to_sign(account, resource)?.as_bytes());
        let mut signature = String::new();
        push_signature(mac, &mut signature);
        self.set("sig", signature);

        let length: usize = self.values.iter().flatten().map(|value| 9 + 3 * value.len()).sum();
        let mut text = Zeroizing::new(String::with_capacity(length));
        for (name, value) in NAMES.into_iter().zip(&self.values) {
            let Some(value) = value else { continue };
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            text.extend(utf8_percent_encode(value, ENCODED));
        }
        Ok(text)
    }
}

fn check_account(account: &str) -> Result<(), InvalidSas> {
    // Emulators take names that the service does not; what matters is that no line or path shifts.
    let bad = |c: char| c == '/' || c.is_control();
    if account.is_empty() || account.contains(bad) {
        return Err(InvalidSas::new("sig", "needs an account name without slashes"));
    }
    Ok(())
}
