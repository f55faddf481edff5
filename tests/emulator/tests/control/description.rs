//! The description of the interface is held against the server, both ways: every answer has what the
//! description says and nothing else, and everything that it says was seen in an answer.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::desk::{Desk, Told};
use crate::wire::MESSAGE;

/// The description, and what of it was seen.
struct Checker {
    description: Value,
    /// Operation and status of every answer that was checked.
    answered: BTreeSet<String>,
    /// Schema and property of everything that was there and not null.
    seen: BTreeSet<String>,
}

impl Checker {
    fn new(desk: &Desk) -> Self {
        let description = desk.get("/openapi.json").expect(200).json();
        Self { description, answered: BTreeSet::new(), seen: BTreeSet::new() }
    }

    /// Checks an answer against the operation that is described for it.
    #[track_caller]
    fn check(&mut self, method: &str, pattern: &str, told: &Told) {
        let operation = &self.description["paths"][format!("/_emulator{pattern}")][method].clone();
        assert!(operation.is_object(), "{method} {pattern} is not described");
        let responses = operation["responses"].as_object().unwrap();
        let class = if told.status >= 400 { "4XX".to_owned() } else { told.status.to_string() };
        let described = responses.get(&class);
        let described = described.unwrap_or_else(|| panic!("{method} {pattern}: {}", told.status));
        self.answered.insert(format!("{method} {pattern} {class}"));
        match described.get("content").and_then(Value::as_object) {
            None => assert_eq!(told.body, "", "{method} {pattern}"),
            Some(content) => {
                let media_type = &told.headers["content-type"];
                let schema = content.get(media_type).unwrap_or_else(|| panic!("{media_type}"));
                if media_type == "application/json" {
                    self.fits(&told.json(), &schema["schema"].clone(), pattern);
                }
            }
        }
    }

    fn fits(&mut self, value: &Value, schema: &Value, at: &str) {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap();
            let target = self.description["components"]["schemas"][name].clone();
            assert!(target.is_object(), "{at}: there is no schema {name}");
            return self.fits(value, &target, name);
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let null = choices.iter().any(|choice| choice["type"] == "null");
            assert!(null || !value.is_null(), "{at}: null");
            if !value.is_null() {
                let other = choices.iter().find(|choice| choice["type"] != "null").unwrap();
                self.fits(value, other, at);
            }
            return;
        }
        let types: Vec<&str> = match &schema["type"] {
            Value::String(name) => vec![name],
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => panic!("{at}: no type in {schema}"),
        };
        let fits = types.iter().any(|name| match *name {
            "null" => value.is_null(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            other => panic!("{at}: the type {other}"),
        });
        assert!(fits, "{at}: {value} is not {types:?}");
        if let (Some(words), Some(word)) = (schema.get("enum"), value.as_str()) {
            assert!(words.as_array().unwrap().iter().any(|known| known == word), "{at}: {word}");
            self.seen.insert(format!("{at}={word}"));
        }
        if schema["format"] == "date-time" && value.is_string() {
            let text = value.as_str().unwrap();
            let rfc3339 = time::format_description::well_known::Rfc3339;
            assert!(time::OffsetDateTime::parse(text, &rfc3339).is_ok(), "{at}: {text}");
        }
        if let Some(items) = value.as_array() {
            for item in items {
                self.fits(item, &schema["items"], at);
            }
        }
        let Some(object) = value.as_object() else { return };
        let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return };
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            assert!(object.contains_key(name), "{at}: {name} is missing in {value}");
        }
        for (name, value) in object {
            let schema = properties.get(name);
            let schema = schema.unwrap_or_else(|| panic!("{at}: {name} is not described"));
            if !value.is_null() {
                self.seen.insert(format!("{at}.{name}"));
            }
            self.fits(value, schema, &format!("{at}.{name}"));
        }
    }

    /// Every operation was answered, and every property of an answer was seen.
    fn finish(&self) {
        for (path, methods) in self.description["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let path = path.strip_prefix("/_emulator").unwrap();
                for status in operation["responses"].as_object().unwrap().keys() {
                    let answer = format!("{method} {path} {status}");
                    // Streams have a test of their own, and some things cannot be asked wrongly.
                    let stream = path == "/events" && status == "200";
                    if status != "4XX" && !stream {
                        assert!(self.answered.contains(&answer), "{answer} was never seen");
                    }
                }
            }
        }
        for (name, schema) in self.description["components"]["schemas"].as_object().unwrap() {
            // What clients send, and what streams do.
            if [
                "Reset",
                "NewQueue",
                "NewMessage",
                "Move",
                "ClockChange",
                "NewFault",
                "Compare",
                "News",
            ]
            .contains(&name.as_str())
            {
                continue;
            }
            self.finish_schema(name, schema);
        }
    }

    fn finish_schema(&self, at: &str, schema: &Value) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}.{name}");
            assert!(self.seen.contains(&at), "{at} was never seen");
            for word in property["enum"].as_array().into_iter().flatten() {
                let word = format!("{at}={}", word.as_str().unwrap());
                // A test with a certificate and tokens would be needed for all credentials.
                if !at.ends_with("credential") {
                    assert!(self.seen.contains(&word), "{word} was never seen");
                }
            }
        }
    }
}

