//! A client for servers under load: keep-alive connections, one request at a time on each, answers
//! read no further than needed.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use memchr::memmem::find;
use queue_auth::{AccountKey, Authorize as _, SharedKey};
use queue_proto::ops::{
    CreateQueue, DeleteMessage, DeleteQueue, GetMessages, PeekMessages, PutMessage,
};
use queue_proto::{CallOptions, Endpoint, MessageText, Operation, QueueName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::Outcome;
use crate::measure::Latencies;
use crate::wire::{self, ACCOUNT, KEY};

/// Length of the head of a message at the start of `bytes`, and of its body by `Content-Length`.
pub fn head_of(bytes: &[u8]) -> Option<(usize, usize)> {
    let head = find(bytes, b"\r\n\r\n")? + 4;
    let lines = bytes.get(..head)?.split(|byte| *byte == b'\n');
    let mut lengths = lines.filter_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        if !name.eq_ignore_ascii_case(b"content-length:") {
            return None;
        }
        std::str::from_utf8(value.trim_ascii()).ok()?.parse().ok()
    });
    Some((head, lengths.next_back().unwrap_or(0)))
}

/// What a connection does again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Put Message, 1 KiB.
    Put,
    /// Get Messages for one message, then Delete Message: two requests.
    GetDelete,
    /// Peek Messages for one message.
    Peek,
    /// Get Messages for one message.
    Get,
}

/// What a run gave.
#[derive(Debug)]
pub struct Loaded {
    /// How many requests were answered.
    pub requests: f64,
    /// How long that took.
    pub elapsed: Duration,
    /// By request.
    pub latencies: Latencies,
    /// The latencies of the deletes alone.
    pub deletes: Latencies,
}

impl Loaded {
    /// Requests per second.
    pub fn rate(&self) -> f64 {
        self.requests / self.elapsed.as_secs_f64()
    }
}

/// Builds and signs requests for the server on a port.
#[derive(Debug, Clone)]
pub struct Signed {
    endpoint: Endpoint,
    signer: Arc<SharedKey>,
    queue: QueueName,
    address: (&'static str, u16),
}

impl Signed {
    /// For the queue of the benchmark.
    pub fn new(port: u16) -> Outcome<Self> {
        let endpoint = format!("http://127.0.0.1:{port}/{ACCOUNT}");
        Ok(Self {
            endpoint: Endpoint::parse(&endpoint, ACCOUNT.parse()?)?,
            signer: Arc::new(SharedKey::new(ACCOUNT, AccountKey::from_base64(KEY)?)),
            queue: wire::QUEUE.parse()?,
            address: ("127.0.0.1", port),
        })
    }

    /// The port of the server.
    pub fn port(&self) -> u16 {
        self.address.1
    }

    /// The same for another queue.
    pub fn queue(mut self, name: &str) -> Outcome<Self> {
        self.queue = name.parse()?;
        Ok(self)
    }

    fn bytes<O: Operation>(&self, operation: &O) -> Outcome<Vec<u8>> {
        let request = operation.to_http(&self.endpoint, &CallOptions::new());
        let (mut parts, body) = request.into_parts();
        self.signer.authorize(&mut parts, SystemTime::now())?;
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut bytes = format!("{} {target} HTTP/1.1\r\n", parts.method).into_bytes();
        let host = http::HeaderValue::from_str(self.endpoint.authority().as_str())?;
        for (name, value) in parts.headers.iter().chain([(&http::header::HOST, &host)]) {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(body);
        Ok(bytes)
    }

    fn put(&self) -> Outcome<Vec<u8>> {
        self.bytes(&PutMessage::new(self.queue.clone(), MessageText::new(wire::text())?))
    }

    /// Makes the queue, or makes it anew.
    pub async fn create_queue(&self) -> Outcome {
        let mut connection = Connection::open(self.address).await?;
        connection.exchange(&self.bytes(&CreateQueue::new(self.queue.clone()))?).await?;
        connection.check()
    }

    /// Deletes the queue with its messages.
    pub async fn delete_queue(&self) -> Outcome {
        let mut connection = Connection::open(self.address).await?;
        connection.exchange(&self.bytes(&DeleteQueue::new(self.queue.clone()))?).await?;
        connection.check()
    }

    /// Whether the server answers List Queues, on a new connection.
    pub async fn is_ready(&self) -> bool {
        let ready = async {
            let mut connection = Connection::open(self.address).await?;
            connection.exchange(&self.bytes(&queue_proto::ops::ListQueues::new())?).await?;
            connection.check()
        };
        ready.await.is_ok()
    }

    /// Does `rounds` rounds of work over so many connections.
    pub async fn run(&self, work: Work, connections: usize, rounds: u64) -> Outcome<Loaded> {
        let left = Arc::new(AtomicI64::new(i64::try_from(rounds)?));
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(Connection::open(self.address).await?);
        }
        let start = Instant::now();
        let tasks: Vec<_> = open
            .into_iter()
            .map(|connection| tokio::spawn(self.clone().work(work, connection, Arc::clone(&left))))
            .collect();
        let (mut latencies, mut deletes) = (Vec::new(), Vec::new());
        for task in tasks {
            let (first, second) = task.await??;
            latencies.extend(first);
            deletes.extend(second);
        }
        let requests = (latencies.len() + deletes.len()) as f64;
        let elapsed = start.elapsed();
        Ok(Loaded {
            requests,
            elapsed,
            latencies: Latencies::new(latencies),
            deletes: Latencies::new(deletes),
        })
    }

