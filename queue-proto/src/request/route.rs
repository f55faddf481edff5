//! [`route`], which finds out which operation a request asks for.

use http::Method;

use crate::error::refusal::invalid_query;
use crate::error::{ErrorCode, ServiceError};
use crate::kind::OperationKind;
use crate::kind::facts::{Target, Verb};
use crate::request::incoming::IncomingRequest;
use crate::request::resource::Resource;

/// The rows of the table by resource, sorted when the crate is compiled: routing runs for every
/// request, and looks at a handful of rows only.
static ANYWHERE: [OperationKind; count(None)] = select(None);
static ON_SERVICE: [OperationKind; count(Some(Target::Service))] = select(Some(Target::Service));
static ON_QUEUE: [OperationKind; count(Some(Target::Queue))] = select(Some(Target::Queue));
static ON_MESSAGES: [OperationKind; count(Some(Target::Messages))] = select(Some(Target::Messages));
static ON_MESSAGE: [OperationKind; count(Some(Target::Message))] = select(Some(Target::Message));

const fn is_on(kind: OperationKind, target: Option<Target>) -> bool {
    match (kind.route().target, target) {
        (Some(own), Some(target)) => own as u8 == target as u8,
        (None, None) => true,
        _ => false,
    }
}

const fn count(target: Option<Target>) -> usize {
    let mut count = 0;
    let mut rest: &[OperationKind] = &OperationKind::ALL;
    while let [kind, tail @ ..] = rest {
        if is_on(*kind, target) {
            count += 1;
        }
        rest = tail;
    }
    count
}

const fn select<const N: usize>(target: Option<Target>) -> [OperationKind; N] {
    let [first, ..] = OperationKind::ALL;
    let mut selected = [first; N];
    let mut free: &mut [OperationKind] = &mut selected;
    let mut rest: &[OperationKind] = &OperationKind::ALL;
    while let [kind, tail @ ..] = rest {
        if is_on(*kind, target)
            && let [place, others @ ..] = free
        {
            *place = *kind;
            free = others;
        }
        rest = tail;
    }
    selected
}

/// The operation that a request asks for by method, path and query, by the table of operations.
pub(crate) fn route(request: &IncomingRequest<'_>) -> Result<OperationKind, ServiceError> {
    let verb = verb(request.method())?;
    let has_verb = |kind: &&OperationKind| kind.route().verbs.contains(&verb);
    if let Some(kind) = ANYWHERE.iter().find(has_verb) {
        return Ok(*kind);
    }
    let (rows, comp): (&[OperationKind], _) = match request.resource() {
        Resource::Service => (&ON_SERVICE, Some(component(request, &ON_SERVICE, true)?)),
        Resource::Queue(_) => (&ON_QUEUE, Some(component(request, &ON_QUEUE, false)?)),
        Resource::Messages(_) => (&ON_MESSAGES, None),
        Resource::Message(..) => (&ON_MESSAGE, None),
    };
    let mut fitting = rows.iter().filter(has_verb).filter(|kind| kind.route().comp == comp);
    let kind = fitting.next().ok_or(ErrorCode::UnsupportedHttpVerb)?;
    // Two operations share everything but a parameter; it counts for them alone.
    match fitting.next() {
        Some(other) if peek_only(request)? == other.route().peek_only => Ok(*other),
        _ => Ok(*kind),
    }
}

fn verb(method: &Method) -> Result<Verb, ServiceError> {
    Verb::of(method).ok_or_else(|| match *method {
        Method::PATCH | Method::TRACE | Method::CONNECT => ErrorCode::UnsupportedHttpVerb.into(),
        // "The HTTP verb specified was not recognized by the server."
        _ => ErrorCode::InvalidHttpVerb.into(),
    })
}

/// The value of `comp` as one of the rows has it, with `restype` where the row wants it. A value that
/// no row has is refused for its `restype` first if `restype` is what the resource usually wants.
fn component(
    request: &IncomingRequest<'_>,
    rows: &[OperationKind],
    restype: bool,
) -> Result<&'static str, ServiceError> {
    let comp = request.query("comp")?.unwrap_or_default();
    let known = rows.iter().find_map(|kind| {
        let route = kind.route();
        let known = route.comp.filter(|known| known.eq_ignore_ascii_case(&comp))?;
        Some((known, route.restype))
    });
    if known.map_or(restype, |(_, restype)| restype) {
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
