//! What observers are told of requests.

use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use queue_emulator::{Check, CredentialKind, Emulator, EmulatorBuilder, RequestRecord};
use queue_proto::ops::{CreateQueue, PutMessage};
use queue_proto::{CallOptions, Endpoint, MessageText, Operation, OperationKind};

use crate::common::{call, name, send, sign};

fn observed(builder: EmulatorBuilder) -> (Emulator, Receiver<RequestRecord>) {
    let (tell, told) = channel();
    let builder = builder.on_request(move |record| tell.send(record.clone()).unwrap());
    (builder.build(), told)
}

fn put(text: &str) -> Request<Bytes> {
    let put = PutMessage::new(name("jobs"), MessageText::new(text).unwrap());
    put.to_http(&Endpoint::emulator(), &CallOptions::default())
}

#[test]
fn a_request_and_its_answer() {
    let (emulator, told) = observed(Emulator::builder());
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    let _created = told.try_recv().unwrap();
    let mut request = put("twelve bytes");
    request.headers_mut().insert("x-ms-client-request-id", "my-17".parse().unwrap());
    let received = request.body().len();
    let answer = send(&emulator, request);
    let record = told.try_recv().unwrap();
    assert_eq!(record.method, Some(http::Method::POST));
    assert_eq!(record.target, "/devstoreaccount1/jobs/messages");
    assert_eq!(record.operation, Some(OperationKind::PutMessage));
    assert_eq!(record.account.unwrap().as_str(), "devstoreaccount1");
    assert_eq!(record.queue.unwrap().as_str(), "jobs");
    assert_eq!(record.credential, CredentialKind::SharedKey);
    assert_eq!(record.status, Some(answer.status()));
    assert_eq!(record.request_id.unwrap(), answer.headers()["x-ms-request-id"]);
    assert_eq!(record.client_request_id.unwrap(), "my-17");
    assert_eq!((record.code, record.refused, record.fault), (None, None, None));
    assert_eq!((record.received_bytes, record.sent_bytes), (received, answer.body().len()));
    assert!(!record.lost && record.took < Duration::from_secs(60));
    assert!(told.try_recv().is_err(), "one record for each request");
}

#[test]
fn a_refusal_says_why() {
    let (emulator, told) = observed(Emulator::builder());
    for (request, check, code, status) in [
        (Request::get("/nobody/q"), Check::Account, "ResourceNotFound", 404),
        (Request::get("/devstoreaccount1/UPPER"), Check::Form, "InvalidResourceName", 400),
        (
            Request::get("/devstoreaccount1?comp=list"),
            Check::Authentication,
            "NoAuthenticationInformation",
            401,
        ),
    ] {
        let request = request
            .header("host", "127.0.0.1:10001")
            .header("x-ms-version", "2026-10-06")
            .body(Bytes::new())
            .unwrap();
        let _refused = emulator.handle(request);
        let record = told.try_recv().unwrap();
        let refused = record.refused.unwrap();
        assert_eq!((refused.check(), record.status.unwrap().as_u16()), (check, status));
        assert_eq!(record.code.unwrap().as_str(), code);
    }
}

#[test]
fn every_fault_is_named_and_what_it_does_is_told() {
    for (fault, word, status, lost) in [
        ("drop", "drop", None, true),
        ("drop-after", "drop-after", Some(201), true),
        ("close", "close", None, true),
        ("close-after", "close-after", Some(201), true),
        ("delay=1ms", "delay", Some(201), false),
        ("refuse=ServerBusy", "refuse", Some(503), false),
        ("refuse-after=OperationTimedOut", "refuse-after", Some(500), false),
        ("status=502", "status", Some(502), false),
        ("throttle=1/s", "throttle", Some(503), false),
        ("truncate=3", "truncate", Some(201), true),
    ] {
        let (emulator, told) = observed(Emulator::builder());
        call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
        emulator.add_fault(fault.parse().unwrap());
        if word == "throttle" {
            let _passes = emulator.exchange(sign(put("x"), emulator.now()));
            assert_eq!(told.try_iter().last().unwrap().fault, None);
        }
        let exchange = emulator.exchange(sign(put("x"), emulator.now()));
        let record = told.try_iter().last().unwrap();
        assert_eq!(record.fault, Some(word));
        assert_eq!(record.status.map(|status| status.as_u16()), status, "{fault}");
        assert_eq!((record.lost, exchange.result.is_err()), (lost, lost), "{fault}");
        assert_eq!(record.operation, Some(OperationKind::PutMessage), "{fault}");
        assert_eq!(record.queue.unwrap().as_str(), "jobs", "{fault}");
        assert!(told.try_recv().is_err());
    }
}

#[test]
fn an_observer_that_panics_spoils_no_answer() {
    let builder = Emulator::builder().on_request(|_| panic!("the observer's mistake"));
    let (emulator, told) = observed(builder);
    call(&emulator, &CreateQueue::new(name("jobs"))).unwrap();
    assert_eq!(told.try_iter().count(), 1);
}

/// Over a socket, where clients can go away and send what is no request.
mod served {
    use std::io::{Read, Write};
    use std::net::TcpStream;

    use queue_emulator::Server;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn serve(emulator: Emulator) -> (tokio::runtime::Runtime, Server) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let server = runtime.block_on(Server::bind(emulator, "127.0.0.1:0")).unwrap();
        (runtime, server)
    }

    fn say(server: &Server, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(server.local_addr()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    }

    #[test]
    fn bodies_that_do_not_come_and_heads_that_are_too_long() {
        let (emulator, told) = observed(Emulator::builder());
        let (_runtime, server) = serve(emulator);
        let head = "POST /devstoreaccount1/jobs/messages HTTP/1.1\r\nhost: x\r\n";
        let mut stream = say(&server, &format!("{head}content-length: 99999999999\r\n\r\n"));
        let record = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!(record.refused.unwrap().check(), Check::Transfer);
        assert_eq!(record.target, "/devstoreaccount1/jobs/messages");
        assert_eq!(record.peer, stream.local_addr().unwrap().ip());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);

        let long = "a".repeat(80_000);
        let mut stream = say(
            &server,
            &format!("PUT /devstoreaccount1/jobs HTTP/1.1\r\nx-ms-meta-a: {long}\r\n"),
        );
        let record = told.recv_timeout(PATIENCE).unwrap();
        assert_eq!((&record.method, record.target.as_str()), (&None, ""));
        assert_eq!(record.status.unwrap().as_u16(), 400);
        let _ = stream.read(&mut [0]);
    }

    #[test]
    fn a_client_that_goes_away_before_its_answer() {
        let (emulator, told) = observed(Emulator::builder());
        emulator.add_fault("delay=3600s".parse().unwrap());
        let (_runtime, server) = serve(emulator.clone());
        let stream = say(&server, "GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: x\r\n\r\n");
        // Of a client that is gone before its request is looked at, nobody is told.
        let started = Instant::now();
        while emulator.fault_counts().iter().sum::<u64>() == 0 {
            assert!(started.elapsed() < PATIENCE, "the request is not met by the fault");
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(stream);
        let record = told.recv_timeout(PATIENCE).unwrap();
        assert!(record.lost);
        assert_eq!(record.fault, Some("delay"));
    }
}
