//! [`ServiceProperties`], the settings of a queue service: logging, metrics, and the origins that may
//! call the service from a browser.

use crate::characters::first_illegal;
use crate::error::InvalidValue;

/// The settings of a queue service.
///
/// A root that is `None` keeps its setting when the properties are set, from version 2013-08-15 on;
/// an empty list of CORS rules removes them all. What Get returns can be changed and set again:
/// versions and elements that this crate does not know are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceProperties {
    /// The requests that the service logs.
    pub logging: Option<Logging>,
    /// The metrics that the service keeps by the hour.
    pub hour_metrics: Option<Metrics>,
    /// The metrics that the service keeps by the minute.
    pub minute_metrics: Option<Metrics>,
    /// The rules for calls from browsers, at most five.
    pub cors: Option<Vec<CorsRule>>,
    /// The elements that this crate does not know, as an answer had them.
    pub other: Vec<OtherElement>,
}

/// The requests that the service logs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Logging {
    /// The version of the settings: `1.0` unless the account has a newer one.
    pub version: String,
    /// True to log requests that delete.
    pub delete: bool,
    /// True to log requests that read.
    pub read: bool,
    /// True to log requests that write.
    pub write: bool,
    /// The days for which logs are kept; `None` for as long as there is room.
    pub retention: Option<RetentionDays>,
}

/// The metrics that the service keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metrics {
    /// The version of the settings: `1.0` unless the account has a newer one.
    pub version: String,
    /// True to keep metrics at all.
    pub enabled: bool,
    /// True to keep metrics for each operation too. There must be a value when metrics are kept, and
    /// none when they are not.
    pub include_apis: Option<bool>,
    /// The days for which metrics are kept; `None` for as long as there is room.
    pub retention: Option<RetentionDays>,
}

/// The days for which logs or metrics are kept: 1 to 365.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RetentionDays(u16);

/// The origins that may call the service from a browser, and how they may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CorsRule {
    /// The origins, or `*`: at most 64, of at most 256 characters each.
    pub allowed_origins: Vec<String>,
    /// The methods: `DELETE`, `GET`, `HEAD`, `MERGE`, `POST`, `OPTIONS` or `PUT`.
    pub allowed_methods: Vec<String>,
    /// The seconds for which a browser may remember the rule.
    pub max_age_seconds: u32,
    /// The headers of answers that a script may see; a name may end in `*`.
    pub exposed_headers: Vec<String>,
    /// The headers of requests that a script may set; a name may end in `*`.
    pub allowed_headers: Vec<String>,
}

/// An element that this crate does not know, kept as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherElement {
    name: String,
    xml: String,
}

const MAX_RULES: usize = 5;
const MAX_RULES_SIZE: usize = 2048;
const MAX_ORIGINS: usize = 64;
const MAX_ORIGIN: usize = 256;
const MAX_LITERAL_HEADERS: usize = 64;
const MAX_PREFIX_HEADERS: usize = 2;
const METHODS: [&str; 7] = ["DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT"];

impl ServiceProperties {
    /// Settings that leave everything as it is.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the requests that are logged.
    #[must_use]
    pub fn logging(mut self, logging: impl Into<Option<Logging>>) -> Self {
        self.logging = logging.into();
        self
    }

    /// Sets the metrics that are kept by the hour.
    #[must_use]
    pub fn hour_metrics(mut self, metrics: impl Into<Option<Metrics>>) -> Self {
        self.hour_metrics = metrics.into();
        self
    }

    /// Sets the metrics that are kept by the minute.
    #[must_use]
    pub fn minute_metrics(mut self, metrics: impl Into<Option<Metrics>>) -> Self {
        self.minute_metrics = metrics.into();
        self
    }

    /// Sets the rules for calls from browsers.
    #[must_use]
    pub fn cors(mut self, rules: impl Into<Option<Vec<CorsRule>>>) -> Self {
        self.cors = rules.into();
        self
    }

    /// Checks the rules of the pages "Set Queue Service Properties" and "CORS support" of the REST
    /// reference that the types do not ensure. A server that reads the request has them checked.
    ///
    /// # Errors
    ///
    /// The first rule that is broken.
    pub fn check(&self) -> Result<(), InvalidValue> {
        for metrics in [&self.hour_metrics, &self.minute_metrics].into_iter().flatten() {
            if metrics.enabled && metrics.include_apis.is_none() {
                return Err(InvalidValue::new(
                    "IncludeAPIs",
                    "must be given when metrics are kept",
                ));
            }
            if !metrics.enabled && metrics.include_apis.is_some() {
                return Err(InvalidValue::new(
                    "IncludeAPIs",
                    "must not be given when no metrics are kept",
                ));
            }
        }
        let rules = self.cors.as_deref().unwrap_or_default();
        if rules.len() > MAX_RULES {
            return Err(InvalidValue::number(
                "Cors",
                "must have at most 5 rules",
                rules.len() as u64,
            ));
        }
        let size: usize = rules.iter().map(CorsRule::size).sum();
        if size > MAX_RULES_SIZE {
            return Err(InvalidValue::number("Cors", "must have at most 2048 bytes", size as u64));
        }
        rules.iter().try_for_each(CorsRule::check)
    }
}

impl Logging {
    /// Settings that log nothing, in version `1.0`.
    #[must_use]
    pub fn new() -> Self {
        Self { version: "1.0".into(), delete: false, read: false, write: false, retention: None }
    }
}

impl Default for Logging {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Settings that keep no metrics, in version `1.0`.
    #[must_use]
    pub fn new() -> Self {
        Self { version: "1.0".into(), enabled: false, include_apis: None, retention: None }
    }

