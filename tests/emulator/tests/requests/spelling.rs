//! Names of metadata keep their case, in process and over HTTP.

use std::io::Write as _;
use std::time::Duration;

use queue_emulator::Emulator;
use queue_proto::ops::{CreateQueue, GetQueueMetadata, ListQueues};
use queue_proto::{Metadata, Operation};

use crate::common::{call, name};
use crate::plain::{Fixture, read_answer, wire};

fn metadata() -> Metadata {
    Metadata::try_from([("ClientName", "fast"), ("plain", "1"), ("_X", "2")]).unwrap()
}

fn names(metadata: &Metadata) -> Vec<&str> {
    metadata.iter().map(|(name, _)| name).collect()
}

#[test]
fn in_process() {
    let emulator = Emulator::new();
    let create = CreateQueue::new(name("jobs")).metadata(metadata());
    call(&emulator, &create).unwrap();
    let got = call(&emulator, &GetQueueMetadata::new(name("jobs"))).unwrap();
    assert_eq!(names(got.metadata()), ["ClientName", "plain", "_X"]);
    let listed = call(&emulator, &ListQueues::new().include_metadata(true)).unwrap();
    assert_eq!(names(listed.queues[0].metadata().as_ref().unwrap()), ["ClientName", "plain", "_X"]);
    assert_eq!(
        names(&emulator.inspect().queue("jobs").unwrap().metadata),
        ["ClientName", "plain", "_X"]
    );
}

/// The bytes of a request with its names as they are spelled; HTTP libraries lower them.
fn spelled(f: &Fixture, operation: &impl Operation) -> Vec<u8> {
    let request = wire(&f.request(operation));
    let text = String::from_utf8(request).unwrap();
    text.replace("x-ms-meta-clientname", "X-Ms-Meta-ClientName")
        .replace("x-ms-meta-_x", "x-ms-meta-_X")
        .into_bytes()
}

#[test]
fn over_http_in_whatever_pieces_it_comes() {
    let f = Fixture::new();
    let mut stream = f.connect();
    stream.set_nodelay(true).unwrap();
    for (number, pieces) in [1, 2, 40, 10_000].into_iter().enumerate() {
        let queue = name(&format!("queue-{number}"));
        let create = spelled(&f, &CreateQueue::new(queue.clone()).metadata(metadata()));
        for piece in create.chunks(create.len() / pieces + 1) {
            stream.write_all(piece).unwrap();
            if pieces > 1 {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        assert!(read_answer(&mut stream).0.starts_with("HTTP/1.1 201 "));

        stream.write_all(&wire(&f.request(&GetQueueMetadata::new(queue)))).unwrap();
        let (head, _) = read_answer(&mut stream);
        for line in [
            "\r\nx-ms-meta-ClientName: fast\r\n",
            "\r\nx-ms-meta-plain: 1\r\n",
            "\r\nx-ms-meta-_X: 2\r\n",
        ] {
            assert!(head.contains(line), "{pieces} pieces: {head}");
        }
    }
    stream.write_all(&wire(&f.request(&ListQueues::new().include_metadata(true)))).unwrap();
    let (_, xml) = read_answer(&mut stream);
    assert_eq!(xml.matches("<ClientName>fast</ClientName>").count(), 4, "{xml}");
}

#[test]
fn each_request_has_its_own_spelling() {
    let f = Fixture::new();
    let mut stream = f.connect();
    let create = |queue: &str, spelling: &str| {
        let metadata = Metadata::try_from([("abc", "1")]).unwrap();
        let request = wire(&f.request(&CreateQueue::new(name(queue)).metadata(metadata)));
        let text = String::from_utf8(request).unwrap();
        text.replace("x-ms-meta-abc", &format!("x-ms-meta-{spelling}")).into_bytes()
    };
    for (queue, spelling) in [("one", "Abc"), ("two", "abc"), ("three", "aBC")] {
        stream.write_all(&create(queue, spelling)).unwrap();
        read_answer(&mut stream);
    }
    // Both are sent before the first is answered, and answered in their order.
    let mut requests = Vec::new();
    for queue in ["three", "two", "one"] {
        requests.extend(wire(&f.request(&GetQueueMetadata::new(name(queue)))));
    }
    stream.write_all(&requests).unwrap();
    for spelling in ["aBC", "abc", "Abc"] {
        let (head, _) = read_answer(&mut stream);
        assert!(head.contains(&format!("\r\nx-ms-meta-{spelling}: 1\r\n")), "{spelling}: {head}");
    }
}

#[test]
fn a_restart_keeps_the_case() {
    let folder = std::env::temp_dir().join(format!("spelling-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    for round in 0..2 {
        let emulator = Emulator::builder().location(&folder).open().unwrap();
        if round == 0 {
            call(&emulator, &CreateQueue::new(name("jobs")).metadata(metadata())).unwrap();
        }
        let got = call(&emulator, &GetQueueMetadata::new(name("jobs"))).unwrap();
        assert_eq!(names(got.metadata()), ["ClientName", "plain", "_X"], "{round}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
