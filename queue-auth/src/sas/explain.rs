//! [`Explanation`]: a token in words, field by field, and what is wrong with it.

mod service;
mod words;

use std::fmt;
use std::time::{Duration, SystemTime};

use super::error::InvalidSas;
use super::fields::Fields;
use super::kind::SasKind;
use super::permission::{AccountPermissions, QueuePermissions, ResourceTypes, Services};
use super::value::{IpRange, SasProtocol};
use super::version::SasVersion;
use crate::service::Service;
use crate::{date, key};

use words::{
    ACCOUNT_WORDS, ACCOUNT_WORDS_ELSEWHERE, LEVEL_WORDS, LEVEL_WORDS_ELSEWHERE, QUEUE_WORDS,
    SERVICE_WORDS, words,
};

/// The time left below which a token is worth a warning.
const SOON: Duration = Duration::from_secs(15 * 60);

/// The meaning of a token, field by field, and what is wrong with it. It holds nothing secret.
///
/// `Display` writes one line per field; lines with a problem start with `!`.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use queue_auth::sas::SasToken;
///
/// let token = SasToken::parse("sv=2025-07-05&sp=pr&se=2026-09-24&sig=c2VjcmV0")?;
/// let explanation = token.explain(SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_158_830));
/// let wrong: Vec<_> = explanation.problems().map(|note| note.field()).collect();
/// assert_eq!(wrong, ["sp", "sig"]);
/// # Ok::<(), queue_auth::sas::InvalidSas>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    kind: SasKind,
    notes: Vec<Note>,
}

/// The explanation of one field of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    field: String,
    text: String,
    problem: bool,
}

impl Note {
    /// The name of the field in the query.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The meaning of the field, or what is wrong with it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Says whether the field keeps the token from working, now or soon.
    pub fn is_problem(&self) -> bool {
        self.problem
    }
}

impl Explanation {
    /// The kind of the token.
    pub fn kind(&self) -> SasKind {
        self.kind
    }