    /// Settings that keep metrics, also for each operation if `include_apis`, in version `1.0`.
    #[must_use]
    pub fn enabled(include_apis: bool) -> Self {
        Self { enabled: true, include_apis: Some(include_apis), ..Self::new() }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl RetentionDays {
    /// Checks a number of days.
    ///
    /// # Errors
    ///
    /// When `days` is not 1 to 365.
    pub fn new(days: u32) -> Result<Self, InvalidValue> {
        match u16::try_from(days) {
            Ok(days @ 1..=365) => Ok(Self(days)),
            _ => Err(InvalidValue::number("Days", "must be 1 to 365", days.into())),
        }
    }

    /// The number of days.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl CorsRule {
    /// A rule that allows `origins` to use `methods`, and that browsers ask for again each time.
    #[must_use]
    pub fn new<O: Into<String>, M: Into<String>>(
        origins: impl IntoIterator<Item = O>,
        methods: impl IntoIterator<Item = M>,
    ) -> Self {
        Self {
            allowed_origins: origins.into_iter().map(Into::into).collect(),
            allowed_methods: methods.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("AllowedOrigins", &self.allowed_origins),
            ("AllowedMethods", &self.allowed_methods),
            ("ExposedHeaders", &self.exposed_headers),
            ("AllowedHeaders", &self.allowed_headers),
        ]
    }

    /// The bytes of all values, with the commas between them.
    fn size(&self) -> usize {
        self.lists().iter().flat_map(|(_, items)| items.iter()).map(|item| item.len() + 1).sum()
    }

    fn check(&self) -> Result<(), InvalidValue> {
        for (name, items) in self.lists() {
            for item in items {
                let plain = !item.is_empty()
                    && item.trim() == item
                    && !item.contains(',')
                    && first_illegal(item).is_none();
                if !plain {
                    return Err(InvalidValue::new(
                        name,
                        "must have items without commas and blanks around them",
                    ));
                }
            }
        }
        if self.allowed_origins.is_empty() || self.allowed_origins.len() > MAX_ORIGINS {
            return Err(InvalidValue::new("AllowedOrigins", "must have 1 to 64 origins"));
        }
        if self.allowed_origins.iter().any(|origin| origin.len() > MAX_ORIGIN) {
            return Err(InvalidValue::new(
                "AllowedOrigins",
                "must have origins of at most 256 characters",
            ));
        }
        let known = |method: &String| METHODS.contains(&method.as_str());
        if self.allowed_methods.is_empty() || !self.allowed_methods.iter().all(known) {
            return Err(InvalidValue::new(
                "AllowedMethods",
                "must have methods out of DELETE, GET, HEAD, MERGE, POST, OPTIONS and PUT",
            ));
        }
        for (name, headers) in
            [("ExposedHeaders", &self.exposed_headers), ("AllowedHeaders", &self.allowed_headers)]
        {
            let prefixes = headers.iter().filter(|header| header.ends_with('*')).count();
            if prefixes > MAX_PREFIX_HEADERS || headers.len() - prefixes > MAX_LITERAL_HEADERS {
                return Err(InvalidValue::new(
                    name,
                    "must have at most 64 names and 2 names that end in *",
                ));
            }
        }
        Ok(())
    }
}

impl OtherElement {
    /// An element of this name; `xml` is one whole element of a document that was read.
    pub(crate) fn new(name: String, xml: String) -> Self {
        Self { name, xml }
    }

    /// The name of the element.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The element as it was read.
    #[must_use]
    pub fn xml(&self) -> &str {
        &self.xml
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(rule: CorsRule) -> &'static str {
        ServiceProperties::new().cors(vec![rule]).check().unwrap_err().what()
    }

    #[test]
    fn cors_limits() {
        let good = CorsRule::new(["*"], ["GET"]);
        assert_eq!(ServiceProperties::new().cors(vec![good.clone(); 5]).check(), Ok(()));
        assert!(ServiceProperties::new().cors(vec![good.clone(); 6]).check().is_err());
        assert_eq!(broken(CorsRule::new(["*"], ["BOGUS"])), "AllowedMethods");
        assert_eq!(broken(CorsRule::new(["*"], [""; 0])), "AllowedMethods");
        assert_eq!(broken(CorsRule::new([""; 0], ["GET"])), "AllowedOrigins");
        assert_eq!(broken(CorsRule::new(["a,b"], ["GET"])), "AllowedOrigins");
        assert_eq!(broken(CorsRule::new(vec!["h"; 65], ["GET"])), "AllowedOrigins");
        assert_eq!(broken(CorsRule::new(["h".repeat(257)], ["GET"])), "AllowedOrigins");
        let mut headers = good.clone();
        headers.exposed_headers = ["a*", "b*", "c*"].map(Into::into).to_vec();
        assert_eq!(broken(headers), "ExposedHeaders");
        let mut large = good;
        large.allowed_origins = vec!["h".repeat(255); 9];
        assert_eq!(broken(large), "Cors");
    }

    #[test]
    fn other_limits() {
        assert!(RetentionDays::new(0).is_err());
        assert!(RetentionDays::new(366).is_err());
        assert_eq!(RetentionDays::new(365).unwrap().get(), 365);
        let mut metrics = Metrics::new();
        metrics.enabled = true;
        assert!(ServiceProperties::new().hour_metrics(metrics).check().is_err());
        assert_eq!(ServiceProperties::new().hour_metrics(Metrics::enabled(true)).check(), Ok(()));
    }
}
