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

        let mut signable = Signable::new(scheme, account, head);
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
    let date = httpdate::parse_http_date(text).map_err(|_| VerifyError::InvalidDate { header })?;
    let skew = match now.duration_since(date) {
        Ok(behind) => behind,
        Err(ahead) => ahead.duration(),
    };
    if skew > MAX_CLOCK_SKEW {
        return Err(VerifyError::ClockSkew { date, now });
    }
    Ok(())
}
