//! The page and the control interface of the program among clients that mean no good, or sleep.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::SystemTime;

use bytes::Bytes;
use http::Request;
use queue_proto::ops::{CreateQueue, PutMessage};
use queue_proto::{CallOptions, DEVSTORE_ACCOUNT, Endpoint, MessageText, Operation as _};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::common::{name, sign};
use crate::many::{connect, resident};
use crate::plain::{read_answer, wire};
use crate::running::Running;

const STREAMS: usize = 1000;
const SLOW: usize = 100;
const PUTS: usize = 300;
/// What all of them may cost: a thousand streams take some 30 MB.
const MAX_BYTES: usize = 256 * 1024 * 1024;

struct House {
    server: Running,
    page: u16,
    endpoint: Endpoint,
}

impl House {
    fn new() -> Self {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
        let server = Running::start(&["--port", "0", "--page-port", "0", "--log", "/dev/null"]);
        let page: SocketAddr = server
            .field("page")
            .trim_start_matches("http://")
            .trim_end_matches('/')
            .parse()
            .unwrap();
        let account = DEVSTORE_ACCOUNT;
        let url = format!("http://127.0.0.1:{}/{account}", server.port());
        let endpoint = Endpoint::parse(&url, account.parse().unwrap()).unwrap();
        Self { server, page: page.port(), endpoint }
    }

    /// Says this to the page, and leaves the connection open.
    fn say(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = connect(self.page);
        // Who is refused early need not take all of it.
        let _ = stream.write_all(bytes);
        stream
    }

    fn ask(stream: &mut TcpStream, request: Request<Bytes>) {
        stream.write_all(&wire(&sign(request, SystemTime::now()))).unwrap();
        let (head, _) = read_answer(stream);
        assert!(head.starts_with("HTTP/1.1 201 "), "{head}");
    }

    /// The service takes messages, and the page tells how many there are.
    fn works(&self, expected: usize) {
        let options = CallOptions::default();
        let mut stream = connect(self.server.port());
        if expected == PUTS {
            let create = CreateQueue::new(name("jobs")).to_http(&self.endpoint, &options);
            Self::ask(&mut stream, create);
        }
        for _ in 0..PUTS {
            let text = MessageText::new("x".repeat(1024)).unwrap();
            let put = PutMessage::new(name("jobs"), text).to_http(&self.endpoint, &options);
            Self::ask(&mut stream, put);
        }
        let mut look = self.say(b"GET /_emulator/queues HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let (head, body) = read_answer(&mut look);
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(body.contains(&format!("\"visible\":{expected}")), "{body}");
    }
}

#[test]
fn garbage_slow_clients_and_a_thousand_streams_hold_up_nobody() {
    let house = House::new();
    house.works(PUTS);
    let process = house.server.field("pid").to_owned();
    let before = resident(&process);

    let mut crowd = Vec::new();
    for _ in 0..SLOW {
        // A head without an end, a body without an end, and what is no HTTP at all.
        crowd.push(house.say(b"GET /_emulator/queues HTTP/1.1\r\nhost: localhost\r\nx-slow: "));
        crowd.push(house.say(
            b"POST /_emulator/clock HTTP/1.1\r\nhost: localhost\r\n\
              content-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"adv",
        ));
        crowd.push(house.say(&[0x16, 0x03, 0x01, 0x00, 0xff, 0x00, 0x0a, 0x0d]));
        crowd.push(house.say(&[b'x'; 64 * 1024]));
    }
    house.works(2 * PUTS);

    for _ in 0..STREAMS {
        let mut stream = house.say(b"GET /_emulator/events HTTP/1.1\r\nhost: localhost\r\n\r\n");
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        crowd.push(stream);
    }
    house.works(3 * PUTS);

    let more = resident(&process).saturating_sub(before);
    println!("{} connections to the page cost {more} bytes", crowd.len());
    assert!(more < MAX_BYTES, "{more} bytes");
    drop(crowd);
    house.works(4 * PUTS);
    house.server.signal("-TERM");
    assert_eq!(house.server.wait().0, Some(0));
}
