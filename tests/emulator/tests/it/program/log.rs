//! The access log, and the queues that an emulator starts with.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use super::{Folder, knock, run, start_with, text};
use crate::running::{PROGRAM, Running};

/// The lines of a log after the program has ended.
fn lines(file: &str) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What List Queues says at the end of a run, to a client with a bearer token.
fn list(args: &[&str]) -> String {
    peek(args, "?comp=list&include=metadata")
}

fn peek(args: &[&str], what: &str) -> String {
    let token = text(&run(&["token"]).stdout);
    let running = Running::start(&[args, &["--port", "0", "--bearer-over-http"]].concat());
    let answer = ask(running.port(), token.trim(), what);
    running.signal("-TERM");
    assert_eq!(running.wait().0, Some(0));
    answer
}

fn ask(port: u16, token: &str, what: &str) -> String {
    use std::io::{Read as _, Write as _};

    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = format!(
        "GET /devstoreaccount1{what} HTTP/1.1\r\nhost: localhost\r\nx-ms-version: 2026-10-06\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_line_for_each_request_in_a_file_and_on_standard_error() {
    let folder = Folder::new();
    let file = folder.path("logs/access.jsonl");
    for round in 1..=2 {
        let running = Running::start(&["--port", "0", "--log", &file]);
        for _ in 0..3 {
            assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
        }
        running.signal("-TERM");
        assert_eq!(running.wait().0, Some(0));
        let lines = lines(&file);
        assert_eq!(lines.len(), 3 * round, "it is written at the end of what is there");
        let line = lines.last().unwrap();
        for (name, value) in [
            ("peer", "127.0.0.1"),
            ("method", "GET"),
            ("path", "/devstoreaccount1?comp=list"),
            ("operation", "ListQueues"),
            ("account", "devstoreaccount1"),
            ("credential", "anonymous"),
            ("code", "NoAuthenticationInformation"),
            ("check", "authentication"),
        ] {
            assert_eq!(line[name], value, "{line}");
        }
        assert_eq!(line["status"], 401);
        assert!(line["us"].is_u64() && line["time"].is_string() && line["requestId"].is_string());
    }
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "it is for its user alone");

    let running = Running::start(&["--port", "0", "--log", "-"]);
    assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
    running.signal("-TERM");
    let (_, told) = running.wait();
    assert_eq!(told.lines().filter(|line| line.starts_with("{\"time\":")).count(), 1, "{told}");
}

#[test]
fn a_connection_that_fails_has_a_line_too() {
    let folder = Folder::new();
    let file = folder.path("log");
    let running = Running::start(&["--port", "0", "--https", "--log", &file]);
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", running.port())).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let _ = std::io::Read::read_to_end(&mut stream, &mut Vec::new());
    running.signal("-TERM");
    assert_eq!(running.wait().0, Some(0));
    let lines = lines(&file);
    assert!(lines[0]["failure"].as_str().unwrap().contains("127.0.0.1"), "{lines:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_one_clear_sentence() {
    let output = run(&["--port", "0", "--log", "/proc/no/log"]);
    let told = text(&output.stderr);
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.starts_with("queue-emulator: cannot write /proc/no/log: "), "{told}");
    // A full disk stops nothing.
    let running = Running::start(&["--port", "0", "--log", "/dev/full"]);
    assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains("the log /dev/full cannot be written"), "{told}");
}

#[test]
fn queues_of_the_command_line_are_there() {
    let answer = list(&["--queue", "jobs,owner=me,team=blue green", "--queue", "empty"]);
    assert!(answer.contains("<Name>jobs</Name><Metadata><owner>me</owner>"), "{answer}");
    assert!(answer.contains("<team>blue green</team>"), "{answer}");
    assert!(answer.contains("<Name>empty</Name>"), "{answer}");

    let token = text(&run(&["token"]).stdout);
    let variables =
        [("QUEUE_EMULATOR_QUEUE", "one;two,a=b"), ("QUEUE_EMULATOR_BEARER_OVER_HTTP", "1")];
    let running = start_with(&variables, &["--port", "0"]);
    let answer = ask(running.port(), token.trim(), "?comp=list");
    assert!(answer.contains("<Name>one</Name>") && answer.contains("<Name>two</Name>"), "{answer}");
}

