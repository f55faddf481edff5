//! The secrets of a run, collected where they pass, and the search for them.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use queue_client::{
    BoxFuture,
    transport::{Transport, TransportError},
};

/// What is no longer than a word occurs in logs by chance.
const SHORTEST: usize = 8;
/// The beginning of a secret counts, too.
const LONGEST: usize = 32;

/// The kinds of secrets that a run must have met, lest the search be idle.
pub(crate) const KINDS: [&str; 8] = [
    "account key",
    "client secret",
    "bearer token",
    "signature of a request",
    "signature of a SAS",
    "pop receipt",
    "message text",
    "canary",
];

/// Secrets, and the kind of each.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Arc<Mutex<BTreeMap<String, &'static str>>>);

impl fmt::Debug for Secrets {
    // Clients print their transport, and so this.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    pub(crate) fn add(&self, kind: &'static str, secret: &str) {
        assert!(KINDS.contains(&kind), "{kind}");
        if secret.len() >= SHORTEST {
            self.0.lock().unwrap().insert(secret.to_owned(), kind);
        }
    }

    /// How many there are of a kind.
    pub(crate) fn count(&self, kind: &str) -> usize {
        self.0.lock().unwrap().values().filter(|&&other| other == kind).count()
    }

    fn request(&self, request: &Request<Bytes>) {
        if let Some(value) = request.headers().get(AUTHORIZATION) {
            assert!(value.is_sensitive(), "whoever prints the headers prints the signature");
            match value.to_str().unwrap().split_once(' ').unwrap() {
                ("Bearer", token) => self.bearer_token(token),
                (_, signed) => {
                    self.add("signature of a request", signed.split_once(':').unwrap().1);
                }
            }
        }
        for pair in request.uri().query().unwrap_or_default().split('&') {
            match pair.split_once('=') {
                Some(("sig", value)) => self.encoded("signature of a SAS", value),
                Some(("popreceipt", value)) => self.encoded("pop receipt", value),
                _ => {}
            }
        }
        self.elements(request.body());
    }

    fn response(&self, response: &Response<Bytes>) {
        if let Some(receipt) = response.headers().get("x-ms-popreceipt") {
            self.add("pop receipt", receipt.to_str().unwrap());
        }
        self.elements(response.body());
    }

    /// The token and each of its three parts.
    pub(crate) fn bearer_token(&self, token: &str) {
        for part in token.split('.').skip(1) {
            self.add("bearer token", part);
        }
    }

    /// A value of a query, as it is written there and as it is meant.
    fn encoded(&self, kind: &'static str, value: &str) {
        self.add(kind, value);
        let meant = ["%2B", "%2F", "%3D"].iter().zip(["+", "/", "="]);
        self.add(kind, &meant.fold(value.to_owned(), |text, (from, to)| text.replace(from, to)));
    }

    fn elements(&self, body: &[u8]) {
        let body = String::from_utf8_lossy(body);
        for (kind, name) in [("message text", "MessageText"), ("pop receipt", "PopReceipt")] {
            let (open, close) = (format!("<{name}>"), format!("</{name}>"));
            for content in body.split(&open).skip(1).filter_map(|rest| rest.split_once(&close)) {
                let raw = content.0;
                self.add(kind, raw);
                self.add(
                    kind,
                    &raw.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"),
                );
            }
        }
    }

    /// The secrets that occur in `text`, each with its kind and the line.
    pub(crate) fn found_in(&self, text: &str) -> Vec<String> {
        let mut forms: HashMap<&[u8], Vec<(&str, &str)>> = HashMap::new();
        let secrets = self.0.lock().unwrap();
        let written: Vec<(String, &str)> = secrets
            .iter()
            .flat_map(|(secret, &kind)| forms_of(secret).map(move |form| (form, kind)))
            .collect();
        for (form, kind) in &written {
            forms.entry(&form.as_bytes()[..SHORTEST]).or_default().push((form, kind));
        }
        let mut found = Vec::new();
        for line in text.lines() {
            let mut here = BTreeSet::new();
            for (at, window) in line.as_bytes().windows(SHORTEST).enumerate() {
                for (form, kind) in forms.get(window).into_iter().flatten() {
                    let rest = &line.as_bytes()[at..];
                    if rest.starts_with(form.as_bytes()) && here.insert(form) {
                        let start: String = line.chars().take(200).collect();
                        found.push(format!("{kind} {form:?} at {at} of: {start}"));
                    }
                }
            }
        }
        found
    }
}

/// How a secret looks in a log: as it is, with escapes, and as the numbers of its bytes.
fn forms_of(secret: &str) -> impl Iterator<Item = String> + use<> {
    let start: String = secret.chars().take(LONGEST).collect();
    let escaped = start.escape_debug().to_string();
    let numbers = format!("{:?}", &secret.as_bytes()[..SHORTEST]);
    let numbers = numbers.trim_matches(['[', ']']).to_owned();
    [start.lines().next().unwrap_or_default().to_owned(), escaped, numbers]
        .into_iter()
        .filter(|form| form.len() >= SHORTEST)
}

/// Notes the secrets that pass.
#[derive(Debug)]
pub(crate) struct Spy {
    pub(crate) inner: Arc<dyn Transport>,
    pub(crate) secrets: Secrets,
}

impl Transport for Spy {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.secrets.request(&request);
        Box::pin(async {
            let answer = self.inner.send(request).await;
            if let Ok(response) = &answer {
                self.secrets.response(response);
            }
            answer
        })
    }
}
