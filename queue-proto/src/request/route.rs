//! [`route`], which finds out which operation a request asks for.

use http::Method;

use crate::error::refusal::invalid_query;
use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::kind::facts::{Target, Verb};
use crate::request::incoming::IncomingRequest;
use crate::request::resource::Resource;

/// The operation that a request asks for by method, path and query, by the table of operations.
pub(crate) fn route(request: &IncomingRequest<'_>) -> Result<OperationKind, ServiceError> {
    let verb = verb(request.method())?;
    let target = match request.resource() {
        Resource::Service => Target::Service,
        Resource::Queue(_) => Target::Queue,
        Resource::Messages(_) => Target::Messages,
        Resource::Message(..) => Target::Message,
    };
    let anywhere = OperationKind::ALL.into_iter().find(|kind| {
        let route = kind.route();
        route.target.is_none() && route.verbs.contains(&verb)
    });
    if let Some(kind) = anywhere {
        return Ok(kind);
    }
    let named = match target {
        Target::Service | Target::Queue => Some(component(request, target)?),
        Target::Messages | Target::Message => None,
    };
    let mut fitting = OperationKind::ALL.into_iter().filter(|kind| {
        let route = kind.route();
        route.target == Some(target) && route.comp == named && route.verbs.contains(&verb)
    });
    let kind = fitting.next().ok_or(ErrorCode::UnsupportedHttpVerb)?;
    // Two operations share everything but a parameter; it counts for them alone.
    match fitting.next() {
        Some(other) if peek_only(request)? == other.route().peek_only => Ok(other),
        _ => Ok(kind),
    }
}

fn verb(method: &Method) -> Result<Verb, ServiceError> {
    Verb::of(method).ok_or_else(|| match *method {
        Method::PATCH | Method::TRACE | Method::CONNECT => ErrorCode::UnsupportedHttpVerb.into(),
        // "The HTTP verb specified was not recognized by the server."
        _ => ErrorCode::InvalidHttpVerb.into(),
    })
}

/// The value of `comp` as the table has it, with `restype` where it must be there.
fn component(request: &IncomingRequest<'_>, target: Target) -> Result<&'static str, ServiceError> {
    let comp = request.query("comp")?.unwrap_or_default();
    let mut routes = OperationKind::ALL.into_iter().map(OperationKind::route);
    let known = routes.find_map(|route| {
        let known = route.comp.filter(|known| known.eq_ignore_ascii_case(&comp))?;
        (route.target == Some(target)).then_some((known, route.restype))
    });
    // What is not known on the service is refused for its `restype` first.
    let needs_restype = known.map_or(target == Target::Service, |(_, restype)| restype);
    if needs_restype {
        let restype = request.query("restype")?.unwrap_or_default();
        if !restype.eq_ignore_ascii_case("service") {
            return Err(invalid_query("restype", &restype));
        }
    }
    let unknown = || invalid_query("comp", &comp.to_ascii_lowercase());
    known.map(|(known, _)| known).ok_or_else(unknown)
}

/// The parameter `peekonly`. A value that is neither true nor false is refused rather than taken
/// for a wish to take messages out.
fn peek_only(request: &IncomingRequest<'_>) -> Result<bool, ServiceError> {
    match request.query("peekonly")? {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case("true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case("false") => Ok(false),
        Some(value) => Err(invalid_query("peekonly", &value)),
    }
}
