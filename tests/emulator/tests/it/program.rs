//! The program, run as people run it.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output};

use crate::running::{PROGRAM, Running};

fn run(args: &[&str]) -> Output {
    Command::new(PROGRAM).args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The status line that an unsigned List Queues gets.
fn knock(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let request = "GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: 127.0.0.1\r\n\
        x-ms-version: 2026-10-06\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[test]
fn announces_itself_and_stops_at_a_signal() {
    for signal in ["-INT", "-TERM"] {
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
fn own_accounts_come_first() {
    let running = Running::start(&["--port", "0", "--account", "contoso:a2V5"]);
    let connection_string = running.field("connectionString");
    assert!(connection_string.contains("AccountName=contoso;AccountKey=a2V5;"));
    assert!(connection_string.contains(&format!("http://127.0.0.1:{}/contoso", running.port())));
}

#[test]
fn accounts_of_the_environment_are_for_those_who_name_none() {
    let accounts = "contoso:a2V5;fabrikam:b25l:dHdv;";
    let start = |args: &[&str]| {
        Running::spawn(Command::new(PROGRAM).args(args).env("AZURITE_ACCOUNTS", accounts))
    };
    let running = start(&["--port", "0"]);
    assert!(running.field("connectionString").contains("AccountName=contoso;AccountKey=a2V5;"));
    let running = start(&["--port", "0", "--account", "own:a2V5"]);
    assert!(running.field("connectionString").contains("AccountName=own;"));

    let mut wrong = Command::new(PROGRAM);
    let output = wrong.args(["--port", "0"]).env("AZURITE_ACCOUNTS", "contoso:key!").output();
    let output = output.unwrap();
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(told.contains("AZURITE_ACCOUNTS") && !told.contains("key!"), "{told}");
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
fn https_with_a_certificate_of_its_own() {
    let running = Running::start(&["--port", "0", "--https"]);
    assert!(running.field("url").starts_with("https://127.0.0.1:"));
    let file = running.field("certificate").to_owned();
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    running.signal("-TERM");
    let (code, told) = running.wait();
    assert_eq!(code, Some(0));
    assert!(told.contains(&file), "{told}");
    assert!(!std::path::Path::new(&file).exists());

    let script = "cat \"$QUEUE_EMULATOR_CERTIFICATE\"; echo \"$AZURE_STORAGE_CONNECTION_STRING\"";
    let told = text(&run(&["--port", "0", "--https", "--exec", "sh", "-c", script]).stdout);
    assert!(told.starts_with("-----BEGIN") && told.contains("QueueEndpoint=https://"), "{told}");

    let output = run(&["--cert", "/no/such/file", "--key", "/no/such/file"]);
    let told = text(&output.stderr);
    assert!(told.starts_with("queue-emulator: cannot read /no/such/file: "), "{told}");
}

#[test]
fn faults_come_from_a_file() {
    let file = std::env::temp_dir().join(format!("faults-{}.txt", std::process::id()));
    std::fs::write(&file, "# every answer\nrefuse=ServerBusy\n").unwrap();
    let running = Running::start(&["--port", "0", "--faults", file.to_str().unwrap()]);
    assert_eq!(knock(running.port()), "HTTP/1.1 503 The server is busy.");
    std::fs::write(&file, "explode\n").unwrap();
    let told = text(&run(&["--faults", file.to_str().unwrap()]).stderr);
    assert!(told.contains("faults-") && told.contains("line 1: \"explode\" must be "), "{told}");
    std::fs::remove_file(&file).unwrap();
}

#[test]
fn tokens_are_printed_alone() {
    let output =
        run(&["token", "--role", "sender", "--object-id", "me", "--token-secret", "s3cret"]);
    let token = text(&output.stdout);
    assert_eq!((token.matches('.').count(), token.lines().count()), (2, 1));
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(run(&["token", "--role", "emperor"]).status.code(), Some(2));
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

#[test]
fn exec_gives_the_connection_string_and_exits_as_the_command_did() {
    let script = "printf %s \"$AZURE_STORAGE_CONNECTION_STRING\"; exit 7";
    let output = run(&["--port", "0", "--exec", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.starts_with("DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"));
    assert!(told.contains("QueueEndpoint=http://127.0.0.1:"), "{told}");

    let output = run(&["--port", "0", "--exec", "sh", "-c", "kill -KILL $$"]);
    assert_eq!(output.status.code(), Some(137));

    let output = run(&["--port", "0", "--exec", "/no/such/program"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).starts_with("queue-emulator: cannot run /no/such/program: "));
}

#[test]
fn exec_passes_sigterm_on() {
    let script = "trap 'echo stopping; exit 3' TERM; echo started; \
        while :; do sleep 0.05; done";
    let mut running = Running::start(&["--port", "0", "--exec", "sh", "-c", script]);
    assert_eq!(running.ready, "started\n");
    running.signal("-TERM");
    let mut rest = String::new();
    running.out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "stopping\n");
    assert_eq!(running.wait().0, Some(3));
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
