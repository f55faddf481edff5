//! What the control interface does.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::wire::{MESSAGE, Wire};

fn states(desk: &Desk) -> Vec<String> {
    let told = desk.get("/queues/jobs/messages").expect(200).json();
    let messages = told["messages"].as_array().unwrap();
    messages.iter().map(|message| message["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn thirty_seconds_pass_and_the_message_is_there_again() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    desk.wire.message("jobs");
    desk.wire.get("/jobs/messages").send().expect(200);
    assert_eq!(states(&desk), ["hidden"]);
    let before = desk.get("/clock").expect(200).json();
    let after = desk.post("/clock", &json!({ "advance": 30 })).expect(200).json();
    assert_eq!(after["advancedBySeconds"], 30.0);
    assert!(before["nextVisibleAt"].is_string() && after["nextVisibleAt"].is_null());
    assert_eq!(states(&desk), ["visible"]);
    assert_eq!(desk.wire.get("/jobs/messages").send().expect(200).element("DequeueCount"), "2");
    // To the next moment at which something happens by itself.
    desk.post("/clock", &json!({ "to": "next-visible" })).expect(200);
    assert_eq!(states(&desk), ["visible"]);
    desk.post("/clock", &json!({ "to": "next-visible" })).expect(409);
    desk.post("/clock", &json!({ "to": "next-expiry" })).expect(200);
    assert!(states(&desk).is_empty());
    desk.post("/clock", &json!({ "set": "2030-01-31T12:00:00Z" })).expect(200);
    let back = desk.post("/clock", &json!({ "set": "2029-01-31T12:00:00Z" })).expect(409);
    assert!(back.json()["error"].as_str().unwrap().contains("does not go back"));
}

#[test]
fn faults_come_and_go() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    let fault = json!({ "effect": "close-after", "operation": ["PutMessage"], "times": 1 });
    let added = desk.post("/faults", &fault).expect(201).json();
    assert_eq!(added["faults"][0]["words"], "close-after operation=PutMessage times=1");
    let words = [("content-type", "text/plain")];
    desk.call("POST", "/faults", &words, "delay=1s # slow\nrefuse=ServerBusy queue=other")
        .expect(201);
    desk.wire
        .emulator
        .exchange(desk.wire.post("/jobs/messages").body(MESSAGE).request())
        .result
        .unwrap_err();
    let listed = desk.get("/faults").expect(200).json();
    let shown: Vec<_> =
        listed["faults"].as_array().unwrap().iter().map(|fault| fault["met"].as_u64()).collect();
    assert_eq!(shown, [Some(1), Some(0), Some(0)]);
    let number = listed["faults"][1]["number"].as_u64().unwrap();
    desk.delete(&format!("/faults/{number}")).expect(204);
    assert_eq!(desk.get("/faults").json()["faults"].as_array().unwrap().len(), 2);
    desk.delete("/faults").expect(204);
    assert!(desk.wire.emulator.faults_in_force().is_empty());
    // The lost answer is in the list, and the message was put all the same.
    let lost = desk.get("/requests?status=lost").json();
    assert_eq!(lost["requests"][0]["fault"], "close-after");
    assert_eq!(states(&desk), ["visible"]);
}

#[test]
fn messages_are_sent_moved_copied_released_and_deleted() {
    let desk = Desk::new();
    for name in ["jobs", "jobs-poison"] {
        desk.post("/queues", &json!({ "name": name, "metadata": { "team": "a" } })).expect(201);
    }
    desk.post("/queues", &json!({ "name": "jobs", "metadata": { "team": "b" } })).expect(409);
    let send = |body: &Value| {
        let told = desk.post("/queues/jobs/messages", body).expect(201).json();
        told["id"].as_str().unwrap().to_owned()
    };
    let one = send(&json!({ "text": "one" }));
    send(&json!({ "text": "two", "visibilityTimeout": 60, "timeToLive": 100 }));
    send(&json!({ "text": "three", "timeToLive": -1 }));
    assert_eq!(states(&desk), ["visible", "visible", "delayed"]);
    let held = desk.wire.get("/jobs/messages").send().expect(200);
    assert_eq!(held.element("MessageId"), one);
    assert_eq!(states(&desk), ["visible", "hidden", "delayed"]);
    let path = format!("/queues/jobs/messages/{one}");
    desk.post(&format!("{path}/release"), &json!({})).expect(204);
    assert_eq!(states(&desk), ["visible", "visible", "delayed"]);
    let copied = desk
        .post(&format!("{path}/move"), &json!({ "to": "jobs-poison", "copy": true }))
        .expect(200)
        .json();
    let moved =
        desk.post(&format!("{path}/move"), &json!({ "to": "jobs-poison" })).expect(200).json();
    assert_ne!(copied["id"], moved["id"]);
    desk.post(&format!("{path}/move"), &json!({ "to": "jobs-poison" })).expect(404);
    let gone = desk.get(&path).expect(200).json();
    assert!(gone["message"].is_null() && gone["popReceipt"].is_null());
    let steps: Vec<_> = gone["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["what"].as_str().unwrap())
        .collect();
    assert_eq!(steps, ["put", "received", "released", "deleted"]);
    let id = copied["id"].as_str().unwrap();
    let there = desk.get(&format!("/queues/jobs-poison/messages/{id}")).expect(200).json();
    assert_eq!(there["message"]["text"], "one");
    desk.delete(&format!("/queues/jobs-poison/messages/{id}")).expect(204);
    let queues = desk.get("/queues").expect(200).json();
    assert_eq!(queues["queues"][0]["poison"], json!({ "name": "jobs-poison", "messages": 1 }));
    desk.post("/reset", &json!({ "queue": "jobs-poison" })).expect(204);
    assert_eq!(desk.get("/queues").json()["queues"][1]["counts"]["visible"], 0);
    desk.delete("/queues/jobs/messages").expect(204);
    assert!(states(&desk).is_empty());
    desk.delete("/queues/jobs").expect(204);
    desk.post("/queues", &json!({ "name": "jobs" })).expect(409);
    desk.post("/reset", &json!({})).expect(204);
    desk.post("/queues", &json!({ "name": "jobs" })).expect(201);
}

#[test]
fn a_dump_is_loaded_again() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    for text in ["one", "{\"two\": \"\\\"\u{202e}\"}", "line\nbreak"] {
        desk.post("/queues/jobs/messages", &json!({ "text": text })).expect(201);
    }
    desk.wire.get("/jobs/messages?numofmessages=2").send().expect(200);
    let dump = desk.get("/queues/jobs/dump").expect(200);
    assert_eq!(dump.headers["content-disposition"], "attachment; filename=\"jobs.ndjson\"");
    assert_eq!(dump.body.lines().count(), 3);
    desk.wire.queue("other");
    let loaded = desk.call("POST", "/queues/other/dump", &[], &dump.body).expect(200).json();
    assert_eq!(loaded["loaded"], 3);
    let texts = |queue: &str| {
        let state = desk.wire.emulator.inspect();
        let messages = &state.queue(queue).unwrap().messages;
        let mut texts: Vec<_> =
            messages.iter().map(|message| message.text.as_str().to_owned()).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts("jobs"), texts("other"));
}

#[test]
fn requests_are_filtered_and_a_refusal_is_explained() {
    let desk = Desk::new();
    desk.wire.queue("jobs");
    desk.wire.message("jobs");
    desk.wire.get("/nothing?comp=metadata").send().expect(404);
    // Signed for another time than the header says: the signature does not fit.
    let mut request = desk.wire.get("/jobs?comp=metadata").header("x-ms-extra", "a").request();
    request.headers_mut().insert("x-ms-extra", "b".parse().unwrap());
    assert_eq!(desk.wire.emulator.handle(request).status(), 403);
    let count = |query: &str| {
        desk.get(&format!("/requests{query}")).expect(200).json()["requests"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(""), 4);
    assert_eq!(count("?queue=jobs"), 3);
    assert_eq!(count("?status=4xx"), 2);
    assert_eq!(count("?status=404"), 1);
    assert_eq!(count("?operation=putmessage"), 1);
    assert_eq!(count("?code=QueueNotFound"), 1);
    assert_eq!(count("?after=3"), 1);
    assert_eq!(count("?limit=2"), 2);
    let refused = desk.get("/requests/4").expect(200).json();
    assert_eq!(refused["refused"]["check"], "authentication");
    let checks = refused["checks"].as_array().unwrap();
    assert_eq!(checks.last().unwrap(), &json!({ "name": "authentication", "passed": false }));
    assert!(checks.iter().any(|check| check["name"] == "account" && check["passed"] == true));
    assert!(refused["advice"].as_str().unwrap().contains("string to sign"));
    let ours = refused["stringToSign"].as_str().unwrap();
    assert!(ours.contains("x-ms-extra:b\n"), "{ours}");
    let theirs = ours.replace("x-ms-extra:b", "x-ms-extra:a");
    let compared =
        desk.post("/requests/4/compare", &json!({ "stringToSign": theirs })).expect(200).json();
    assert_eq!(compared["equal"], false);
    assert!(compared["difference"].as_str().unwrap().contains("x-ms-extra"), "{compared}");
    assert_eq!(compared["firstDifference"], ours.find("x-ms-extra:b").unwrap() + 11);
    let compared =
        desk.post("/requests/4/compare", &json!({ "stringToSign": ours })).expect(200).json();
    assert_eq!(compared, json!({ "equal": true, "difference": null, "firstDifference": null }));
    desk.post("/requests/1/compare", &json!({ "stringToSign": "x" })).expect(404);
}

#[test]
fn an_emulator_that_remembers_nothing_can_be_steered_too() {
    let desk = Desk::of(Wire::new());
    desk.wire.queue("jobs");
    desk.wire.message("jobs");
    assert_eq!(states(&desk), ["visible"]);
    assert_eq!(desk.get("/health").expect(200).json()["recording"], false);
    assert_eq!(desk.get("/requests").expect(200).json()["requests"], json!([]));
    desk.get("/events").expect(404);
    desk.post("/clock", &json!({ "advance": 1 })).expect(200);
    desk.post("/reset", &json!({})).expect(204);
}

#[test]
fn beside_the_service_there_is_health_unless_more_is_asked_for() {
    use queue_emulator::{ControlOptions, Emulator, Server, ServerOptions};
    use std::io::{Read as _, Write as _};

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |server: &Server, method: &str, target: &str| {
        let mut stream = std::net::TcpStream::connect(server.local_addr()).unwrap();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    let emulator = Emulator::new();
    let plain = runtime.block_on(Server::bind(emulator.clone(), "127.0.0.1:0")).unwrap();
    assert_eq!(ask(&plain, "GET", "/_emulator/health"), "200");
    assert_eq!(ask(&plain, "POST", "/_emulator/reset"), "404");
    assert_eq!(ask(&plain, "GET", "/_emulator/queues"), "404");
    let options = ServerOptions::new().control(ControlOptions::new());
    let both = runtime.block_on(options.bind(emulator, "127.0.0.1:0")).unwrap();
    assert_eq!(ask(&both, "GET", "/_emulator/queues"), "200");
    assert_eq!(ask(&both, "POST", "/_emulator/reset"), "204");
    // The page itself is not there, and the service is.
    assert_eq!(ask(&both, "GET", "/"), "404");
    assert_eq!(ask(&both, "GET", "/devstoreaccount1?timeout=x"), "400");
}
