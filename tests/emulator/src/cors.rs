//! Calls from browsers: [`preflight`] answers whether a call is allowed, and [`mark`] tells the browser
//! in every answer. The rules are those of "Cross-origin resource sharing (CORS) support for Azure
//! Storage" and "Preflight Queue Request" in the REST reference.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CONTENT_LENGTH, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response};
use queue_proto::ops::{Preflight, PreflightResponse};
use queue_proto::{CorsRule, ErrorCode, ServiceError};

/// The word in a rule for any origin.
const ANY: &str = "*";

/// Answers the question of a browser. The first rule that fits origin and method decides.
pub(crate) fn preflight(
    rules: &[CorsRule],
    asked: &Preflight,
) -> Result<PreflightResponse, ServiceError> {
    let origin = asked.origin.as_str();
    let rule = rule_for(rules, origin, &asked.request_method)
        .filter(|rule| {
            let mut headers = asked.request_headers.iter();
            headers.all(|header| covers(&rule.allowed_headers, header.as_str()))
        })
        .ok_or(ErrorCode::CorsPreflightFailure)?;
    Ok(PreflightResponse::new(asked.origin.clone(), [asked.request_method.clone()])
        .allow_headers(asked.request_headers.clone())
        .max_age_seconds(rule.max_age_seconds))
}

/// Adds to an answer what a browser must see to give it to the script that asked.
pub(crate) fn mark(
    rules: &[CorsRule],
    method: &Method,
    request: &HeaderMap,
    response: &mut Response<Bytes>,
) {
    if rules.is_empty() {
        return;
    }
    let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let rule = rule_for(rules, origin.unwrap_or_default(), method);
    let wildcard = rule.is_some_and(|rule| rule.allowed_origins.iter().any(|it| it == ANY));
    let exposed = rule.map(|rule| exposed(rule, response.headers()));
    let headers = response.headers_mut();
    let reading = *method == Method::GET || *method == Method::HEAD;
    if reading && !wildcard {
        // Caches must know that the answer to another origin differs.
        headers.insert(VARY, HeaderValue::from_static("Origin"));
    }
    let Some(exposed) = exposed else { return };
    if wildcard {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static(ANY));
    } else if let Some(origin) = request.get(ORIGIN) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if let Ok(exposed) = HeaderValue::try_from(exposed)
        && !exposed.is_empty()
    {
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
}

/// The first rule that fits. The case of origins counts.
fn rule_for<'a>(rules: &'a [CorsRule], origin: &str, method: &Method) -> Option<&'a CorsRule> {
    rules.iter().find(|rule| {
        rule.allowed_origins.iter().any(|allowed| allowed == ANY || allowed == origin)
            && rule.allowed_methods.iter().any(|allowed| allowed == method.as_str())
    })
}

/// The headers of the answer that the rule shows to scripts, by name: browsers know no prefixes.
fn exposed(rule: &CorsRule, headers: &HeaderMap) -> String {
    let mut names: Vec<&str> = headers
        .keys()
        .map(|name| name.as_str())
        .filter(|name| covers(&rule.exposed_headers, name))
        .collect();
    // The server adds it when it sends the answer.
    if covers(&rule.exposed_headers, CONTENT_LENGTH.as_str()) {
        names.push(CONTENT_LENGTH.as_str());
    }
    names.join(",")
}

/// Whether a list of names and of prefixes that end in `*` has this name.
fn covers(list: &[String], name: &str) -> bool {
    list.iter().any(|item| match item.strip_suffix('*') {
        Some(prefix) => {
            name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        }
        None => item.eq_ignore_ascii_case(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origins: &[&str], methods: &[&str]) -> CorsRule {
        CorsRule::new(origins.iter().copied(), methods.iter().copied())
    }

    #[test]
    fn the_first_fitting_rule_counts() {
        let mut first = rule(&["http://a"], &["GET"]);
        first.max_age_seconds = 1;
        let mut second = rule(&["*"], &["GET", "PUT"]);
        second.max_age_seconds = 2;
        let rules = [first, second];
        let age = |origin: &str, method| {
            rule_for(&rules, origin, &method).map(|rule| rule.max_age_seconds)
        };
        assert_eq!(age("http://a", Method::GET), Some(1));
        assert_eq!(age("http://A", Method::GET), Some(2));
        assert_eq!(age("http://a", Method::PUT), Some(2));
        assert_eq!(age("http://a", Method::DELETE), None);
    }

    #[test]
    fn lists_have_names_and_prefixes() {
        let list = ["x-ms-meta-*", "X-Custom"].map(str::to_owned);
        assert!(covers(&list, "x-ms-meta-color"));
        assert!(covers(&list, "x-custom"));
        assert!(!covers(&list, "x-custom-2"));
        assert!(!covers(&list, "x-ms"));
        assert!(covers(&["*".to_owned()], "anything"));
    }

    /// The table "Understanding how the Vary header is set" of the page on CORS.
    #[test]
    fn headers_of_answers() {
        let exact = [rule(&["http://a"], &["GET"])];
        let any = [rule(&["*"], &["GET"])];
        let (yes, no) = (true, false);
        for (rules, origin, vary, allow) in [
            (&[][..], None, no, None),
            (&exact, None, yes, None),
            (&any, None, no, Some("*")),
            (&[], Some("http://a"), no, None),
            (&exact, Some("http://a"), yes, Some("http://a")),
            (&exact, Some("http://b"), yes, None),
            (&any, Some("http://b"), no, Some("*")),
        ] {
            let mut request = HeaderMap::new();
            if let Some(origin) = origin {
                request.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            let mut response = Response::new(Bytes::new());
            mark(rules, &Method::GET, &request, &mut response);
            let headers = response.headers();
            assert_eq!(headers.contains_key(VARY), vary, "{rules:?} {origin:?}");
            let allowed = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed.and_then(|it| it.to_str().ok()), allow, "{rules:?} {origin:?}");

            let mut response = Response::new(Bytes::new());
            mark(rules, &Method::DELETE, &request, &mut response);
            assert!(response.headers().is_empty(), "{rules:?} {origin:?}");
        }
    }
}
