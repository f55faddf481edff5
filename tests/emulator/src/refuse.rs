//! How a refusal is answered: in the form of the service, with its reason as an extension.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Method, Response, StatusCode};
#[cfg(feature = "serve")]
use queue_proto::ErrorCode;
use queue_proto::ResponseHead;

use crate::admit::challenge;
use crate::answer;
use crate::emulator::Emulator;
#[cfg(feature = "serve")]
use crate::refusal::Check;
use crate::refusal::Refusal;

impl Emulator {
    /// Answers a request that was not read to its end.
    #[cfg(feature = "serve")]
    pub(crate) fn refuse(
        &self,
        request: &http::request::Parts,
        refusal: &Refusal,
    ) -> Response<Bytes> {
        let asked = ResponseHead::read(&request.headers);
        let (version, id) = (asked.version, self.next_request_id().to_string());
        let head = answer::head(&request.headers, asked, version, id, self.now());
        self.refuse_with(refusal, &head, &request.method)
    }

    /// Answers a request whose head could not be read.
    #[cfg(feature = "serve")]
    pub(crate) fn refuse_unread(&self, code: ErrorCode) -> Response<Bytes> {
        let id = self.next_request_id().to_string();
        let head = ResponseHead::new().request_id(id).date(self.now());
        self.refuse_with(&Refusal::new(Check::Head, code), &head, &Method::GET)
    }

    /// Writes a refusal as an answer, with its reason as an extension.
    pub(crate) fn refuse_with(
        &self,
        refusal: &Refusal,
        head: &ResponseHead,
        method: &Method,
    ) -> Response<Bytes> {
        let mut response = refusal.error.to_http(head, method);
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(challenge) = challenge(self)
        {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        answer::sign_off(&mut response);
        refusal.mark(&mut response);
        response
    }
}
