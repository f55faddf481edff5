//! Requests as they are on the wire, in process, with every kind of credential.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, Request, Response};
use queue_auth::sas::SasToken;
use queue_auth::{AccountKey, Authorize, SharedKey, SharedKeyLite};
use queue_emulator::{Connection, Emulator, EmulatorBuilder, ManualClock};
use queue_proto::ServiceError;
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY};
use sha2::Sha256;

pub(crate) const NEWEST: &str = "2026-10-06";
pub(crate) const MESSAGE: &str = "<QueueMessage><MessageText>x</MessageText></QueueMessage>";

/// An emulator, and its time.
pub(crate) struct Wire {
    pub(crate) emulator: Emulator,
    pub(crate) clock: ManualClock,
}

pub(crate) fn key() -> AccountKey {
    AccountKey::from_base64(DEVSTORE_KEY).unwrap()
}

/// The signature of a text with the key of the account.
pub(crate) fn mac(text: &str) -> String {
    let key = STANDARD.decode(DEVSTORE_KEY).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

impl Wire {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    pub(crate) fn with(set_up: impl FnOnce(EmulatorBuilder) -> EmulatorBuilder) -> Self {
        Self::of(|builder| set_up(builder).build())
    }

    /// A wire to the emulator that `build` makes.
    pub(crate) fn of(build: impl FnOnce(EmulatorBuilder) -> Emulator) -> Self {
        let clock = ManualClock::new();
        let emulator = build(Emulator::builder().manual_clock(&clock));
        Self { emulator, clock }
    }

    pub(crate) fn call(&self, method: &str, target: &str) -> Call<'_> {
        Call {
            wire: self,
            method: method.to_owned(),
            base: format!("/{DEVSTORE_ACCOUNT}"),
            target: target.to_owned(),
            headers: HeaderMap::new(),
            version: Some(NEWEST.to_owned()),
            body: String::new(),
            length: true,
            credential: Credential::Key,
            now: self.clock.now(),
            connection: Connection::http([127, 0, 0, 1].into()),
        }
    }

    pub(crate) fn get(&self, target: &str) -> Call<'_> {
        self.call("GET", target)
    }

    pub(crate) fn put(&self, target: &str) -> Call<'_> {
        self.call("PUT", target)
    }

    pub(crate) fn post(&self, target: &str) -> Call<'_> {
        self.call("POST", target)
    }

    pub(crate) fn delete(&self, target: &str) -> Call<'_> {
        self.call("DELETE", target)
    }

    pub(crate) fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A time so many seconds from now.
    pub(crate) fn after(&self, seconds: u64) -> SystemTime {
        self.clock.now() + Duration::from_secs(seconds)
    }

    /// A queue with this name.
    pub(crate) fn queue(&self, name: &str) {
        self.put(&format!("/{name}")).send().expect(201);
    }

    /// A message in the queue: its id and its receipt.
    pub(crate) fn message(&self, queue: &str) -> (String, String) {
        let reply = self.post(&format!("/{queue}/messages")).body(MESSAGE).send().expect(201);
        (reply.element("MessageId"), reply.element("PopReceipt"))
    }
}

enum Credential {
    None,
    Key,
    Lite,
    Sas(String),
    Bearer(String),
}

