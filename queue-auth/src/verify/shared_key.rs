//! The verification of requests that are signed with an account key.

use std::time::SystemTime;

use http::header::DATE;

use super::Verifier;
use super::context::{MAX_CLOCK_SKEW, RequestContext};
use super::error::VerifyError;
use super::grant::{Access, Grant};
use super::store::KeyStore;
use crate::canonical::head::Head;
use crate::canonical::{Scheme, Signable, X_MS_DATE, secondary_rest, single};
use crate::key::decode_signature;

impl<K: KeyStore> Verifier<K> {
    /// Verifies the credentials `account:signature` of a request.
    pub(super) fn shared_key(
        &self,
        scheme: Scheme,
        account: &str,
        head: Head<'_>,
        credentials: &str,
        context: &RequestContext,
    ) -> Result<Grant, VerifyError> {
        let (named, signature) = credentials
            .rsplit_once(':')
            .ok_or(VerifyError::MalformedAuthorization { rule: "it is not account:signature" })?;
        let signature = decode_signature(signature).ok_or(VerifyError::MalformedAuthorization {
            rule: "its signature is not 32 bytes in base64",
        })?;
        if named != account {
            return Err(VerifyError::WrongAccount);
        }
        let keys = self.keys.keys(account).ok_or(VerifyError::WrongAccount)?;
        check_date(head, context.now)?;

        let mut signable = Signable::new(scheme, context.service, account, head);
        let fits = |signable: &Signable<'_>| {
            signable
                .with(|text| keys.iter().any(|key| key.verifies(text, &signature)))
                .map_err(VerifyError::Unsignable)
        };
        if fits(&signable)? {
            return Ok(Grant::new(account, Access::Owner, None));
        }
        let string_to_sign = signable.text().map_err(VerifyError::Unsignable)?;
        // Most SDKs sign the path of a secondary as it is sent, the reference says otherwise, and the
        // service takes both. Pinned by the vectors of the secondary in tests/shared_key.rs.
        signable.keep_secondary = true;
        if secondary_rest(account, head.uri.path()).is_some() && fits(&signable)? {
            return Ok(Grant::new(account, Access::Owner, None));
        }
        Err(VerifyError::Mismatch { string_to_sign })
    }
}

/// Checks the date of the request: `x-ms-date` if that is there, else `Date`.
fn check_date(head: Head<'_>, now: SystemTime) -> Result<(), VerifyError> {
    let read = |name| single(head.headers, name).map_err(VerifyError::Unsignable);
    let (header, text) = match (read(&X_MS_DATE)?, read(&DATE)?) {
        (Some(text), _) => ("x-ms-date", text),
        (None, Some(text)) => ("Date", text),
        (None, None) => return Err(VerifyError::MissingDate),
    };
    let date = read_date(text).ok_or(VerifyError::InvalidDate { header })?;
    let skew = match now.duration_since(date) {
        Ok(behind) => behind,
        Err(ahead) => ahead.duration(),
    };
    if skew > MAX_CLOCK_SKEW {
        return Err(VerifyError::ClockSkew { date, now });
    }
    Ok(())
}

/// Reads a date of RFC 1123, the only form that the service takes: HTTP knows two older ones, and
/// takes a day of the week that does not belong to the date.
fn read_date(text: &str) -> Option<SystemTime> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const LENGTH: usize = "Wed, 23 Sep 2026 10:20:30 GMT".len();
    let date = httpdate::parse_http_date(text).ok().filter(|_| text.len() == LENGTH)?;
    let days = date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs() / (24 * 60 * 60);
    let day = DAYS.get(usize::try_from(days % 7).ok()?)?;
    text.starts_with(day).then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_rfc_1123() {
        assert!(read_date("Wed, 23 Sep 2026 10:20:30 GMT").is_some());
        assert!(read_date("Thu, 01 Jan 1970 00:00:00 GMT").is_some());
        for bad in [
            "Thu, 23 Sep 2026 10:20:30 GMT",
            "Wednesday, 23-Sep-26 10:20:30 GMT",
            "Wed Sep 23 10:20:30 2026",
            "Wed, 23 Sep 2026 10:20:30 UTC",
            "Wed, 23 Sep 2026 10:20:30 +0000",
            "Wed, 23 Sep 2026 10:20:30",
            "2026-09-23T10:20:30Z",
            "",
        ] {
            assert_eq!(read_date(bad), None, "{bad}");
        }
    }
}
