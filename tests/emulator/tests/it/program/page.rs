//! The options of the page and of the rings behind it, and what they do in bad company.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use super::{Folder, knock, run, run_with, start_with, text};
use crate::running::Running;

/// What the page answers to a request without a body, head and all.
fn get(page: &str, host: &str, path: &str) -> String {
    let address = page.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn remembered(running: &Running) -> Vec<serde_json::Value> {
    let answer = get(running.field("page"), "localhost", "/_emulator/requests");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body.get("requests").unwrap().as_array().unwrap().clone()
}

#[test]
fn the_page_has_a_port_of_its_own_or_is_off() {
    let running = Running::start(&["--port", "0", "--page-port", "0"]);
    let page = running.field("page").to_owned();
    let answer = get(&page, "localhost", "/");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("text/html"), "{answer}");
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains(&page), "{told}");

    for running in [
        Running::start(&["--port", "0", "--page-port", "off"]),
        start_with(&[("QUEUE_EMULATOR_PAGE_PORT", "off")], &["--port", "0"]),
    ] {
        assert!(!running.ready.contains("\"page\"") && !running.ready.contains("\"control\""));
    }
}

#[test]
fn what_is_remembered_has_the_size_that_is_asked_for() {
    let sized = |count: &str| {
        let running =
            Running::start(&["--port", "0", "--page-port", "0", "--record-requests", count]);
        for _ in 0..5 {
            assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
        }
        remembered(&running)
    };
    let numbers = |seen: Vec<serde_json::Value>| -> Vec<_> {
        seen.iter().map(|seen| seen.get("number").unwrap().as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(sized("2")), [5, 4]);
    assert!(sized("0").is_empty());
}

#[test]
fn the_page_is_called_by_names_that_were_given_to_it_and_no_other() {
    let running = Running::start(&[
        "--port",
        "0",
        "--page-port",
        "0",
        "--page-host",
        "127.0.0.1,page.example",
    ]);
    let page = running.field("page");
    for (host, status) in [
        ("page.example", "200"),
        ("localhost:80", "200"),
        ("emulator", "200"),
        ("other.example", "421"),
        ("page.example.evil.example", "421"),
    ] {
        for path in ["/", "/_emulator/queues"] {
            let answer = get(page, host, path);
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}{path}: {answer}");
        }
    }
}

#[test]
fn a_port_in_use_is_one_sentence_that_names_the_way_out() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", "0", "--page-port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let told = text(&output.stderr);
    assert!(told.contains(&format!("127.0.0.1:{port} is already in use")), "{told}");
    assert!(told.contains("--page-port N") && told.lines().count() == 1, "{told}");

    // As `azurite`, each of its three ports.
    for option in ["--blobPort", "--queuePort", "--tablePort"] {
        let mut words = vec!["azurite"];
        for other in ["--blobPort", "--queuePort", "--tablePort"] {
            words.extend([other, if other == option { &*port } else { "0" }]);
        }
        let output = run(&words);
        assert_eq!(output.status.code(), Some(1), "{option}");
        let told = text(&output.stderr);
        let last = told.lines().last().unwrap();
        assert!(last.contains(&format!("127.0.0.1:{port} is already in use")), "{told}");
    }
}

#[test]
fn a_location_that_cannot_be_used_is_refused_before_anybody_is_told() {
    let folder = Folder::new();
    let (location, log) = (folder.path("queues"), folder.path("access.log"));
    let seeds = folder.file("seeds.json", r#"{"queues": [{"name": "jobs", "messages": ["one"]}]}"#);
    let words = |location: &str| -> Vec<String> {
        ["--port", "0", "--page-port", "0", "--location", location, "--queue", "more"]
            .into_iter()
            .chain(["--seed-file", &seeds, "--log", &log])
            .map(str::to_owned)
            .collect()
    };
    let refused = |location: &str, why: &str| {
        let output = run(&borrowed(&words(location)));
        assert_eq!(output.status.code(), Some(1), "{location}");
        assert_eq!(text(&output.stdout), "", "{location}");
        let told = text(&output.stderr);
        assert!(told.contains(location) && told.contains(why), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
    };

    let first = Running::start(&borrowed(&words(&location)));
    refused(&location, "another emulator keeps its queues in");
    first.signal("-TERM");
    assert_eq!(first.wait().0, Some(0));

    // A file where the folder should be.
    let file = folder.file("file", "");
    refused(&file, "");

    // A store whose pages somebody wrote over, all but the first.
    let store = format!("{location}/queues.sqlite");
    let mut bytes = std::fs::read(&store).unwrap();
    bytes.iter_mut().skip(4096).for_each(|byte| *byte = 7);
    std::fs::write(&store, bytes).unwrap();
    refused(&location, "");
    let running = Running::start(&[borrowed(&words(&location)), vec!["--recover"]].concat());
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0), "{told}");
}

#[test]
fn mistakes_in_variables_name_the_option() {
    for (name, value, expected) in [
        ("QUEUE_EMULATOR_PAGE_PORT", "many", "--page-port many: "),
        ("QUEUE_EMULATOR_RECORD_EVENTS", "-5", "--record-events"),
        ("QUEUE_EMULATOR_SERVICE_LIMITS", "perhaps", "--service-limits"),
        ("QUEUE_EMULATOR_QUEUE", "Jobs", "--queue Jobs: "),
    ] {
        let (code, told) = run_with(&[(name, value)], &["--port", "0"]);
        assert_eq!(code, Some(2), "{name}: {told}");
        assert!(told.contains(expected) && told.lines().count() == 1, "{name}: {told}");
    }
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}
