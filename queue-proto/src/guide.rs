//! How to write a client over your own HTTP library, or a server, in 30 lines each.
//!
//! # A client
//!
//! A client builds the request of an operation, lets an HTTP library send it, and reads the answer.
//! One method serves all operations:
//!
//! ```
//! use std::error::Error;
//! use std::time::SystemTime;
//!
//! use bytes::Bytes;
//! use queue_proto::ops::{PeekMessages, PeekMessagesResponse};
//! use queue_proto::{CallOptions, Endpoint, Operation, OperationResponse, QueueName};
//!
//! struct Client<Send> {
//!     at: Endpoint,
//!     options: CallOptions,
//!     send: Send,
//! }
//!
//! impl<Send, E> Client<Send>
//! where
//!     Send: Fn(http::Request<Bytes>) -> Result<http::Response<Bytes>, E>,
//!     E: Error + 'static,
//! {
//!     fn call<O: Operation>(&self, operation: &O) -> Result<O::Response, Box<dyn Error>> {
//!         let mut request = operation.to_http(&self.at, &self.options);
//!         let date = httpdate::fmt_http_date(SystemTime::now());
//!         request.headers_mut().insert("x-ms-date", date.parse()?);
//!         // Sign here: the crate `queue-auth` adds `Authorization` to a request like this one.
//!         let response = (self.send)(request)?;
//!         Ok(O::Response::from_http(response)?)
//!     }
//! }
//!
//! // Any HTTP library will do. It must send method, URI and headers as they are, follow no
//! // redirect, and read no more of a body than you want in memory.
//! let client = Client {
//!     at: Endpoint::emulator(),
//!     options: CallOptions::new(),
//!     send: |request: http::Request<Bytes>| {
//!         assert_eq!(request.uri().path(), "/devstoreaccount1/orders/messages");
//!         Ok::<_, std::io::Error>(PeekMessagesResponse::default().to_http())
//!     },
//! };
//! let orders: QueueName = "orders".parse()?;
//! assert!(client.call(&PeekMessages::new(orders))?.messages.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a good client adds: a retry that asks
//! [`OperationKind::idempotence`](crate::OperationKind::idempotence), signs each attempt anew and
//! does not take a lost answer for a lost message. The crate `queue-client` has all that.
//!
//! # A server
//!
//! A server reads any request, does what it asks for, and writes the answer. What it cannot read it
//! refuses with the error that reading returns:
//!
//! ```
//! use std::collections::{BTreeMap, VecDeque};
//! use std::time::{Duration, SystemTime};
//!
//! use bytes::Bytes;
//! use queue_proto::ops::*;
//! use queue_proto::{
//!     AnyOperation, CallOptions, Endpoint, ErrorCode, IncomingRequest, MessageId, MessageText,
//!     Operation, OperationResponse, PopReceipt, QueueName, ResponseHead, ServiceError,
//! };
//!
//! /// A queue service that forgets a message once it has handed it out.
//! struct Server {
//!     at: Endpoint,
//!     queues: BTreeMap<QueueName, VecDeque<MessageText>>,
//!     now: SystemTime,
//! }
//!
//! impl Server {
//!     fn handle(&mut self, request: &http::Request<Bytes>) -> http::Response<Bytes> {
//!         let head = ResponseHead::new().request_id("1").date(self.now);
//!         // Verify here: the crate `queue-auth` checks `Authorization`.
//!         let read = IncomingRequest::new(&self.at, request).and_then(|r| AnyOperation::read(&r));
//!         match read.and_then(|operation| self.perform(operation)) {
//!             Ok(mut response) => {
//!                 head.write(response.headers_mut());
//!                 response
//!             }
//!             Err(error) => error.to_http(&head, request.method()),
//!         }
//!     }
//!
//!     fn perform(&mut self, operation: AnyOperation) -> Result<http::Response<Bytes>, ServiceError> {
//!         let (id, receipt) = (MessageId::new("1").unwrap(), PopReceipt::new("1").unwrap());
//!         let later = self.now + Duration::from_secs(30);
//!         match operation {
//!             AnyOperation::CreateQueue(create) => {
//!                 self.queues.entry(create.queue).or_default();
//!                 Ok(CreateQueueResponse::Created.to_http())
//!             }
//!             AnyOperation::PutMessage(put) => {
//!                 let queue = self.queues.get_mut(&put.queue).ok_or(ErrorCode::QueueNotFound)?;
//!                 queue.push_back(put.text);
//!                 let sent = SentMessage::new(id, receipt, self.now, self.now);
//!                 Ok(PutMessageResponse::new(sent).to_http())
//!             }
//!             AnyOperation::GetMessages(get) => {
//!                 let queue = self.queues.get_mut(&get.queue).ok_or(ErrorCode::QueueNotFound)?;
//!                 let next = queue.pop_front();
//!                 let message = next.map(|t| ReceivedMessage::new(id, receipt, self.now, later, t));
//!                 Ok(GetMessagesResponse::new(message.into_iter().collect()).to_http())
//!             }
//!             // Without this arm, the compiler lists every operation that is not served.
//!             _ => Err(ErrorCode::UnsupportedHttpVerb.into()),
//!         }
//!     }
//! }
//!
//! let at = Endpoint::emulator();
//! let now = SystemTime::now();
//! let mut server = Server { at: at.clone(), queues: BTreeMap::new(), now };
//! let options = CallOptions::new();
//! let orders: QueueName = "orders".parse()?;
//! let put = PutMessage::new(orders.clone(), MessageText::new("hello")?).to_http(&at, &options);
//! assert_eq!(server.handle(&put).status(), 404);
//! server.handle(&CreateQueue::new(orders.clone()).to_http(&at, &options));
//! assert_eq!(server.handle(&put).status(), 201);
//! let get = GetMessages::new(orders).to_http(&at, &options);
//! let received = GetMessagesResponse::from_http(server.handle(&get))?;
//! assert_eq!(received.messages[0].text(), "hello");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What a good server adds: authorization, for which
//! [`OperationKind::permission`](crate::OperationKind::permission) says what is needed, and the
//! rules of the service about visibility, receipts and expiry. The crate `queue-emulator` has all
//! that.
