//! The program when nobody listens to it any more.

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use queue_emulator::{Durability, Emulator};
use queue_proto::MessageText;
use queue_proto::ops::{CreateQueue, PutMessage};

use crate::client::Client;
use crate::common::{call, name};
use crate::folder::Folder;
use crate::running::{PROGRAM, Running};

#[test]
fn a_closed_standard_output_and_error_do_not_end_it() {
    // Closed by the shell before it starts, and a log file on a full disk.
    for redirection in ["2>&-", "2>/dev/full"] {
        let script = format!("exec \"$0\" --port 0 {redirection}");
        let mut command = Command::new("sh");
        let running = Running::spawn(command.args(["-c", &script, PROGRAM]));
        let mut client = Client::connect(running.port()).unwrap();
        client.call(&CreateQueue::new(name("jobs"))).unwrap();
        running.signal("-TERM");
        assert_eq!(running.wait().0, Some(0), "{redirection}");
    }
}

#[test]
fn readers_that_have_gone_do_not_end_it() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new(PROGRAM);
    command.args(["--port", &port.to_string()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let start = Instant::now();
    let mut client = loop {
        match Client::connect(port) {
            Ok(client) => break client,
            Err(error) => assert!(start.elapsed() < Duration::from_secs(20), "{error}"),
        }
        sleep(Duration::from_millis(10));
    };
    // One thread says what there is to say at the start, and then answers.
    client.call(&CreateQueue::new(name("jobs"))).unwrap();
    assert_eq!(child.try_wait().unwrap(), None, "it has ended");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_reader_that_does_not_read_keeps_nobody_waiting() {
    let folder = Folder::new();
    let emulator = Emulator::builder().location(folder.path());
    let emulator = emulator.durability(Durability::OperatingSystem).open().unwrap();
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let put = PutMessage::new(name("jobs"), MessageText::new("x").unwrap());
    (0..1_500).for_each(|_| drop(call(&emulator, &put).unwrap()));
    drop(emulator);
    let database = rusqlite::Connection::open(folder.path().join("queues.sqlite")).unwrap();
    database.execute_batch("UPDATE messages SET turn = turn + 1").unwrap();
    drop(database);
    // Each of them is told of, which is more than a pipe takes.
    let location = folder.path().to_str().unwrap();
    let running = Running::start(&["--port", "0", "--location", location]);
    let mut client = Client::connect(running.port()).unwrap();
    client.call(&put).unwrap();
    running.kill();
    let emulator = Emulator::builder().location(folder.path()).open().unwrap();
    assert_eq!(emulator.set_aside().unwrap().len(), 1_500);
    assert_eq!(emulator.inspect().queue("jobs").unwrap().messages.len(), 1);
}

#[test]
fn what_it_prints_and_ends_may_go_nowhere() {
    for (arguments, code) in [
        ("--version", 0),
        ("--help", 0),
        ("token", 0),
        ("--port x", 2),
        ("--host nowhere.invalid", 1),
    ] {
        let script = format!("\"$0\" {arguments} >/dev/full 2>/dev/full");
        let status = Command::new("sh").args(["-c", &script, PROGRAM]).status().unwrap();
        assert_eq!(status.code(), Some(code), "{arguments}");
    }
}