#[test]
fn the_description_is_true() {
    let desk = Desk::new();
    let mut checker = Checker::new(&desk);
    let wire = &desk.wire;
    let post = |path: &str, body: Value| desk.post(path, &body);

    checker.check("get", "/health", &desk.get("/health"));
    checker.check("get", "/openapi.json", &desk.get("/openapi.json"));
    checker.check("get", "/connect", &desk.get("/connect"));
    checker.check("get", "/clock", &desk.get("/clock"));
    checker.check("post", "/queues", &post("/queues", json!({"name":"jobs","metadata":{"a":"b"}})));
    checker.check("post", "/queues", &post("/queues", json!({"name":"jobs-poison"})));
    checker.check("post", "/queues", &post("/queues", json!({"name":"?"})));
    let messages = "/queues/{queue}/messages";
    let sent = post(
        "/queues/jobs/messages",
        json!({"text":"one","visibilityTimeout":0,"timeToLive":3600}),
    );
    checker.check("post", messages, &sent);
    let id = sent.json()["id"].as_str().unwrap().to_owned();
    let later = post("/queues/jobs/messages", json!({"text":"later","visibilityTimeout":600}));
    let later = later.json()["id"].as_str().unwrap().to_owned();

    // A life with every kind of event.
    let held = wire.get("/jobs/messages").header("user-agent", "test/1").send().expect(200);
    let receipt = crate::wire::escape(&held.element("PopReceipt"));
    let target = format!("/jobs/messages/{id}?popreceipt={receipt}");
    let renewed =
        wire.put(&format!("{target}&visibilitytimeout=20")).body(MESSAGE).send().expect(204);
    wire.put(&format!("{target}&visibilitytimeout=20")).body(MESSAGE).send().expect(404);
    wire.delete(&target).send().expect(404);
    let receipt = crate::wire::escape(renewed.header("x-ms-popreceipt"));
    let target = format!("/jobs/messages/{id}?popreceipt={receipt}");
    checker.check("get", messages, &desk.get("/queues/jobs/messages?text=2"));
    wire.put(&format!("{target}&visibilitytimeout=0")).body(MESSAGE).send().expect(204);
    checker.check("get", messages, &desk.get("/queues/jobs/messages"));
    wire.get("/jobs/messages?visibilitytimeout=5").send().expect(200);
    wire.pass(6);
    let life = "/queues/{queue}/messages/{id}";
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{id}")));
    checker.check("get", "/queues", &desk.get("/queues"));
    wire.get("/jobs/messages?visibilitytimeout=50").send().expect(200);
    let path = format!("/queues/jobs/messages/{id}");
    checker.check("get", life, &desk.get(&path));
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{later}")));
    let release = "/queues/{queue}/messages/{id}/release";
    checker.check("post", release, &post(&format!("{path}/release"), json!({})));
    let moving = "/queues/{queue}/messages/{id}/move";
    checker.check(
        "post",
        moving,
        &post(&format!("{path}/move"), json!({"to":"jobs-poison","copy":true})),
    );
    let dump = "/queues/{queue}/dump";
    let dumped = desk.get("/queues/jobs/dump");
    checker.check("get", dump, &dumped);
    checker.check("post", dump, &desk.call("POST", "/queues/jobs-poison/dump", &[], &dumped.body));
    checker.check("get", "/queues", &desk.get("/queues"));
    checker.check("get", "/clock", &desk.get("/clock"));
    checker.check("post", "/clock", &post("/clock", json!({"to":"next-expiry"})));
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{id}")));
    let told = post("/queues/jobs/messages", json!({"text":"two"}));
    let id = told.json()["id"].as_str().unwrap().to_owned();
    checker.check("delete", life, &desk.delete(&format!("/queues/jobs/messages/{id}")));
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{id}")));
    let told = post("/queues/jobs/messages", json!({"text":"three"}));
    let id = told.json()["id"].as_str().unwrap().to_owned();
    checker.check("delete", messages, &desk.delete("/queues/jobs/messages"));
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{id}")));
    let told = post("/queues/jobs/messages", json!({"text":"four"}));
    let id = told.json()["id"].as_str().unwrap().to_owned();
    checker.check("delete", "/queues/{queue}", &desk.delete("/queues/jobs"));
    checker.check("get", life, &desk.get(&format!("/queues/jobs/messages/{id}")));

    // Faults, and requests of every kind.
    checker.check("post", "/faults", &post("/faults", json!({"effect":"close-after","times":1})));
    checker.check("get", "/faults", &desk.get("/faults"));
    wire.emulator
        .exchange(wire.get("/jobs-poison/messages").header("x-ms-client-request-id", "a").request())
        .result
        .unwrap_err();
    checker.check("delete", "/faults/{number}", &desk.delete("/faults/1"));
    checker.check("delete", "/faults", &desk.delete("/faults"));
    let mut request = wire.get("/jobs-poison?comp=metadata").header("x-ms-extra", "a").request();
    request.headers_mut().insert("x-ms-extra", "b".parse().unwrap());
    assert_eq!(wire.emulator.handle(request).status(), 403);
    let requests = desk.get("/requests");
    checker.check("get", "/requests", &requests);
    for request in requests.json()["requests"].as_array().unwrap() {
        let told = desk.get(&format!("/requests/{}", request["number"]));
        checker.check("get", "/requests/{number}", &told);
    }
    let number = requests.json()["requests"][0]["number"].clone();
    let compare = format!("/requests/{number}/compare");
    let compared =
        post(&compare, json!({"stringToSign":"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:now\n/a/b"}));
    checker.check("post", "/requests/{number}/compare", &compared);
    // The events of whole queues come by the stream alone.
    for event in wire.emulator.events() {
        checker.seen.insert(format!("Event.what={}", event.what));
    }
    checker.check("post", "/reset", &post("/reset", json!({})));
    checker.check("get", "/events", &desk.call("POST", "/events", &[], ""));
    checker.finish();
}
