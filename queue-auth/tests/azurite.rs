//! Our signatures before a server that others wrote: Azurite, or any server with its account.
//!
//! Start it with `azurite-queue --skipApiVersionCheck`, then
//! `QUEUE_AUTH_AZURITE=http://127.0.0.1:10001 cargo test -p queue-auth --test azurite -- --ignored`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, SystemTime};

use common::account_key;
use http::Request;
use queue_auth::sas::{
    AccountPermissions, AccountSas, QueuePermissions, QueueSas, ResourceTypes, SasVersion,
};
use queue_auth::{AccountKey, Authorize, SharedKey, SharedKeyLite};

const ACCOUNT: &str = "devstoreaccount1";

struct Server {
    base: String,
    agent: ureq::Agent,
}

impl Server {
    fn new() -> Self {
        let base =
            std::env::var("QUEUE_AUTH_AZURITE").expect("QUEUE_AUTH_AZURITE names the server");
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        Self { base: format!("{base}/{ACCOUNT}"), agent: config.new_agent() }
    }

    /// The status of the answer.
    fn send(&self, signer: &dyn Authorize, method: &str, path: &str, body: &str) -> u16 {
        self.send_with(signer, method, path, body, &[])
    }

    fn send_with(
        &self,
        signer: &dyn Authorize,
        method: &str,
        path: &str,
        body: &str,
        metadata: &[(&str, &str)],
    ) -> u16 {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header("x-ms-version", "2026-02-06");
        if method == "PUT" || method == "POST" {
            request = request.header("content-length", body.len());
        }
        for (name, value) in metadata {
            request = request.header(format!("x-ms-meta-{name}"), *value);
        }
        let (mut parts, body) = request.body(body.to_owned()).unwrap().into_parts();
        signer.authorize(&mut parts, SystemTime::now()).unwrap();
        let response = if body.is_empty() {
            self.agent.run(Request::from_parts(parts, ()))
        } else {
            self.agent.run(Request::from_parts(parts, body))
        };
        response.unwrap().status().as_u16()
    }
}

const MESSAGE: &str = "<QueueMessage><MessageText>hello</MessageText></QueueMessage>";

#[test]
#[ignore = "needs Azurite; see the top of the file"]
fn accepts_what_we_sign_and_nothing_else() {
    let server = Server::new();
    let key = account_key(ACCOUNT);
    let until = SystemTime::now() + Duration::from_secs(600);
    let owner = SharedKey::new(ACCOUNT, key.clone());
    let queue = format!("auth-{}", std::process::id());
    let (q, messages) = (format!("/{queue}"), format!("/{queue}/messages"));

    // Shared Key, with metadata in the order of a word sort.
    let metadata = [("i0", "1"), ("i_", "2"), ("ia", "3"), ("I", "4")];
    assert_eq!(server.send_with(&owner, "PUT", &q, "", &metadata), 201);
    assert_eq!(server.send(&owner, "GET", "/?comp=list&prefix=&include=metadata", ""), 200);
    assert_eq!(server.send(&owner, "POST", &messages, MESSAGE), 201);
    assert_eq!(server.send(&owner, "GET", &format!("{messages}?peekonly=true"), ""), 200);

    // Shared Key Lite.
    let lite = SharedKeyLite::new(ACCOUNT, key.clone());
    assert_eq!(server.send(&lite, "GET", &format!("{q}?comp=metadata&timeout=30"), ""), 200);

    // Service signatures, ad hoc and by a stored policy.
    let adhoc = QueueSas::new(&*queue, QueuePermissions::ADD, until);
    for version in [SasVersion::V2015_04_05, SasVersion::V2020_12_06, SasVersion::V2025_07_05] {
        let token = adhoc.clone().version(version).start_backdated(SystemTime::now());
        let token = token.sign(ACCOUNT, &key).unwrap();
        assert_eq!(server.send(&token, "POST", &messages, MESSAGE), 201, "{version}");
        assert_eq!(server.send(&token, "GET", &messages, ""), 403, "{version}");
    }
    let expiry = "2036-09-24T10:00:00.0000000Z";
    let policy = format!(
        "<SignedIdentifiers><SignedIdentifier><Id>readers</Id><AccessPolicy><Expiry>{expiry}\
         </Expiry><Permission>r</Permission></AccessPolicy></SignedIdentifier></SignedIdentifiers>"
    );
    assert_eq!(server.send(&owner, "PUT", &format!("{q}?comp=acl"), &policy), 204);
    let token = QueueSas::by_policy(&*queue, "readers").sign(ACCOUNT, &key).unwrap();
    assert_eq!(server.send(&token, "GET", &format!("{messages}?peekonly=true"), ""), 200);
    assert_eq!(server.send(&token, "POST", &messages, MESSAGE), 403);

    // Account signatures, both forms.
    for version in [SasVersion::V2015_04_05, SasVersion::V2025_07_05] {
        let sas = AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, until);
        let token = sas.version(version).sign(ACCOUNT, &key).unwrap();
        assert_eq!(server.send(&token, "GET", "/?comp=list", ""), 200, "{version}");
        assert_eq!(server.send(&token, "POST", &messages, MESSAGE), 201, "{version}");
    }

    // A wrong key is refused in every way.
    let wrong = AccountKey::from_base64("d3Jvbmc=").unwrap();
    let refused: [Box<dyn Authorize>; 3] = [
        Box::new(SharedKey::new(ACCOUNT, wrong.clone())),
        Box::new(adhoc.sign(ACCOUNT, &wrong).unwrap()),
        Box::new(
            AccountSas::new(AccountPermissions::ALL, ResourceTypes::ALL, until)
                .sign(ACCOUNT, &wrong)
                .unwrap(),
        ),
    ];
    for signer in refused {
        assert_eq!(server.send(&*signer, "POST", &messages, MESSAGE), 403, "{signer:?}");
    }
    assert_eq!(server.send(&owner, "DELETE", &q, ""), 204);
}
