//! Crowds.

use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use queue_proto::ops::{CreateQueue, PeekMessages, PutMessage};
use queue_proto::{
    CallOptions, DEVSTORE_ACCOUNT, Endpoint, MessageCount, MessageText, Operation as _, QueueName,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::sign;
use crate::plain::{read_answer, wire};
use crate::running::{PROGRAM, Running};

/// As many connections as are wanted.
const CROWD: usize = 10_000;
/// What one of them may cost.
const MAX_BYTES_EACH: usize = 40 * 1024;

const REQUEST: &[u8] = b"GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: x\r\n\
                         x-ms-version: 2026-02-06\r\n\r\n";

pub(crate) fn connect(port: u16) -> TcpStream {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    stream
}

/// Anonymous, and so it takes no signing: whoever is there gets a 401.
fn asks(stream: &mut TcpStream) {
    stream.write_all(REQUEST).unwrap();
    let (head, _) = read_answer(stream);
    assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
}

/// Bytes of memory that a process holds.
pub(crate) fn resident(process: &str) -> usize {
    memory(process, "VmRSS:")
}

/// Bytes of memory that a process has held at most.
fn resident_at_most(process: &str) -> usize {
    memory(process, "VmHWM:")
}

fn memory(process: &str, line: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|status| status.strip_prefix(line)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Time that a process has used the processor for, in hundredths of a second.
fn used(process: &str) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    // For itself and in the kernel.
    fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap()).sum()
}

#[test]
fn ten_thousand_idle_connections_leave_room_for_others() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    let most = limit.maximum.map_or(CROWD, |most| usize::try_from(most).unwrap());
    // Beside them both processes have some files open.
    let crowd = CROWD.min(most.saturating_sub(100));

    let server = Running::start(&["--port", "0"]);
    asks(&mut connect(server.port()));
    let before = resident(server.field("pid"));
    let mut idle = Vec::new();
    for number in 0..crowd {
        let mut stream = connect(server.port());
        // Half of them have been used, and the rest has said nothing yet.
        if number % 2 == 0 {
            asks(&mut stream);
        }
        idle.push(stream);
    }
    let start = Instant::now();
    asks(&mut connect(server.port()));
    let took = start.elapsed();
    let each = resident(server.field("pid")).saturating_sub(before) / crowd;
    println!("{crowd} idle connections take {each} bytes each; another is answered in {took:?}");
    assert!(each < MAX_BYTES_EACH, "{each} bytes each");
    assert!(took < Duration::from_secs(5), "{took:?}");
    // They are all still there.
    for stream in idle.iter_mut().step_by(100) {
        asks(stream);
    }
}

#[test]
fn a_crowd_that_comes_at_once_waits_in_line() {
    let most = fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
    let crowd = most.trim().parse::<usize>().unwrap().min(600);
    let server = Running::start(&["--port", "0"]);
    let address = SocketAddr::from(([127, 0, 0, 1], server.port()));
    // While it accepts nobody, the operating system keeps the line. Who finds no room there tries
    // again after a second and more.
    server.signal("-STOP");
    let line: Vec<_> =
        (0..crowd).map(|_| TcpStream::connect_timeout(&address, Duration::from_secs(20))).collect();
    server.signal("-CONT");
    for (number, stream) in line.into_iter().enumerate() {
        let mut stream = stream.unwrap_or_else(|error| panic!("{number} of {crowd}: {error}"));
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        asks(&mut stream);
    }
}

#[test]
fn more_connections_than_files_are_survived() {
    let command = format!("ulimit -n 64; exec {PROGRAM} --port 0");
    let server = Running::spawn(Command::new("sh").args(["-c", &command]));
    let crowd: Vec<TcpStream> = (0..200).map(|_| connect(server.port())).collect();
    let start = Instant::now();
    let before = used(server.field("pid"));
    for _ in 0..20 {
        asks(&mut connect(server.port()));
    }
    drop(crowd);
    asks(&mut connect(server.port()));
    let (used, took) = (used(server.field("pid")) - before, start.elapsed());
    println!("used {used}0 ms of the processor in {took:?}");
    assert!(took < Duration::from_secs(20), "{took:?}");
    assert!(used < 200, "it used {used}0 ms of the processor");
    let (code, _) = {
        server.signal("-TERM");
        server.wait()
    };
    assert_eq!(code, Some(0));
}

#[test]
fn pages_that_many_clients_do_not_take_are_bounded() {
    const MANY: usize = 64;
    let server = Running::start(&["--port", "0"]);
    let account = DEVSTORE_ACCOUNT;
    let url = format!("http://127.0.0.1:{}/{account}", server.port());
    let endpoint = Endpoint::parse(&url, account.parse().unwrap()).unwrap();
    let jobs = QueueName::new("jobs").unwrap();
    let ask = |stream: &mut TcpStream, request: http::Request<Bytes>| {
        stream.write_all(&wire(&sign(request, SystemTime::now()))).unwrap();
    };
    let options = CallOptions::default();
    let mut stream = connect(server.port());
    ask(&mut stream, CreateQueue::new(jobs.clone()).to_http(&endpoint, &options));
    read_answer(&mut stream);
    let text = "x".repeat(65_536);
    for _ in 0..32 {
        let put = PutMessage::new(jobs.clone(), MessageText::new(text.clone()).unwrap());
        ask(&mut stream, put.to_http(&endpoint, &options));
        let (head, _) = read_answer(&mut stream);
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    }
    let peek = PeekMessages::new(jobs).count(MessageCount::MAX).to_http(&endpoint, &options);
    let process = server.field("pid").to_owned();
    let before = resident(&process);
    let crowd: Vec<TcpStream> = (0..MANY)
        .map(|_| {
            let mut stream = connect(server.port());
            // Two pages of 2 MiB: the operating system takes the first, or most of it.
            ask(&mut stream, peek.clone());
            ask(&mut stream, peek.clone());
            stream
        })
        .collect();
    // Each gets the beginning of an answer, since those before them are given up.
    for stream in &crowd {
        let _ = stream.peek(&mut [0]);
    }
    // Whoever reads is answered all the same.
    let start = Instant::now();
    ask(&mut stream, peek);
    let (head, _) = read_answer(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let more = resident_at_most(&process) - before;
    println!("{MANY} clients cost {more} bytes; another has its page after {:?}", start.elapsed());
    // The limit, a page that passes it, one that is being made, and what was allocated for them. The
    // second pages together have 128 MiB.
    assert!(more < 100 * 1024 * 1024, "{more} bytes");
    drop(crowd);
}
