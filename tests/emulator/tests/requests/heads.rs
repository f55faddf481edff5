//! Headers: what must be there, what may be there once, and how dates are written.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;

use bytes::Bytes;
use http::{Request, Version};
use queue_emulator::Emulator;
use queue_proto::ServiceError;

use crate::plain::{Fixture, read_answer};
use crate::wire::{MESSAGE, NEWEST, Reply, Wire};

#[test]
fn http_1_1_has_one_host() {
    let f = Fixture::new();
    for (request, status, code) in [
        (
            "GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: a\r\n",
            401,
            "NoAuthenticationInformation",
        ),
        (
            "GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: a\r\nHost: a\r\n",
            400,
            "InvalidHeaderValue",
        ),
        (
            "GET /devstoreaccount1?comp=list HTTP/1.1\r\nHost: a\r\nhost: b\r\n",
            400,
            "InvalidHeaderValue",
        ),
        ("GET /devstoreaccount1?comp=list HTTP/1.1\r\n", 400, "MissingRequiredHeader"),
        ("GET http://a/devstoreaccount1?comp=list HTTP/1.1\r\n", 400, "MissingRequiredHeader"),
        (
            "GET http://a/devstoreaccount1?comp=list HTTP/1.1\r\nHost: b\r\n",
            401,
            "NoAuthenticationInformation",
        ),
        ("GET /devstoreaccount1?comp=list HTTP/1.0\r\n", 401, "NoAuthenticationInformation"),
    ] {
        let mut stream = f.connect();
        write!(stream, "{request}x-ms-version: {NEWEST}\r\n\r\n").unwrap();
        let (head, xml) = read_answer(&mut stream);
        let version = if request.contains("HTTP/1.0") { "1.0" } else { "1.1" };
        assert!(head.starts_with(&format!("HTTP/{version} {status} ")), "{request}: {head}");
        assert!(xml.contains(&format!("<Code>{code}</Code>")), "{request}: {xml}");
    }
}

#[test]
fn in_process_a_path_needs_a_host_as_well() {
    let emulator = Emulator::new();
    let request = |version, host: Option<&str>| {
        let mut request = Request::get("/devstoreaccount1?comp=list").version(version);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.header("x-ms-version", NEWEST).body(Bytes::new()).unwrap()
    };
    for (version, host, status) in [
        (Version::HTTP_11, Some("a"), 401),
        (Version::HTTP_11, None, 400),
        (Version::HTTP_10, None, 401),
        (Version::HTTP_11, Some("a b"), 400),
    ] {
        let response = emulator.handle(request(version, host));
        assert_eq!(response.status(), status, "{version:?} {host:?}");
        assert!(!ServiceError::from_http(&response).code().as_str().is_empty());
    }
}

#[test]
fn a_header_that_is_there_twice_is_refused_whatever_the_credential() {
    let wire = Wire::new();
    wire.queue("jobs");
    let token = crate::account_sas(&wire);
    for name in [
        "content-type",
        "content-md5",
        "date",
        "range",
        "if-match",
        "x-ms-date",
        "x-ms-client-request-id",
        "x-ms-anything",
    ] {
        let call = wire.post("/jobs/messages").body(MESSAGE).query(&token);
        let reply = call.header(name, "a").header(name, "a").send();
        let reply = reply.refused(400, "InvalidHeaderValue");
        assert_eq!(reply.detail("HeaderName"), name);
    }
    // The second one would say another version.
    let call = wire.get("/jobs?comp=metadata").query(&token);
    let call = call.header("x-ms-version", NEWEST).header("x-ms-version", "2019-12-12");
    call.send().refused(400, "InvalidHeaderValue");
    // What may be there more than once is.
    let call = wire.get("/jobs?comp=metadata").query(&token);
    call.header("accept", "a").header("accept", "b").send().expect(200);
}

#[test]
fn the_announced_length_is_the_length() {
    let wire = Wire::new();
    wire.queue("jobs");
    let length = MESSAGE.len().to_string();
    for wrong in ["0", "abc", "", "-1", &format!("{length}0"), &format!("+{length}")] {
        let call = wire.post("/jobs/messages").body(MESSAGE).no_length();
        let reply = call.header("content-length", wrong).send();
        assert_eq!((reply.status, reply.code()), (400, "InvalidHeaderValue"), "{wrong:?}");
    }
    let call = wire.post("/jobs/messages").body(MESSAGE).no_length();
    call.send().refused(411, "MissingContentLengthHeader");
    wire.post("/jobs/messages").body(MESSAGE).send().expect(201);
}

#[test]
fn dates_are_those_of_rfc_1123() {
    let wire = Wire::new();
    let now = wire.clock.now();
    let right = httpdate(now);
    for wrong in [
        right.replace("GMT", "UTC"),
        right.replace(" GMT", ""),
        // A day of the week that the date does not have.
        right.replacen(
            right.get(..3).unwrap(),
            if right.starts_with("Mon") { "Tue" } else { "Mon" },
            1,
        ),
        "Sunday, 06-Nov-94 08:49:37 GMT".to_owned(),
        "Sun Nov  6 08:49:37 1994".to_owned(),
        "2026-09-23T10:20:30Z".to_owned(),
        String::new(),
    ] {
        let mut request = wire.get("?comp=list").request();
        request.headers_mut().insert("x-ms-date", wrong.parse().unwrap());
        let reply = Reply::new(wire.emulator.handle(request));
        assert_eq!((reply.status, reply.code()), (403, "AuthenticationFailed"), "{wrong:?}");
        assert_eq!(reply.detail("AuthenticationErrorDetail"), "x-ms-date is not an RFC 1123 date");
    }
}