    /// The notes on all fields, in a fixed order.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// The notes that are problems.
    pub fn problems(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| note.problem)
    }

    /// Explains a token for who will use it for `service`; without, for who uses it for what it is, and an
    /// account signature for queues.
    pub(super) fn of(
        token: &str,
        repaired: bool,
        service: Option<Service>,
        now: SystemTime,
    ) -> Self {
        let fields = match Fields::read(token) {
            Ok(fields) => fields,
            Err(error) => {
                let mut this = Self { kind: SasKind::Queue, notes: Vec::new() };
                this.wrong(error.field(), error.rule());
                return this;
            }
        };
        let mut this = Self { kind: fields.kind(), notes: Vec::new() };
        this.version(&fields);
        this.scope(&fields, service);
        this.permissions(&fields, service.unwrap_or_default());
        this.times(&fields, now);
        this.limits(&fields);
        this.delegation(&fields, now);
        this.signature(repaired, &fields);
        this
    }

    fn note(&mut self, field: &str, text: impl Into<String>) {
        self.notes.push(Note { field: field.to_owned(), text: text.into(), problem: false });
    }

    fn wrong(&mut self, field: &str, text: impl Into<String>) {
        self.notes.push(Note { field: field.to_owned(), text: text.into(), problem: true });
    }

    fn version(&mut self, fields: &Fields<'_>) {
        match fields.version() {
            Err(error) => self.wrong("sv", error.rule()),
            Ok(version) if version < fields.first_version() => self.wrong(
                "sv",
                format!(
                    "version {version} has no {}; {} is the first",
                    self.kind,
                    fields.first_version()
                ),
            ),
            Ok(version) => self.note("sv", format!("signed by the rules of version {version}")),
        }
    }

    /// Services and levels of an account signature, or the resource of another one.
    fn scope(&mut self, fields: &Fields<'_>, service: Option<Service>) {
        if self.kind != SasKind::Account {
            return self.resource(fields, service);
        }
        let service = service.unwrap_or_default();
        match fields.get("ss").map(str::parse::<Services>) {
            None => self.wrong("ss", "missing: an account signature names its services"),
            Some(Err(error)) => self.wrong("ss", error.to_string()),
            Some(Ok(services)) if !services.contains(service.into()) => {
                let opens = words(&services, SERVICE_WORDS);
                self.wrong("ss", format!("opens {opens}, but not {service}s"));
            }
            Some(Ok(services)) => {
                self.note("ss", format!("opens {}", words(&services, SERVICE_WORDS)));
            }
        }
        match fields.get("srt").map(str::parse::<ResourceTypes>) {
            None => self.wrong("srt", "missing: an account signature names its levels"),
            Some(Err(error)) => self.wrong("srt", error.to_string()),
            Some(Ok(levels)) => {
                let table = match service {
                    Service::Queue => LEVEL_WORDS,
                    _ => LEVEL_WORDS_ELSEWHERE,
                };
                self.note("srt", format!("for operations on {}", words(&levels, table)));
            }
        }
    }

    fn permissions(&mut self, fields: &Fields<'_>, service: Service) {
        let Some(letters) = fields.get("sp") else {
            if fields.get("si").is_none() {
                self.wrong("sp", "missing: no permission is given");
            }
            return;
        };
        if self.kind != SasKind::Account && fields.service() != Service::Queue {
            return self.letters(letters, fields);
        }
        let read = if self.kind == SasKind::Account {
            let table = match service {
                Service::Queue => ACCOUNT_WORDS,
                _ => ACCOUNT_WORDS_ELSEWHERE,
            };
            letters.parse::<AccountPermissions>().map(|set| words(&set, table))
        } else {
            letters.parse::<QueuePermissions>().map(|set| words(&set, QUEUE_WORDS))
        };
        match read {
            Err(error) => self.wrong("sp", error.to_string()),
            Ok(words) if words.is_empty() => {
                self.wrong("sp", format!("permits nothing on {service}s"));
            }
            Ok(words) => self.note("sp", format!("permits to {words}")),
        }
    }

    fn times(&mut self, fields: &Fields<'_>, now: SystemTime) {
        let start = match fields.time("st") {
            Ok(start) => start,
            Err(error) => {
                self.wrong("st", time_rule(&error, fields));
                None
            }
        };
        match start.map(|start| (start, start.duration_since(now))) {
            None => {}
            Some((start, Ok(wait))) if !wait.is_zero() => self.wrong(
                "st",
                format!("not valid yet: starts at {}, in {}", date::show(&start), span(wait)),
            ),
            Some((start, _)) => self.note("st", format!("valid since {}", date::show(&start))),
        }
        match fields.time("se") {
            Err(error) => self.wrong("se", time_rule(&error, fields)),
            Ok(None) if fields.get("si").is_none() => {
                self.wrong("se", "missing: no expiry is given");
            }
            Ok(None) => {}
            Ok(Some(expiry)) if start.is_some_and(|start| expiry <= start) => {
                self.wrong(
                    "se",
                    format!("never valid: ends at {}, not after its start", date::show(&expiry)),
                );
            }
            Ok(Some(expiry)) => self.expiry("se", "valid", expiry, now),
        }
    }

    fn expiry(&mut self, field: &str, what: &str, expiry: SystemTime, now: SystemTime) {
        let at = date::show(&expiry);
        match expiry.duration_since(now) {
            Ok(left) if left > SOON => {
                self.note(field, format!("{what} until {at}, for {}", span(left)));
            }
            Ok(left) if !left.is_zero() => {
                self.wrong(field, format!("about to expire: at {at}, in {}", span(left)));
            }
            Ok(_) => self.wrong(field, format!("expired at {at}, just now")),
            Err(since) => {
                self.wrong(field, format!("expired at {at}, {} ago", span(since.duration())));
            }
        }
    }

    fn limits(&mut self, fields: &Fields<'_>) {
        let old = fields.version().is_ok_and(|version| version < SasVersion::V2015_04_05);
        for name in ["sip", "spr"] {
            if old && fields.get(name).is_some() {
                self.wrong(name, "not known before version 2015-04-05");
            }
        }
        match fields.get("sip").map(str::parse::<IpRange>) {
            None => {}
            Some(Err(error)) => self.wrong("sip", error.rule()),
            Some(Ok(range)) => self.note("sip", format!("only for clients at {range}")),
        }
        match fields.get("spr").map(str::parse::<SasProtocol>) {
            None => {}
            Some(Err(error)) => self.wrong("spr", error.rule()),
            Some(Ok(SasProtocol::HttpsOnly)) => self.note("spr", "only over HTTPS"),
            Some(Ok(SasProtocol::HttpsAndHttp)) => self.note("spr", "over HTTPS and plain HTTP"),
        }
        if let Some(policy) = fields.get("si") {
            if matches!(self.kind, SasKind::Queue | SasKind::Service) {
                self.note(
                    "si",
                    format!(
                        "what is not said here is in the resource's stored access policy {policy:?}, \
                         which must not repeat what is said here"
                    ),
                );
            } else {
                self.wrong("si", format!("a {} has no stored access policy", self.kind));
            }
        }
    }

    fn delegation(&mut self, fields: &Fields<'_>, now: SystemTime) {
        if self.kind != SasKind::UserDelegation {
            return;
        }
        for (name, what) in [
            ("skoid", "signed in the name of the user or principal"),
            ("sktid", "who is in the tenant"),
            ("sks", "the key is for the service"),
            ("skv", "the key was given by the rules of version"),
        ] {
            match fields.get(name) {
                Some(value) => self.note(name, format!("{what} {value}")),
                None => self.wrong(name, "missing: it identifies the user delegation key"),
            }
        }
        for (name, what) in [("skt", "the key was not valid before"), ("ske", "")] {
            match fields.time(name) {
                Err(error) => self.wrong(name, time_rule(&error, fields)),
                Ok(None) => self.wrong(name, "missing: it identifies the user delegation key"),
                Ok(Some(expiry)) if name == "ske" => {
                    self.expiry(name, "the key is valid", expiry, now);
                }
                Ok(Some(start)) => self.note(name, format!("{what} {}", date::show(&start))),
            }
        }
        match (fields.get("sduoid"), fields.get("skdutid")) {
            (Some(user), tenant) => {
                let tenant = tenant.map_or(String::new(), |tenant| format!(" of tenant {tenant}"));
                self.note(
                    "sduoid",
                    format!(
                        "only for the user {user}{tenant}, whose bearer token must come with it"
                    ),
                );
            }
            (None, Some(_)) => self.wrong("skdutid", "given without the user, sduoid"),
            (None, None) => {}
        }
    }

    fn signature(&mut self, repaired: bool, fields: &Fields<'_>) {
        let Some(signature) = fields.get("sig") else { return self.wrong("sig", "missing") };
        let text = if signature.contains('%') {
            "percent-encoded twice"
        } else if key::decode_signature(signature).is_none() {
            "not 32 bytes in base64; a part of it may be missing"
        } else {
            "present"
        };
        // The pluses are right here; the text that was given fails wherever else it is used.
        let plus = if repaired {
            "; it was given with a plus that is not written as %2B, which the service would read as \
             a blank, and is sent with %2B"
        } else {
            ""
        };
        if text == "present" {
            self.note("sig", format!("{text}{plus}"));
        } else {
            self.wrong("sig", format!("{text}{plus}"));
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        for note in &self.notes {
            let mark = if note.problem { '!' } else { ' ' };
            write!(f, "\n{mark} {}: {}", note.field, note.text)?;
        }
        Ok(())
    }
}

/// The rule that a time breaks, and a hint why.
fn time_rule(error: &InvalidSas, fields: &Fields<'_>) -> String {
    let blank = fields.get(error.field()).is_some_and(|text| text.contains(' '));
    let why =
        if blank { "; it holds a blank, as which a plus is read that is not %2B" } else { "" };
    format!("{}{why}", error.rule())
}

/// A span of time with its largest unit.
fn span(time: Duration) -> String {
    // A token is written in whole seconds: one for an hour says "60 minutes" in its first second.
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    let (count, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7_200 => (seconds / 60, "minute"),
        7_200..172_800 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}
