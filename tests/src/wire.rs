//! Requests as they are on the wire, signed or not: what a client would not send.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, header};
use queue_auth::{
    AccountKey, Authorize, SharedKey,
    sas::{AccountPermissions, AccountSas, QueuePermissions, QueueSas, ResourceTypes, SasToken},
};
use queue_proto::{DEVSTORE_ACCOUNT, DEVSTORE_KEY};

use crate::conformance::{Failure, Outcome, Stage};

/// The version that requests here ask for; the newest that Azurite knows.
const VERSION: &str = "2026-02-06";

/// A request to be sent.
#[must_use = "a request does nothing until it is sent"]
pub(crate) struct Ask<'a> {
    stage: &'a Stage<'a>,
    method: &'static str,
    /// What follows the account in the path, with `{q}` for the queue of the case.
    target: String,
    account: String,
    headers: Vec<(String, String)>,
    version: Option<&'static str>,
    body: String,
    credential: Credential,
}

enum Credential {
    None,
    Key,
    Sas(SasToken),
}

impl Stage<'_> {
    /// The beginnings of a request, signed with the key of the account.
    pub(crate) fn ask(&self, method: &'static str, target: impl Into<String>) -> Ask<'_> {
        Ask {
            stage: self,
            method,
            target: target.into(),
            account: DEVSTORE_ACCOUNT.to_owned(),
            headers: Vec::new(),
            version: Some(VERSION),
            body: String::new(),
            credential: Credential::Key,
        }
    }

    /// A time in an hour, by the clock of the server.
    fn later(&self) -> SystemTime {
        self.server.now() + Duration::from_secs(3600)
    }
}

impl Ask<'_> {
    pub(crate) fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn version(mut self, version: impl Into<Option<&'static str>>) -> Self {
        self.version = version.into();
        self
    }

    /// To another account, or to the secondary.
    pub(crate) fn account(mut self, account: &str) -> Self {
        account.clone_into(&mut self.account);
        self
    }

    pub(crate) fn anonymous(mut self) -> Self {
        self.credential = Credential::None;
        self
    }

    /// With a signature for the queue of the case.
    pub(crate) fn queue_sas(
        self,
        permissions: QueuePermissions,
        change: impl FnOnce(QueueSas) -> QueueSas,
    ) -> Self {
        let name = self.stage.queue.name().as_str();
        let sas = change(QueueSas::new(name, permissions, self.stage.later()));
        self.signed(sas.sign(DEVSTORE_ACCOUNT, &key()).ok())
    }

    /// With a signature by a stored access policy of the queue of the case.
    pub(crate) fn policy_sas(self, id: &str) -> Self {
        let sas = QueueSas::by_policy(self.stage.queue.name().as_str(), id);
        self.signed(sas.sign(DEVSTORE_ACCOUNT, &key()).ok())
    }

    /// With a signature for the account.
    pub(crate) fn account_sas(
        self,
        permissions: AccountPermissions,
        types: ResourceTypes,
        change: impl FnOnce(AccountSas) -> AccountSas,
    ) -> Self {
        let sas = change(AccountSas::new(permissions, types, self.stage.later()));
        self.signed(sas.sign(DEVSTORE_ACCOUNT, &key()).ok())
    }

    /// A signature that cannot be made is none, which no case expects.
    fn signed(mut self, token: Option<SasToken>) -> Self {
        self.credential = token.map_or(Credential::None, Credential::Sas);
        self
    }

    /// Sends the request to the server.
    pub(crate) async fn send(self) -> Result<Reply, Failure> {
        let endpoint = self.stage.service.endpoint().to_string();
        let base = endpoint.trim_end_matches('/');
        let base = base.strip_suffix(DEVSTORE_ACCOUNT).unwrap_or(base);
        let target = self.target.replace("{q}", self.stage.queue.name().as_str());
        let mut uri = format!("{base}{}{target}", self.account);
        if let Credential::Sas(token) = &self.credential {
            uri.push(if uri.contains('?') { '&' } else { '?' });
            uri.push_str(token.expose());
        }
        let mut request = Request::builder().method(self.method).uri(uri);
        if let Some(version) = self.version {
            request = request.header("x-ms-version", version);
        }
        for (name, value) in &self.headers {
            request = request.header(
                HeaderName::from_bytes(name.as_bytes())?,
                HeaderValue::from_bytes(value.as_bytes())?,
            );
        }
        if self.method != "GET" || !self.body.is_empty() {
            request = request.header(header::CONTENT_LENGTH, self.body.len());
        }
        let (mut parts, body) = request.body(Bytes::from(self.body))?.into_parts();
        if matches!(self.credential, Credential::Key) {
            let signer = SharedKey::new(DEVSTORE_ACCOUNT, key()).without_version();
            signer.authorize(&mut parts, self.stage.server.now())?;
        }
        let response = self.stage.server.send(Request::from_parts(parts, body)).await?;
        Ok(Reply(response))
    }

    /// Sends it; it must be refused with this status and this code.
    pub(crate) async fn refused(self, status: u16, code: &str) -> Outcome {
        let reply = self.send().await?;
        let found = (reply.0.status().as_u16(), reply.code());
        if found == (status, code.to_owned()) {
            return Ok(());
        }
        Err(format!("found {} {:?}, wanted {status} {code}", found.0, found.1).into())
    }

    /// Sends it; it must be answered with this status.
    pub(crate) async fn answered(self, status: u16) -> Result<Reply, Failure> {
        let reply = self.send().await?;
        if reply.0.status() == status {
            return Ok(reply);
        }
        Err(format!("found {} {:?}, wanted {status}", reply.0.status(), reply.code()).into())
    }
}

/// An answer, with what tests ask of it.
pub(crate) struct Reply(Response<Bytes>);

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.0.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.0.body()).into_owned()
    }

    /// The code of a refusal, which its head and its body must agree about.
    fn code(&self) -> String {
        let code = self.header("x-ms-error-code");
        let text = self.text();
        let in_body = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
        match in_body {
            Some((same, _)) if same == code => code.to_owned(),
            _ => format!("{code} in the head and {text:?}"),
        }
    }
}

fn key() -> AccountKey {
    AccountKey::from_base64(DEVSTORE_KEY).expect("the well-known key is one")
}
