//! Settings of the service, CORS and statistics.

use crate::wire::Wire;

fn properties(inner: &str) -> String {
    format!("<StorageServiceProperties>{inner}</StorageServiceProperties>")
}

fn logging(version: &str, retention: &str) -> String {
    properties(&format!(
        "<Logging><Version>{version}</Version><Delete>true</Delete><Read>false</Read>\
         <Write>true</Write><RetentionPolicy>{retention}</RetentionPolicy></Logging>"
    ))
}

fn cors(rule: &str, times: usize) -> String {
    properties(&format!("<Cors>{}</Cors>", rule.repeat(times)))
}

fn rule(origins: &str, methods: &str, age: &str) -> String {
    format!(
        "<CorsRule><AllowedOrigins>{origins}</AllowedOrigins><AllowedMethods>{methods}</AllowedMethods>\
         <MaxAgeInSeconds>{age}</MaxAgeInSeconds><ExposedHeaders>x-ms-*</ExposedHeaders>\
         <AllowedHeaders>x-ms-meta-*,content-type</AllowedHeaders></CorsRule>"
    )
}

#[test]
fn row_38_settings_are_checked() {
    let wire = Wire::new();
    let set = |body: &str| wire.put("?restype=service&comp=properties").body(body).send();
    let week = "<Enabled>true</Enabled><Days>7</Days>";
    let good = rule("http://a", "GET,PUT", "5");
    let metrics = |inner: &str| {
        properties(&format!(
            "<HourMetrics><Version>1.0</Version><Enabled>true</Enabled>{inner}\
             <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>"
        ))
    };
    for body in [
        logging("1.0", week),
        logging("2.0", week),
        cors(&good, 5),
        metrics("<IncludeAPIs>true</IncludeAPIs>"),
        properties(""),
    ] {
        set(&body).expect(202);
    }
    for body in [
        cors(&good, 6),
        cors(&rule("http://a", "BOGUS", "5"), 1),
        cors(&rule(&vec!["http://a"; 65].join(","), "GET", "5"), 1),
        cors(&rule("http://a", "GET", "-1"), 1),
        logging("1.0", "<Enabled>true</Enabled><Days>366</Days>"),
        logging("1.0", "<Enabled>true</Enabled><Days>0</Days>"),
        logging("1.0", "<Enabled>true</Enabled>"),
        logging("9.9", week),
        metrics(""),
        properties("<Unknown>1</Unknown>"),
        properties("<DefaultServiceVersion>2019-12-12</DefaultServiceVersion>"),
        properties("<Logging></Logging>"),
        "<StorageServiceProperties>".to_owned(),
    ] {
        let reply = set(&body);
        assert!(reply.status == 400 && !reply.code().is_empty(), "{body}: {reply:?}");
    }
}

#[test]
fn row_39_nothing_is_logged_at_first() {
    let wire = Wire::new();
    let reply = wire.get("?restype=service&comp=properties").send().expect(200);
    assert_eq!(
        [reply.element("Read"), reply.element("Write"), reply.element("Delete")],
        ["false"; 3]
    );
}

#[test]
fn row_40_settings_read_back_as_they_were_set() {
    // What the settings ask for, logs and metrics, is in other services: blobs and tables.
    let wire = Wire::new();
    let set = |body: &str| {
        drop(wire.put("?restype=service&comp=properties").body(body).send().expect(202));
    };
    let get = || wire.get("?restype=service&comp=properties").send().expect(200);
    set(&logging("1.0", "<Enabled>true</Enabled><Days>7</Days>"));
    set(&cors(&rule("http://a", "GET", "5"), 2));
    let reply = get();
    assert_eq!((reply.element("Delete"), reply.element("Days")), ("true".into(), "7".into()));
    assert_eq!(reply.elements("CorsRule").len(), 2);
    set(&properties("<Cors />"));
    assert!(get().elements("CorsRule").is_empty());
    assert_eq!(get().element("Days"), "7");
}

#[test]
fn row_41_cors_and_stats() {
    let wire = Wire::new();
    wire.queue("jobs");
    let preflight = |origin: &str, method: &str, headers: &str| {
        let mut call = wire.call("OPTIONS", "/jobs/messages").anonymous().version(None);
        for (name, value) in [
            ("origin", origin),
            ("access-control-request-method", method),
            ("access-control-request-headers", headers),
        ] {
            if !value.is_empty() {
                call = call.header(name, value);
            }
        }
        call.send()
    };
    preflight("http://a", "GET", "").refused(403, "CorsPreflightFailure");
    let body = cors(&rule("http://a,http://b", "GET,PUT", "5"), 1);
    wire.put("?restype=service&comp=properties").body(&body).send().expect(202);
    let reply = preflight("http://a", "PUT", "x-ms-meta-color,content-type").expect(200);
    for (name, value) in [
        ("access-control-allow-origin", "http://a"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "x-ms-meta-color,content-type"),
        ("access-control-max-age", "5"),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(reply.header(name), value, "{name}");
    }
    preflight("http://c", "PUT", "").refused(403, "CorsPreflightFailure");
    preflight("http://A", "PUT", "").refused(403, "CorsPreflightFailure");
    preflight("http://a", "DELETE", "").refused(403, "CorsPreflightFailure");
    preflight("http://a", "GET", "x-other").refused(403, "CorsPreflightFailure");
    let reply = preflight("", "GET", "").refused(400, "InvalidHeaderValue");
    assert_eq!(reply.error.message(), "A required CORS header is not present.");
    preflight("http://a", "", "").refused(400, "InvalidHeaderValue");

    let get = |origin: &str| wire.get("?comp=list").header("origin", origin).send().expect(200);
    let reply = get("http://b");
    assert_eq!(reply.header("access-control-allow-origin"), "http://b");
    assert_eq!(reply.header("vary"), "Origin");
    assert!(reply.header("access-control-expose-headers").contains("x-ms-request-id"));
    let reply = get("http://c");
    assert_eq!((reply.header("access-control-allow-origin"), reply.header("vary")), ("", "Origin"));
    // Refusals are marked too, or a script could not read them.
    let reply = wire.get("/none/messages").header("origin", "http://b").send().expect(404);
    assert_eq!(reply.header("access-control-allow-origin"), "http://b");

    let stats = "?restype=service&comp=stats";
    wire.get(stats).send().refused(400, "InvalidQueryParameterValue");
    let reply = wire.get(stats).secondary().send().expect(200);
    assert_eq!(reply.element("Status"), "live");
    assert!(reply.element("LastSyncTime").ends_with(" GMT"));
}
