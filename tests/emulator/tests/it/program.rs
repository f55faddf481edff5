//! The program, run as people run it.

mod accounts;
mod azurite;
mod certificates;
mod exec;
mod log;
mod page;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::running::{PROGRAM, Running};

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The status line that an unsigned List Queues gets.
fn knock(port: u16) -> String {
    knock_at(port, "devstoreaccount1")
}

fn knock_at(port: u16, account: &str) -> String {
    knock_on(TcpStream::connect(("127.0.0.1", port)).unwrap(), account)
}

fn knock_on(mut stream: TcpStream, account: &str) -> String {
    let request = format!(
        "GET /{account}?comp=list HTTP/1.1\r\nhost: 127.0.0.1\r\nx-ms-version: 2026-10-06\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

/// What List Queues with a bearer token gets.
fn list_with(address: &str, token: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: localhost\r\nx-ms-version: 2026-10-06\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A folder of one test, removed when it ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("queue-emulator-program-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The names of what is in it.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts the program with variables in its environment.
fn start_with(variables: &[(&str, &str)], args: &[&str]) -> Running {
    Running::spawn(Command::new(PROGRAM).args(args).envs(variables.iter().copied()))
}

/// What the program exits with and says, with variables in its environment.
fn run_with(variables: &[(&str, &str)], args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(PROGRAM).args(args).envs(variables.iter().copied()).output().unwrap();
    (output.status.code(), text(&output.stderr))
}

#[test]
fn announces_itself_and_stops_at_a_signal() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let running = Running::start(&["--port", "0"]);
        let port = running.port();
        assert!(running.ready.starts_with("{\"ready\":true,") && running.ready.ends_with("}\n"));
        assert_eq!(running.field("url"), format!("http://127.0.0.1:{port}"));
        assert!(knock(port).starts_with("HTTP/1.1 401 "));

        // A connection that nobody uses does not hold it up.
        let idle = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let connection_string = running.field("connectionString").to_owned();
        running.signal(signal);
        let (code, told) = running.wait();
        drop(idle);
        assert_eq!(code, Some(0), "{signal}: {told}");
        assert!(told.contains(&connection_string), "{told}");
        assert!(!told.contains("Warning"), "{told}");
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    }
}

#[test]
fn this_machine_is_this_machine_over_ipv6_too() {
    let token = text(&run(&["token"]).stdout).trim().to_owned();
    let running = Running::start(&["--port", "0", "--host", "::", "--bearer-over-http"]);
    let port = running.port();
    assert_eq!(running.field("url"), format!("http://[::1]:{port}"));
    for host in ["127.0.0.1", "[::1]"] {
        let answer = list_with(&format!("{host}:{port}"), &token);
        assert!(answer.starts_with("HTTP/1.1 200 "), "{host}: {answer}");
    }
    // Nor is it another that is let in.
    let running = Running::start(&["--port", "0", "--host", "::ffff:127.0.0.1"]);
    assert_eq!(running.field("url"), format!("http://127.0.0.1:{}", running.port()));
    assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
    running.signal("-TERM");
    let (_, told) = running.wait();
    assert!(!told.contains("Warning"), "{told}");
}

#[test]
fn localhost_is_both_of_its_addresses() {
    for host in ["localhost", "LOCALHOST", "localhost."] {
        let running = Running::start(&["--port", "0", "--host", host]);
        let port = running.port();
        assert_eq!(running.field("url"), format!("http://127.0.0.1:{port}"));
        for host in ["127.0.0.1", "[::1]"] {
            let stream = TcpStream::connect(format!("{host}:{port}")).unwrap();
            assert!(knock_on(stream, "devstoreaccount1").starts_with("HTTP/1.1 401 "), "{host}");
        }
        running.signal("-TERM");
        let (code, told) = running.wait();
        assert_eq!(code, Some(0));
        assert!(!told.contains("Warning"), "{told}");
    }
    // What another program has under one of them would be found by some clients.
    let taken = TcpListener::bind("[::1]:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", &port, "--host", "localhost"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(told.contains(&format!("[::1]:{port} is already in use")), "{told}");
}

#[test]
fn warns_when_other_machines_are_let_in() {
    let running = Running::start(&["--port", "0", "--host", "0.0.0.0"]);
    assert!(running.field("url").starts_with("http://127.0.0.1:"));
    running.signal("-TERM");
    let (_, told) = running.wait();
    assert!(told.contains("Warning: other machines can reach 0.0.0.0:"), "{told}");
}

#[test]
fn faults_come_from_a_file() {
    let file = std::env::temp_dir().join(format!("faults-{}.txt", std::process::id()));
    // With a byte order mark, as an editor on Windows writes it.
    std::fs::write(&file, "\u{feff}refuse=ServerBusy # every answer\r\n").unwrap();
    let running = Running::start(&["--port", "0", "--faults", file.to_str().unwrap()]);
    assert_eq!(knock(running.port()), "HTTP/1.1 503 The server is busy.");
    std::fs::write(&file, "explode\n").unwrap();
    let told = text(&run(&["--faults", file.to_str().unwrap()]).stderr);
    assert!(told.contains("faults-") && told.contains("line 1: \"explode\" must be "), "{told}");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn a_port_in_use_is_one_clear_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = run(&["--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "");
    let told = text(&output.stderr);
    let expected = format!("queue-emulator: 127.0.0.1:{port} is already in use by another program");
    assert!(told.starts_with(&expected), "{told}");
    assert_eq!(told.lines().count(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn who_ignores_hang_ups_goes_on() {
    // As `nohup` does.
    let command = format!("trap '' HUP; exec {PROGRAM} --port 0");
    let running = Running::spawn(Command::new("sh").args(["-c", &command]));
    running.signal("-HUP");
    assert!(knock(running.port()).starts_with("HTTP/1.1 401 "));
    running.signal("-TERM");
    assert_eq!(running.wait().0, Some(0));
}

#[test]
fn mistakes_end_with_2_and_a_hint() {
    for args in [&["--port", "x"][..], &["--nonsense"], &["--account", "contoso"]] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains("--help"), "{args:?}");
    }
    assert!(text(&run(&["--help"]).stdout).contains("--exec COMMAND"));
    assert!(text(&run(&["--version"]).stdout).starts_with("queue-emulator 0."));
}
