//! What all answers have in common.

use crate::wire::{MESSAGE, NEWEST, Reply, Wire, escape};

#[test]
fn row_01_every_refusal_has_code_id_version_and_body() {
    let wire = Wire::new();
    wire.queue("jobs");
    let (id, receipt) = wire.message("jobs");
    let (m, r) = (format!("/jobs/messages/{id}"), escape(&receipt));
    let update = format!("{m}?popreceipt={r}");
    for (method, target, body, status, code) in [
        ("POST", "/jobs/messages", "<QueueMessage><Mess", 400, "InvalidXmlDocument"),
        ("DELETE", m.as_str(), "", 400, "MissingRequiredQueryParameter"),
        ("PUT", update.as_str(), MESSAGE, 400, "MissingRequiredQueryParameter"),
        ("GET", "/jobs/messages?numofmessages=0", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "/jobs/messages?numofmessages=abc", "", 400, "InvalidQueryParameterValue"),
        ("POST", "/jobs/messages?messagettl=-2", MESSAGE, 400, "InvalidQueryParameterValue"),
        ("POST", "/jobs/messages?messagettl=abc", MESSAGE, 400, "InvalidQueryParameterValue"),
        ("GET", "/jobs/messages?timeout=-1", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "/jobs/messages?timeout=abc", "", 400, "InvalidQueryParameterValue"),
        ("GET", "?comp=list&maxresults=0", "", 400, "OutOfRangeQueryParameterValue"),
        ("GET", "?comp=list&include=bogus", "", 400, "InvalidQueryParameterValue"),
        ("GET", "/jobs?comp=bogus", "", 400, "InvalidQueryParameterValue"),
        ("GET", "?restype=service&comp=bogus", "", 400, "InvalidQueryParameterValue"),
        ("PATCH", "/jobs", "", 405, "UnsupportedHttpVerb"),
        (
            "PUT",
            "/jobs?comp=acl",
            "<SignedIdentifiers><Wrong/></SignedIdentifiers>",
            400,
            "UnsupportedXmlNode",
        ),
    ] {
        let reply = wire.call(method, target).body(body).send().refused(status, code);
        assert_eq!(reply.header("x-ms-version"), NEWEST, "{method} {target}");
    }
}

#[test]
fn row_02_malformed_escapes_and_missing_hosts_are_refused_in_xml() {
    let wire = Wire::new();
    wire.queue("jobs");
    let reply = wire.get("/jo%zz/messages").anonymous().send();
    assert!(matches!(reply.status, 400 | 401) && !reply.code().is_empty(), "{reply:?}");
    wire.get("/jobs/messages")
        .query("sp=p&sv=2026-10-06&sig=%zz")
        .send()
        .refused(403, "AuthenticationFailed");

    // HTTP/1.0 without a host.
    let request = http::Request::get("/devstoreaccount1?comp=list")
        .version(http::Version::HTTP_10)
        .header("x-ms-version", NEWEST)
        .body(bytes::Bytes::new())
        .unwrap();
    Reply::new(wire.emulator.handle(request)).refused(401, "NoAuthenticationInformation");
}

#[test]
fn row_03_versions_newer_than_the_emulator_are_served() {
    let wire = Wire::new();
    for version in ["2026-06-06", "2026-10-06", "2031-12-31"] {
        wire.get("?comp=list").version(version).send().expect(200);
    }
}

#[test]
fn row_04_versions_that_are_no_date_are_refused() {
    let wire = Wire::new();
    for version in ["garbage", "2026-13-01", "2009-04-13", "2026-1-1"] {
        let reply =
            wire.get("?comp=list").version(version).send().refused(400, "InvalidHeaderValue");
        assert_eq!(reply.detail("HeaderName"), "x-ms-version");
    }
}

#[test]
fn row_05_the_answer_names_the_version_that_was_asked_for() {
    let wire = Wire::new();
    for version in ["2011-08-18", "2019-12-12", "2026-10-06"] {
        let reply = wire.get("?comp=list").version(version).send().expect(200);
        assert_eq!(reply.header("x-ms-version"), version);
    }
}

