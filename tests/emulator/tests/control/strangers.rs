//! Who is kept out: names of sites, pages of other sites, and what browsers are told.

use crate::desk::Desk;

#[test]
fn names_that_a_site_can_have_are_refused() {
    let desk = Desk::new();
    for target in ["/", "/page.js", "/_emulator/queues", "/_emulator/events", "/_emulator/health"] {
        let told = desk.ask("GET", target, "evil.example:10011", &[], "").expect(421);
        assert!(told.json()["error"].as_str().unwrap().contains("--page-host"), "{told:?}");
    }
    desk.ask("POST", "/_emulator/reset", "evil.example", &[], "{}").expect(421);
    for host in ["127.0.0.1", "localhost:10011", "emulator", "[::1]:10011", "a.localhost"] {
        desk.ask("GET", "/", host, &[], "").expect(200);
    }
}

#[test]
fn pages_of_other_origins_read_and_change_nothing() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    for headers in [
        &[("origin", "http://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")],
        &[("sec-fetch-site", "same-site"), ("origin", "http://127.0.0.1:3000")],
        // A form needs no permission of the server, and sends text.
        &[("sec-fetch-site", "cross-site"), ("content-type", "text/plain")],
    ] {
        for (method, path) in [
            ("POST", "/reset"),
            ("DELETE", "/queues/jobs"),
            ("POST", "/faults"),
            ("POST", "/clock"),
        ] {
            let told = desk.call(method, path, headers, "drop").expect(403);
            assert!(!told.headers.contains_key("access-control-allow-origin"), "{told:?}");
        }
    }
    let foreign = [("sec-fetch-site", "cross-site"), ("origin", "http://evil.example")];
    for path in ["/queues", "/requests", "/events", "/connect"] {
        desk.call("GET", path, &foreign, "").expect(403);
        desk.call("OPTIONS", path, &foreign, "").expect(403);
    }
    assert_eq!(desk.wire.emulator.inspect().queues.len(), 1);
    // What was allowed may, and is told so.
    let allowed = [("sec-fetch-site", "cross-site"), ("origin", "http://allowed.example")];
    let told = desk.call("GET", "/queues", &allowed, "").expect(200);
    assert_eq!(told.headers["access-control-allow-origin"], "http://allowed.example");
    desk.call("OPTIONS", "/reset", &allowed, "").expect(204);
    desk.call("POST", "/reset", &allowed, "{}").expect(204);
    assert!(desk.wire.emulator.inspect().queues.is_empty());
}

#[test]
fn browsers_are_told_what_the_page_may_do() {
    let desk = Desk::new();
    for target in ["/", "/page.css", "/_emulator/queues", "/nothing", "/_emulator/nothing"] {
        let told = desk.ask("GET", target, "127.0.0.1", &[], "");
        let policy = &told.headers["content-security-policy"];
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(rule), "{target}: {policy}");
        }
        assert_eq!(told.headers["x-content-type-options"], "nosniff", "{target}");
        assert_eq!(told.headers["x-frame-options"], "DENY", "{target}");
        assert_eq!(told.headers["cache-control"], "no-store", "{target}");
        assert_eq!(told.headers["cross-origin-resource-policy"], "same-origin", "{target}");
    }
}

#[test]
fn no_secret_is_shown() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    let signature = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U=";
    let query =
        format!("sv=2026-10-06&sr=q&sp=r&se=2999-01-01&sig={}", signature.replace('=', "%3D"));
    desk.wire.get("/jobs?comp=metadata").query(&query).send().expect(403);
    desk.wire.get("/jobs?comp=metadata").bearer("eyJ0b2tlbg.eyJzZWNyZXQ.c2lnbmF0dXJl").send();
    let list = desk.get("/requests").expect(200);
    let mut shown = list.body.clone();
    for request in list.json()["requests"].as_array().unwrap() {
        shown += &desk.get(&format!("/requests/{}", request["number"])).expect(200).body;
    }
    for secret in ["c2VjcmV0", "c2lnbmF0dXJl", "eyJ0b2tlbg"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("SharedKey devstoreaccount1:REDACTED"), "{shown}");
}

#[test]
fn garbage_is_answered_in_a_sentence() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    for (method, path, body) in [
        ("POST", "/clock", "[]"),
        ("POST", "/clock", "{\"advance\":-1}"),
        ("POST", "/clock", "{\"advance\":1e300}"),
        ("POST", "/clock", "{\"advance\":1,\"set\":\"2030-01-01T00:00:00Z\"}"),
        ("POST", "/clock", "{\"set\":\"tomorrow\"}"),
        ("POST", "/clock", "{\"to\":\"lunch\"}"),
        ("POST", "/clock", "{"),
        ("POST", "/faults", "{\"effect\":\"explode\"}"),
        ("POST", "/faults", "{\"effect\":\"drop\",\"queue\":\"a b\"}"),
        ("POST", "/faults", "{\"words\":\"# nothing\"}"),
        ("POST", "/faults", "{\"effect\":\"drop\",\"color\":\"red\"}"),
        ("POST", "/queues", "{\"name\":\"NO\"}"),
        ("POST", "/queues/jobs/messages", "{\"text\":7}"),
        ("POST", "/queues/jobs/messages", "{\"text\":\"x\",\"timeToLive\":0}"),
        ("POST", "/queues/jobs/messages", "{\"text\":\"x\",\"visibilityTimeout\":999999999}"),
        ("POST", "/queues/jobs/dump", "{\"text\":\"fine\"}\nnot json"),
        ("GET", "/queues/jobs/messages?limit=many", ""),
        ("GET", "/queues/jobs/messages/not-a-guid", ""),
        ("POST", "/reset", "\u{0}\u{1}"),
    ] {
        let headers = [("content-type", "application/json")];
        let told = desk.call(method, path, &headers, body).expect(400);
        let error = told.json()["error"].as_str().unwrap().to_owned();
        assert!(error.len() > 10 && error.len() < 300, "{path}: {error}");
    }
    for (method, path) in [
        ("GET", "/queues/nothing/messages"),
        ("GET", "/queues?account=nobody"),
        ("DELETE", "/faults/7"),
        ("GET", "/requests/7000"),
        ("GET", "/queues/jobs/messages/00000000-0000-0000-0000-000000000000"),
    ] {
        desk.call(method, path, &[], "").expect(404);
    }
    assert!(desk.wire.emulator.inspect().queue("jobs").unwrap().messages.is_empty());
    assert!(desk.wire.emulator.faults_in_force().is_empty());
}