/// A request to be sent.
#[must_use]
pub(crate) struct Call<'a> {
    wire: &'a Wire,
    method: String,
    base: String,
    target: String,
    headers: HeaderMap,
    version: Option<String>,
    body: String,
    length: bool,
    credential: Credential,
    now: SystemTime,
    connection: Connection,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    pub(crate) fn version(mut self, version: impl Into<Option<&'static str>>) -> Self {
        self.version = version.into().map(str::to_owned);
        self
    }

    pub(crate) fn body(mut self, body: &str) -> Self {
        self.body = body.to_owned();
        self
    }

    /// Without `Content-Length`, as a chunked body comes.
    pub(crate) fn no_length(mut self) -> Self {
        self.length = false;
        self
    }

    pub(crate) fn secondary(mut self) -> Self {
        self.base = format!("/{DEVSTORE_ACCOUNT}-secondary");
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.credential = Credential::None;
        self
    }

    pub(crate) fn lite(mut self) -> Self {
        self.credential = Credential::Lite;
        self
    }

    pub(crate) fn sas(self, token: &SasToken) -> Self {
        self.query(token.expose())
    }

    /// Any text as the signature in the query.
    pub(crate) fn query(mut self, query: &str) -> Self {
        self.credential = Credential::Sas(query.to_owned());
        self
    }

    pub(crate) fn bearer(mut self, token: &str) -> Self {
        self.credential = Credential::Bearer(token.to_owned());
        self
    }

    /// Signed at another time.
    pub(crate) fn at(mut self, now: SystemTime) -> Self {
        self.now = now;
        self
    }

    pub(crate) fn https(mut self) -> Self {
        self.connection = Connection::https(self.connection.peer);
        self
    }

    pub(crate) fn from(mut self, peer: [u8; 4]) -> Self {
        self.connection.peer = IpAddr::from(peer);
        self
    }

    pub(crate) fn request(&self) -> Request<Bytes> {
        let scheme = if self.connection.https { "https" } else { "http" };
        let mut uri = format!("{scheme}://127.0.0.1:10001{}{}", self.base, self.target);
        if let Credential::Sas(token) = &self.credential {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(token);
        }
        let mut request = Request::builder().method(self.method.as_str()).uri(uri);
        if let Some(version) = &self.version {
            request = request.header("x-ms-version", version);
        }
        if self.length {
            request = request.header("content-length", self.body.len());
        }
        let mut request = request.body(Bytes::from(self.body.clone())).unwrap();
        request.headers_mut().extend(self.headers.clone());
        let (mut parts, body) = request.into_parts();
        match &self.credential {
            Credential::None | Credential::Sas(_) => {}
            Credential::Key => {
                let signer = SharedKey::new(DEVSTORE_ACCOUNT, key()).without_version();
                signer.authorize(&mut parts, self.now).unwrap();
            }
            Credential::Lite => {
                let signer = SharedKeyLite::new(DEVSTORE_ACCOUNT, key());
                signer.authorize(&mut parts, self.now).unwrap();
            }
            Credential::Bearer(token) => {
                let value = format!("Bearer {token}").parse().unwrap();
                parts.headers.insert("authorization", value);
            }
        }
        Request::from_parts(parts, body)
    }

    pub(crate) fn send(self) -> Reply {
        let request = self.request();
        Reply::new(self.wire.emulator.handle_from(request, self.connection))
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    pub(crate) error: ServiceError,
}

impl Reply {
    pub(crate) fn new(response: Response<Bytes>) -> Self {
        let error = ServiceError::from_http(&response);
        let (parts, body) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            error,
        }
    }

    /// The error code, which must be in the header and in the body.
    pub(crate) fn code(&self) -> &str {
        let code = self.header("x-ms-error-code");
        assert!(self.body.contains(&format!("<Code>{code}</Code>")), "{self:?}");
        code
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// A refusal as the service has them: status, code in header and body, id, version.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status, self.code()), (status, code), "{}", self.body);
        assert!(!self.header("x-ms-request-id").is_empty());
        self
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The text of the first element with this name.
    pub(crate) fn element(&self, name: &str) -> String {
        self.elements(name).into_iter().next().unwrap_or_else(|| panic!("{name}: {}", self.body))
    }

    pub(crate) fn elements(&self, name: &str) -> Vec<String> {
        let (start, end) = (format!("<{name}>"), format!("</{name}>"));
        let pieces = self.body.split(&start).skip(1);
        pieces.map(|piece| piece.split_once(&end).unwrap().0.to_owned()).collect()
    }

    pub(crate) fn detail(&self, name: &str) -> &str {
        self.error.detail(name).unwrap_or_default()
    }
}

/// The value, escaped for a query.
pub(crate) fn escape(value: &str) -> String {
    value.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}