#[test]
fn row_06_behavior_follows_the_version() {
    let wire = Wire::new();
    wire.queue("jobs");
    let put = |version, query: &str, text: &str| {
        let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
        wire.post(&format!("/jobs/messages{query}")).version(version).body(&body).send()
    };
    assert_eq!(put("2015-12-11", "", "x").expect(201).body, "");
    assert!(put("2016-05-31", "", "x").expect(201).body.contains("<PopReceipt>"));

    put("2017-04-17", "?messagettl=604800", "x").expect(201);
    put("2017-04-17", "?messagettl=604801", "x").refused(400, "OutOfRangeQueryParameterValue");
    put("2017-04-17", "?messagettl=-1", "x").refused(400, "OutOfRangeQueryParameterValue");
    put("2017-07-29", "?messagettl=604801", "x").expect(201);
    put("2017-07-29", "?messagettl=-1", "x").expect(201);

    let get = |version, hidden: u32| {
        let target = format!("/jobs/messages?visibilitytimeout={hidden}");
        wire.get(&target).version(version).send()
    };
    get("2009-09-19", 7200).expect(200);
    get("2009-09-19", 7201).refused(400, "OutOfRangeQueryParameterValue");
    get("2011-08-18", 7201).expect(200);

    let long = "x".repeat(8 * 1024 + 1);
    put("2009-09-19", "", &long).refused(413, "RequestBodyTooLarge");
    put("2011-08-18", "", &long).expect(201);

    wire.get("?comp=list").version(None).send().refused(400, "MissingRequiredHeader");
}

#[test]
fn row_07_client_request_ids_are_echoed_on_errors_and_only_when_short() {
    let wire = Wire::new();
    let send = |id: &str| {
        wire.get("/none/messages").header("x-ms-client-request-id", id).send().expect(404)
    };
    assert_eq!(send("my-id").header("x-ms-client-request-id"), "my-id");
    assert_eq!(send(&"x".repeat(1025)).header("x-ms-client-request-id"), "");
}

#[test]
fn row_08_headers_and_details() {
    let wire = Wire::new();
    wire.queue("jobs");
    let reply = wire.get("/jobs/messages").send().expect(200);
    assert_eq!(reply.header("server"), "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0");
    assert_eq!(reply.header("cache-control"), "no-cache");

    let reply = wire.post("/jobs/messages").body("<QueueMessage>\n <x").send();
    let reply = reply.refused(400, "InvalidXmlDocument");
    assert_eq!(reply.detail("LineNumber"), "2");
    assert!(!reply.detail("LinePosition").is_empty() && !reply.detail("Reason").is_empty());
    let reply = wire.get("/jobs/messages?numofmessages=33").send().expect(400);
    assert_eq!(reply.detail("QueryParameterName"), "numofmessages");
    assert_eq!(reply.detail("QueryParameterValue"), "33");
    assert_eq!((reply.detail("MinimumAllowed"), reply.detail("MaximumAllowed")), ("1", "32"));
}

#[test]
fn row_09_the_secondary_is_read_only_and_accounts_are_checked() {
    let wire = Wire::new();
    wire.queue("jobs");
    wire.get("/jobs/messages?peekonly=true").secondary().send().expect(200);
    for (method, target, body) in [
        ("PUT", "/other", ""),
        ("DELETE", "/jobs", ""),
        ("POST", "/jobs/messages", MESSAGE),
        // A GET that changes something.
        ("GET", "/jobs/messages", ""),
    ] {
        let reply = wire.call(method, target).body(body).secondary().send();
        reply.refused(403, "InsufficientAccountPermissions");
    }
    let mut request = wire.get("?comp=list").request();
    *request.uri_mut() = "http://127.0.0.1:10001/unknown?comp=list".parse().unwrap();
    Reply::new(wire.emulator.handle(request)).refused(404, "ResourceNotFound");
}