fn httpdate(time: std::time::SystemTime) -> String {
    let request =
        Wire::with(|builder| builder.clock(move || time)).get("?comp=list").at(time).request();
    request.headers()["x-ms-date"].to_str().unwrap().to_owned()
}

#[test]
fn a_version_in_the_query_is_for_signatures_alone() {
    let wire = Wire::new();
    wire.queue("jobs");
    let token = crate::account_sas(&wire);
    let list = "?comp=list&api-version=2019-12-12";
    let reply = wire.get(list).query(&token).version(None).send().expect(200);
    assert_eq!(reply.header("x-ms-version"), "2019-12-12");
    let reply = wire.get(list).version(None).send().refused(400, "MissingRequiredHeader");
    assert_eq!(reply.detail("HeaderName"), "x-ms-version");
    wire.get(list).version("2026-10-06").send().expect(200);
}

#[test]
fn a_method_that_http_does_not_have_is_named() {
    let wire = Wire::new();
    wire.queue("jobs");
    for (method, status, code) in [
        ("PATCH", 405, "UnsupportedHttpVerb"),
        ("TRACE", 405, "UnsupportedHttpVerb"),
        ("get", 400, "InvalidHttpVerb"),
        ("FETCH", 400, "InvalidHttpVerb"),
    ] {
        wire.call(method, "/jobs?comp=metadata").send().refused(status, code);
    }
}

/// The head of a request with so many headers of metadata, and others.
fn crowded(metadata: usize, others: usize, value: &str) -> String {
    let mut head =
        format!("PUT /devstoreaccount1/jobs HTTP/1.1\r\nhost: x\r\nx-ms-version: {NEWEST}\r\n");
    for number in 0..metadata {
        head += &format!("X-Ms-Meta-n{number}: {value}\r\n");
    }
    for number in 0..others {
        head += &format!("x-other-{number}: {value}\r\n");
    }
    head + "content-length: 0\r\n\r\n"
}

#[test]
fn metadata_that_is_too_much_is_named_and_nothing_else_is_blamed_for_it() {
    let f = Fixture::new();
    let long = "x".repeat(700);
    for (head, status, code) in [
        (crowded(90, 0, "v"), 401, "NoAuthenticationInformation"),
        (crowded(300, 0, "v"), 400, "MetadataTooLarge"),
        (crowded(3000, 0, "v"), 400, "MetadataTooLarge"),
        // Few, but beyond all measure.
        (crowded(99, 0, &long), 400, "MetadataTooLarge"),
        (crowded(0, 300, "v"), 431, ""),
        (crowded(5, 300, "v"), 431, ""),
    ] {
        for pieces in [1, 1000] {
            let mut stream = f.connect();
            for piece in head.as_bytes().chunks(head.len() / pieces + 1) {
                // It may be refused before its end.
                if stream.write_all(piece).is_err() {
                    break;
                }
            }
            let (answer, xml) = read_answer(&mut stream);
            let what = format!("{} bytes in {pieces} pieces: {answer}", head.len());
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{what}");
            if !code.is_empty() {
                assert!(answer.contains(&format!("x-ms-error-code: {code}\r\n")), "{what}");
                assert!(answer.contains("x-ms-request-id: "), "{what}");
                assert!(xml.contains(&format!("<Code>{code}</Code>")), "{what}: {xml}");
            }
            if code == "MetadataTooLarge" {
                let text = "HTTP/1.1 400 The metadata specified exceeds the maximum permissible limit.\r\n";
                assert!(answer.starts_with(text), "{what}");
                let _ = stream.shutdown(Shutdown::Write);
                // Nothing comes after it, as it says.
                assert_eq!(stream.read(&mut [0; 16]).unwrap_or(0), 0, "{what}");
            }
        }
    }
}

#[test]
fn a_secondary_with_a_port_takes_no_writes() {
    let wire = Wire::new();
    for host in ["", ":80", ":10001"] {
        for name in ["devstoreaccount1-secondary", "DevStoreAccount1-Secondary"] {
            let uri = format!("http://{name}.queue.localhost{host}/jobs");
            let (mut parts, ()) = Request::put(uri)
                .header("x-ms-version", NEWEST)
                .header("content-length", 0)
                .body(())
                .unwrap()
                .into_parts();
            let signer = queue_auth::SharedKey::new("devstoreaccount1", crate::wire::key());
            queue_auth::Authorize::authorize(&signer, &mut parts, wire.clock.now()).unwrap();
            let request = Request::from_parts(parts, Bytes::new());
            Reply::new(wire.emulator.handle(request))
                .refused(403, "InsufficientAccountPermissions");
        }
    }
}
