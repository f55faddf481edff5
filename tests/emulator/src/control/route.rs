//! The table of what the control interface can do: [`ROUTES`]. To add something, write a row here, a
//! function that does it, and its description in `openapi.json`, which a test holds against this.

use bytes::Bytes;
use http::{Method, Response};

use super::answer::{Ask, Failure, of_type};
use super::{clock, connect, dump, faults, messages, queues, requests};

/// What can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Health,
    Description,
    Connect,
    Reset,
    Queues,
    CreateQueue,
    DeleteQueue,
    Messages,
    Send,
    Clear,
    Dump,
    Load,
    Message,
    DeleteMessage,
    Release,
    Move,
    Clock,
    MoveClock,
    Faults,
    AddFaults,
    RemoveFaults,
    RemoveFault,
    Requests,
    Request,
    Compare,
    Events,
}

/// Method, path below the root with `*` for what is open, and action.
const ROUTES: [(&str, &str, Action); 26] = [
    ("GET", "/health", Action::Health),
    ("GET", "/openapi.json", Action::Description),
    ("GET", "/connect", Action::Connect),
    ("POST", "/reset", Action::Reset),
    ("GET", "/queues", Action::Queues),
    ("POST", "/queues", Action::CreateQueue),
    ("DELETE", "/queues/*", Action::DeleteQueue),
    ("GET", "/queues/*/messages", Action::Messages),
    ("POST", "/queues/*/messages", Action::Send),
    ("DELETE", "/queues/*/messages", Action::Clear),
    ("GET", "/queues/*/dump", Action::Dump),
    ("POST", "/queues/*/dump", Action::Load),
    ("GET", "/queues/*/messages/*", Action::Message),
    ("DELETE", "/queues/*/messages/*", Action::DeleteMessage),
    ("POST", "/queues/*/messages/*/release", Action::Release),
    ("POST", "/queues/*/messages/*/move", Action::Move),
    ("GET", "/clock", Action::Clock),
    ("POST", "/clock", Action::MoveClock),
    ("GET", "/faults", Action::Faults),
    ("POST", "/faults", Action::AddFaults),
    ("DELETE", "/faults", Action::RemoveFaults),
    ("DELETE", "/faults/*", Action::RemoveFault),
    ("GET", "/requests", Action::Requests),
    ("GET", "/requests/*", Action::Request),
    ("POST", "/requests/*/compare", Action::Compare),
    ("GET", "/events", Action::Events),
];

/// The description of the interface, in OpenAPI.
const DESCRIPTION: &str = include_str!("openapi.json");

/// What a request asks for, and the open parts of its path.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) action: Action,
    pub(super) segments: Vec<String>,
}

/// Finds what a request asks for, by its path below the root.
pub(super) fn find(method: &Method, path: &str) -> Result<Asked, Failure> {
    let method = if *method == Method::HEAD { &Method::GET } else { method };
    let mut allowed = Vec::new();
    for (verb, pattern, action) in ROUTES {
        if let Some(segments) = fit(pattern, path) {
            if method.as_str() == verb {
                return Ok(Asked { action, segments });
            }
            allowed.push(verb);
        }
    }
    if allowed.is_empty() {
        return Err(Failure::missing(
            "there is no such path: /_emulator/openapi.json describes those that are there",
        ));
    }
    Err(Failure::method(allowed.join(", ")))
}

fn fit(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut wanted, mut given) = (pattern.split('/'), path.split('/'));
    let mut open = Vec::new();
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(open),
            (Some("*"), Some(part)) if !part.is_empty() => open.push(part.to_owned()),
            (Some(word), Some(part)) if word == part => {}
            _ => return None,
        }
    }
}

/// Does what is asked for.
pub(super) async fn act(action: Action, ask: &Ask<'_>) -> Result<Response<Bytes>, Failure> {
    match action {
        Action::Health => Ok(connect::health(ask.emulator)),
        Action::Description => Ok(of_type("application/json", DESCRIPTION)),
        Action::Connect => Ok(connect::connect(ask)),
        Action::Reset => queues::reset(ask).await,
        Action::Queues => queues::list(ask),
        Action::CreateQueue => queues::create(ask).await,
        Action::DeleteQueue => queues::delete(ask).await,
        Action::Messages => messages::list(ask),
        Action::Send => messages::send(ask).await,
        Action::Clear => queues::clear(ask).await,
        Action::Dump => dump::dump(ask),
        Action::Load => dump::load(ask).await,
        Action::Message => messages::one(ask),
        Action::DeleteMessage => messages::delete(ask).await,
        Action::Release => messages::release(ask).await,
        Action::Move => messages::move_to(ask).await,
        Action::Clock => clock::get(ask),
        Action::MoveClock => clock::change(ask),
        Action::Faults => Ok(faults::list(ask)),
        Action::AddFaults => faults::add(ask),
        Action::RemoveFaults => Ok(faults::clear(ask)),
        Action::RemoveFault => faults::remove(ask),
        Action::Requests => requests::list(ask),
        Action::Request => requests::one(ask),
        Action::Compare => requests::compare(ask),
        // A stream is opened where streams are kept.
        Action::Events => Err(Failure::missing("events come as a stream")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::guard::ROOT;
    use super::*;

    #[test]
    fn the_description_has_every_route_and_no_other() {
        let description: Value = serde_json::from_str(DESCRIPTION).unwrap();
        let paths = description["paths"].as_object().unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in paths {
            let path = path.strip_prefix(ROOT).unwrap();
            let open =
                |part: &str| if part.starts_with('{') { "*".into() } else { part.to_owned() };
            let path: Vec<_> = path.split('/').map(open).collect();
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.to_uppercase(), path.join("/")));
            }
        }
        let routes = ROUTES.iter().map(|(verb, path, _)| ((*verb).to_owned(), (*path).to_owned()));
        assert_eq!(described, routes.collect());
    }

    #[test]
    fn paths_are_found() {
        let asked = find(&Method::GET, "/queues/jobs/messages/7").unwrap();
        assert_eq!((asked.action, asked.segments.len()), (Action::Message, 2));
        for path in ["/queues/", "/queues//messages", "/", "", "/nothing", "/health/"] {
            assert_eq!(find(&Method::GET, path).unwrap_err().response().status(), 404, "{path}");
        }
        let refused = find(&Method::PUT, "/clock").unwrap_err().response();
        assert_eq!(refused.status(), 405);
        assert_eq!(refused.headers()["allow"], "GET, POST");
    }
}