    async fn work(
        self,
        work: Work,
        mut connection: Connection,
        left: Arc<AtomicI64>,
    ) -> Outcome<(Vec<u64>, Vec<u64>)> {
        let queue = self.queue.clone();
        let mut first = match work {
            Work::Put => self.put()?,
            Work::GetDelete | Work::Get => self.bytes(&GetMessages::new(queue.clone()))?,
            Work::Peek => self.bytes(&PeekMessages::new(queue.clone()))?,
        };
        let mut signed_at = Instant::now();
        let (mut latencies, mut deletes) = (Vec::new(), Vec::new());
        while left.fetch_sub(1, Ordering::Relaxed) > 0 {
            // A signature holds for fifteen minutes.
            if signed_at.elapsed() > Duration::from_secs(300) && work == Work::Put {
                first = self.put()?;
                signed_at = Instant::now();
            }
            let start = Instant::now();
            connection.exchange(&first).await?;
            latencies.push(start.elapsed().as_nanos() as u64);
            connection.check()?;
            if work == Work::GetDelete {
                let id = connection.element(b"<MessageId>").ok_or("the queue is empty")?;
                let receipt = connection.element(b"<PopReceipt>").ok_or("no receipt")?;
                let delete = DeleteMessage::new(queue.clone(), id.parse()?, receipt.parse()?);
                let delete = self.bytes(&delete)?;
                let start = Instant::now();
                connection.exchange(&delete).await?;
                deletes.push(start.elapsed().as_nanos() as u64);
                connection.check()?;
            }
        }
        Ok((latencies, deletes))
    }
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: (&str, u16)) -> Outcome<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(8 * 1024) })
    }

    /// Sends a request and reads the answer whole.
    async fn exchange(&mut self, request: &[u8]) -> Outcome {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let Some((head, body)) = head_of(&self.answer) else { continue };
            let whole = if body == 0 && self.is_chunked(head) {
                self.answer.ends_with(b"\r\n0\r\n\r\n")
            } else {
                self.answer.len() >= head + body
            };
            if whole {
                return Ok(());
            }
        }
    }

    fn is_chunked(&self, head: usize) -> bool {
        let head = self.answer.get(..head).unwrap_or_default().to_ascii_lowercase();
        find(&head, b"transfer-encoding: chunked").is_some()
    }

    fn check(&self) -> Outcome {
        if self.answer.get(9) == Some(&b'2') {
            return Ok(());
        }
        Err(String::from_utf8_lossy(&self.answer).into())
    }

    fn element(&self, open: &[u8]) -> Option<String> {
        let rest = self.answer.get(find(&self.answer, open)? + open.len()..)?;
        String::from_utf8(rest.get(..find(rest, b"<")?)?.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::head_of;

    #[test]
    fn heads() {
        assert_eq!(head_of(b"GET / HTTP/1.1\r\nHost: a\r\n"), None);
        assert_eq!(head_of(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Some((27, 0)));
        assert_eq!(head_of(b"POST / HTTP/1.1\r\ncontent-LENGTH: 12\r\n\r\nabc"), Some((39, 12)));
    }
}
