//! [`LastEndpoint`]: the endpoint of the last request, kept for the next one.

use std::sync::{Mutex, PoisonError};

use queue_proto::{AccountName, Endpoint, ServiceError};

/// The endpoint of the last request: the next one mostly has the same, and to make it is a good
/// part of the work for a request.
#[derive(Debug, Default)]
pub(crate) struct LastEndpoint(Mutex<Option<Asked>>);

#[derive(Debug)]
struct Asked {
    authority: String,
    https: bool,
    endpoint: Endpoint,
}

impl LastEndpoint {
    pub(crate) fn get_or_make(
        &self,
        authority: &str,
        https: bool,
        account: &AccountName,
        make: impl FnOnce() -> Result<Endpoint, ServiceError>,
    ) -> Result<Endpoint, ServiceError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = &*last
            && asked.authority == authority
            && asked.https == https
            && asked.endpoint.account() == account
        {
            return Ok(asked.endpoint.clone());
        }
        let endpoint = make()?;
        let authority = authority.to_owned();
        *last = Some(Asked { authority, https, endpoint: endpoint.clone() });
        Ok(endpoint)
    }
}
