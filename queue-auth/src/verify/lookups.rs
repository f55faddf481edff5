//! [`Lookups`]: what a verifier will ask its stores for, said beforehand.

use super::context::RequestContext;
use super::error::VerifyError;
use super::resource::resource_of;
use super::store::DelegationKeyId;
use crate::canonical::head::Head;
use crate::sas::fields::Fields;
use crate::sas::kind::SasKind;

/// The things that a [`Verifier`](super::Verifier) will ask its stores for, besides account keys.
///
/// Stores answer at once. A gateway whose policies and keys live upstream learns here what to fetch,
/// fetches it in its own time, and then verifies with stores that hold just that. Nothing here is
/// verified yet: ask no more for it than a stranger may cause.
///
/// ```
/// use std::time::SystemTime;
/// use queue_auth::verify::{Lookups, RequestContext};
///
/// let request = http::Request::get("https://contoso.queue.core.windows.net/jobs?sv=2025-07-05&si=workers&sig=a")
///     .body(())?;
/// let lookups = Lookups::of("contoso", &request, &RequestContext::new(SystemTime::now()))?;
/// let policy = lookups.policy.ok_or("no policy")?;
/// assert_eq!((policy.0.as_str(), policy.1.as_str()), ("jobs", "workers"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lookups {
    /// The queue, container, share or table, and the id of its stored access policy.
    pub policy: Option<(String, String)>,
    /// The user delegation key.
    pub delegation_key: Option<DelegationKeyId>,
}

impl Lookups {
    /// Finds what the verification of a request to `account` will ask for.
    ///
    /// # Errors
    ///
    /// The [`VerifyError`] with which the verifier would refuse the request before it asks.
    pub fn of<'a>(
        account: &str,
        head: impl Into<Head<'a>>,
        context: &RequestContext,
    ) -> Result<Self, VerifyError> {
        let head = head.into();
        let query = head.uri.query().unwrap_or_default();
        if !Fields::signed(query) {
            return Ok(Self::default());
        }
        let fields = Fields::read(query)?;
        let mut lookups = Self::default();
        match fields.kind() {
            SasKind::Account => {}
            SasKind::UserDelegation => {
                lookups.delegation_key = Some(DelegationKeyId::read(&fields)?);
            }
            SasKind::Queue | SasKind::Service => {
                if let Some(id) = fields.get("si") {
                    let resource = resource_of(&fields, account, head, context)?;
                    lookups.policy = Some((resource.name().to_owned(), id.to_owned()));
                }
            }
        }
        Ok(lookups)
    }
}