#[test]
fn a_seed_is_planted_once() {
    let folder = Folder::new();
    let seed = folder.file(
        "seed.json",
        r#"{"queues": [{"name": "jobs", "messages": [{"text": "resize 17.png", "times": 2},
           {"base64Of": "hello"}]}]}"#,
    );
    let store = folder.path("store");
    list(&["--location", &store, "--queue", "jobs"]);
    let args = ["--location", &store, "--seed-file", &seed];
    for _ in 0..2 {
        let answer = peek(&args, "/jobs/messages?peekonly=true&numofmessages=32");
        assert_eq!(answer.matches("<QueueMessage>").count(), 0, "the queue was there");
    }
    let store = folder.path("other");
    // Who names a queue twice means one queue.
    let args = ["--location", &store, "--seed-file", &seed, "--queue", "jobs"];
    for _ in 0..2 {
        let answer = peek(&args, "/jobs/messages?peekonly=true&numofmessages=32");
        assert_eq!(answer.matches("<MessageText>resize 17.png</MessageText>").count(), 2);
        assert_eq!(answer.matches("<MessageText>aGVsbG8=</MessageText>").count(), 1, "{answer}");
    }
}

#[test]
fn mistakes_in_seeds_end_with_2_and_name_the_place() {
    let folder = Folder::new();
    let seed = folder.file("seed.json", "{\"queues\": [\n{\"name\": \"Jobs\"}]}");
    let other =
        folder.file("other.json", "{\"queues\": [{\"name\": \"jobs\", \"account\": \"contoso\"}]}");
    let twice = folder.file(
        "twice.json",
        r#"{"queues": [{"name": "jobs", "metadata": {"a": "1"}},
           {"name": "jobs", "metadata": {"a": "2"}}]}"#,
    );
    let list = folder.file("list.json", "[]");
    for (args, expected) in [
        (["--queue", "jobs,a=1,A=2"], "--queue jobs,a=1,A=2: A is there twice"),
        (["--seed-file", &twice], "the queue jobs has other metadata already"),
        (["--seed-file", &list], "line 1: invalid length 0, expected an object with `queues`"),
        (["--queue", "UPPER"], "--queue UPPER: queue name has an uppercase letter"),
        (["--queue", "jobs,owner"], "metadata must be KEY=VALUE"),
        (["--queue", "jobs,1=x"], "--queue jobs,1=x: "),
        (["--seed-file", "/no/such/file"], "/no/such/file: "),
        (["--seed-file", &seed], "line 2: queues[0].name: queue name has an uppercase letter"),
        (["--seed-file", &other], "the queue jobs is for contoso, which is no account here"),
    ] {
        let output = run(&args);
        let told = text(&output.stderr);
        assert_eq!((output.status.code(), told.lines().count()), (Some(2), 1), "{told}");
        assert!(told.contains(expected), "{args:?}: {told}");
    }
}

#[test]
fn locations_are_refused_by_name_through_every_option() {
    let folder = Folder::new();
    let store = folder.path("store");
    let running = Running::start(&["--port", "0", "-l", &store]);
    let blocked = folder.file("file", "");
    let below = format!("{blocked}/below");
    let foreign = folder.path("foreign");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(format!("{foreign}/queues.sqlite"), "this is a diary ".repeat(99)).unwrap();
    for (location, expected) in
        [(&store, "another emulator"), (&below, "file"), (&foreign, "not a store of queues")]
    {
        for args in [vec!["-l", location], vec!["azurite-queue", "--location", location]] {
            let output = run(&args);
            let told = text(&output.stderr);
            assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
            assert!(told.contains(expected), "{args:?}: {told}");
        }
        let mut command = Command::new(PROGRAM);
        let output = command.env("QUEUE_EMULATOR_LOCATION", location).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(text(&output.stderr).contains(expected));
    }
    drop(running);
}

#[test]
fn health_is_asked_for_by_the_program_itself() {
    let running = Running::start(&["--port", "0"]);
    let port = running.port().to_string();
    assert_eq!(run(&["health", "--port", &port]).status.code(), Some(0));
    assert_eq!(run(&["health", "--host", "localhost", "--port", &port]).status.code(), Some(0));
    running.signal("-TERM");
    running.wait();
    let output = run(&["health", "--port", &port]);
    let told = text(&output.stderr);
    assert_eq!((output.status.code(), told.lines().count()), (Some(1), 1), "{told}");
    assert!(told.contains(&format!("no emulator answers at 127.0.0.1:{port}: ")), "{told}");

    let running = Running::start(&["--port", "0", "--https"]);
    let port = running.port().to_string();
    assert_eq!(run(&["health", "--port", &port]).status.code(), Some(0));
    // Something else on the port is not well.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let answering = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.read(&mut [0; 512]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    assert_eq!(run(&["health", "--port", &port]).status.code(), Some(1));
    answering.join().unwrap();
}
