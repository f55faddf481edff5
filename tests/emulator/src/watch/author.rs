//! [`Author`] and [`Client`]: who sent a request, as far as the service can know it.

use std::net::IpAddr;
use std::sync::Arc;

use crate::record::CredentialKind;

/// A client, by what it says of itself: the service knows no names of consumers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// The kind of its credential; `None` for the control interface, which needs none.
    pub credential: Option<CredentialKind>,
    /// Its address; `None` for the control interface.
    pub peer: Option<IpAddr>,
    /// Its header `User-Agent`; empty without one.
    pub user_agent: String,
}

impl Client {
    /// The first product in `User-Agent`, or else the kind of credential: a short name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        if self.credential.is_none() {
            return "the control interface";
        }
        match self.user_agent.split_whitespace().next() {
            Some(product) => product,
            None => "a client without a name",
        }
    }
}

/// The sender of one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Author<'a> {
    /// The number of the request; 0 if it is not remembered.
    pub(crate) request: u64,
    pub(crate) credential: Option<CredentialKind>,
    pub(crate) peer: Option<IpAddr>,
    pub(crate) user_agent: &'a [u8],
}

impl Author<'static> {
    /// The control interface.
    pub(crate) fn control() -> Self {
        Self { request: 0, credential: None, peer: None, user_agent: b"" }
    }
}

/// The most bytes of a `User-Agent` that are kept.
const MAX_USER_AGENT: usize = 512;
/// The number of clients that are recognized when they come again. Others are kept once for each
/// event.
const KNOWN: usize = 8;

/// The clients that came last, so that their events share what is known of them.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    known: Vec<Arc<Client>>,
    /// The place of the next that is not known yet.
    next: usize,
}

impl Clients {
    pub(crate) fn find(&mut self, author: &Author<'_>) -> Arc<Client> {
        let agent = author.user_agent.get(..MAX_USER_AGENT).unwrap_or(author.user_agent);
        let is_it = |client: &&Arc<Client>| {
            client.credential == author.credential
                && client.peer == author.peer
                && client.user_agent.as_bytes() == agent
        };
        if let Some(client) = self.known.iter().find(is_it) {
            return Arc::clone(client);
        }
        let client = Arc::new(Client {
            credential: author.credential,
            peer: author.peer,
            user_agent: String::from_utf8_lossy(agent).into_owned(),
        });
        match self.known.get_mut(self.next) {
            Some(place) => *place = Arc::clone(&client),
            None => self.known.push(Arc::clone(&client)),
        }
        self.next = (self.next + 1) % KNOWN;
        client
    }
}
