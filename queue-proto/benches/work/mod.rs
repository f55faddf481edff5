//! The hot paths of client and server, for the benchmarks to run.

use std::hint::black_box;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use queue_proto::ops::{
    GetMessages, GetMessagesResponse, PutMessage, PutMessageResponse, ReceivedMessage, SentMessage,
};
use queue_proto::{
    AnyOperation, CallOptions, ClientRequestId, Endpoint, IncomingRequest, MessageCount,
    MessageText, Operation, OperationResponse,
};

/// The paths by name.
pub(crate) const PATHS: [&str; 9] = [
    "put-message/write-request",
    "put-message/read-request",
    "put-message/write-response",
    "put-message/read-response",
    "get-messages/read-request",
    "get-messages/write-response",
    "get-messages/read-response",
    "get-messages/read-response-general",
    "get-messages/bare-event-loop",
];

/// What the paths work on: a message of 1 KiB, an answer with 32 of them.
pub(crate) struct Work {
    at: Endpoint,
    options: CallOptions,
    put: PutMessage,
    put_request: http::Request<Bytes>,
    put_response: PutMessageResponse,
    put_answer: http::Response<Bytes>,
    get_request: http::Request<Bytes>,
    get_response: GetMessagesResponse,
    get_answer: http::Response<Bytes>,
    unusual_answer: http::Response<Bytes>,
}

impl Work {
    pub(crate) fn new() -> Self {
        let at = Endpoint::emulator();
        let id = ClientRequestId::new("11111111-2222-3333-4444-555555555555").unwrap();
        let options = CallOptions::new().client_request_id(id);
        let now = UNIX_EPOCH + Duration::from_secs(1_790_158_830);
        let text = MessageText::new("SGVsbG8gd29ybGQh".repeat(64)).unwrap();
        let put = PutMessage::new("orders".parse().unwrap(), text.clone());
        let put_request = put.to_http(&at, &options);
        let sent = SentMessage::new(
            "5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e4f".parse().unwrap(),
            "AgAAAAMAAAAAAAAApfesaQUG1QE=".parse().unwrap(),
            now,
            now,
        );
        let put_response =
            PutMessageResponse::new(sent.with_expires_at(now + Duration::from_secs(604_800)));
        let put_answer = put_response.to_http();
        let get = GetMessages::new("orders".parse().unwrap()).count(MessageCount::MAX);
        let get_request = get.to_http(&at, &options);
        let message = |number: u64| {
            let inserted = now + Duration::from_secs(number);
            ReceivedMessage::new(
                format!("5f2c9a51-9d0b-4c7e-8a36-0f5b1c2d3e{number:02}").parse().unwrap(),
                "AgAAAAMAAAAAAAAApfesaQUG1QE=".parse().unwrap(),
                inserted,
                now + Duration::from_secs(60),
                text.clone(),
            )
            .with_expires_at(inserted + Duration::from_secs(604_800))
        };
        let get_response = GetMessagesResponse::new((0..32).map(message).collect());
        let get_answer = get_response.to_http();
        // A line end behind the declaration is enough for the general reader to be asked.
        let body = std::str::from_utf8(get_answer.body()).unwrap().replacen("?>", "?>\n", 1);
        let unusual_answer = http::Response::new(body.into());
        Self {
            at,
            options,
            put,
            put_request,
            put_response,
            put_answer,
            get_request,
            get_response,
            get_answer,
            unusual_answer,
        }
    }

    /// Walks a path once.
    pub(crate) fn run(&self, path: &str) {
        let read_request = |request| {
            let incoming = IncomingRequest::new(&self.at, request).unwrap();
            black_box(AnyOperation::read(&incoming).unwrap());
        };
        match path {
            "put-message/write-request" => {
                black_box(black_box(&self.put).to_http(&self.at, &self.options));
            }
            "put-message/read-request" => read_request(black_box(&self.put_request)),
            "put-message/write-response" => {
                black_box(black_box(&self.put_response).to_http());
            }
            "put-message/read-response" => {
                let answer = self.put_answer.clone();
                black_box(PutMessageResponse::from_http(black_box(answer)).unwrap());
            }
            "get-messages/read-request" => read_request(black_box(&self.get_request)),
            "get-messages/write-response" => {
                black_box(black_box(&self.get_response).to_http());
            }
            "get-messages/read-response" => {
                let answer = self.get_answer.clone();
                black_box(GetMessagesResponse::from_http(black_box(answer)).unwrap());
            }
            "get-messages/read-response-general" => {
                let answer = self.unusual_answer.clone();
                black_box(GetMessagesResponse::from_http(black_box(answer)).unwrap());
            }
            "get-messages/bare-event-loop" => {
                let body: &[u8] = black_box(self.get_answer.body());
                let mut reader = quick_xml::Reader::from_reader(body);
                loop {
                    match black_box(reader.read_event().unwrap()) {
                        quick_xml::events::Event::Eof => break,
                        _ => continue,
                    }
                }
            }
            other => panic!("no path {other}"),
        }
    }
}
