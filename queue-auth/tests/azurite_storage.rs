//! Our signatures for blobs and tables before a server that others wrote: Azurite.
//!
//! Start it with `azurite --skipApiVersionCheck`, then
//! `QUEUE_AUTH_AZURITE_BLOB=http://127.0.0.1:10000 QUEUE_AUTH_AZURITE_TABLE=http://127.0.0.1:10002
//! cargo test -p queue-auth --test azurite_storage -- --ignored`.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::time::{Duration, SystemTime};

use common::account_key;
use http::{Request, Response};
use queue_auth::sas::{
    AccountPermissions, AccountSas, ResourceTypes, SasResource, SasVersion, ServiceSas, Services,
};
use queue_auth::{AccountKey, Authorize, AuthorizeExt, Service, SharedKey, SharedKeyLite};

const ACCOUNT: &str = "devstoreaccount1";
const VERSION: &str = "2025-07-05";

struct Server {
    base: String,
    agent: ureq::Agent,
}

impl Server {
    fn new(variable: &str) -> Self {
        let base = std::env::var(variable).expect("the variable names the server");
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true)
            .build();
        Self { base: format!("{base}/{ACCOUNT}"), agent: config.new_agent() }
    }

    fn send(
        &self,
        signer: &dyn Authorize,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<String> {
        let uri = format!("{}{path}", self.base);
        let mut request =
            Request::builder().method(method).uri(uri).header("x-ms-version", VERSION);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !matches!(method, "GET" | "HEAD" | "DELETE") {
            request = request.header("content-length", body.len());
        }
        let mut request = request.body(body.to_owned()).unwrap();
        signer.authorize_request(&mut request, SystemTime::now()).unwrap();
        let mut answer = match method {
            "GET" | "HEAD" | "DELETE" => self.agent.run(request.map(|_| ())).unwrap(),
            _ => self.agent.run(request).unwrap(),
        };
        let text = answer.body_mut().read_to_string().unwrap_or_default();
        answer.map(|_| text)
    }

    /// Sends and checks the status.
    fn expect(
        &self,
        status: u16,
        signer: &dyn Authorize,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response<String> {
        let answer = self.send(signer, method, path, headers, body);
        assert_eq!(answer.status(), status, "{method} {path} by {signer:?}: {}", answer.body());
        answer
    }
}

fn key() -> AccountKey {
    account_key(ACCOUNT)
}

fn in_an_hour() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}

fn unique(prefix: &str) -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    format!("{prefix}{}", since.as_nanos())
}

#[test]
#[ignore = "needs Azurite; see the top of the file"]
fn blobs() {
    let server = Server::new("QUEUE_AUTH_AZURITE_BLOB");
    let shared = SharedKey::new(ACCOUNT, key()).for_service(Service::Blob);
    let lite = SharedKeyLite::new(ACCOUNT, key()).for_service(Service::Blob);
    let wrong = SharedKey::new(ACCOUNT, AccountKey::from_base64("d3Jvbmc=").unwrap());
    let container = unique("photos");
    let blob = format!("/{container}/a%20b%2Bc/%C3%A9.txt");
    let name = "a b+c/é.txt";

    server.expect(201, &shared, ("PUT", &format!("/{container}?restype=container")), &[], "");
    let put = [("x-ms-blob-type", "BlockBlob"), ("content-type", "text/plain")];
    server.expect(201, &shared, ("PUT", &blob), &put, "hello blob");
    // Azurite knows Lite for queues and tables, and not for blobs.
    server.expect(403, &lite, ("PUT", &blob), &put, "other");
    server.expect(403, &wrong, ("GET", &blob), &[], "");
    let part = server.expect(206, &shared, ("GET", &blob), &[("range", "bytes=0-4")], "");
    assert_eq!(part.body(), "hello");
    let part = [("x-ms-range", "bytes=6-"), ("x-ms-range-get-content-md5", "true")];
    assert_eq!(server.expect(206, &shared, ("GET", &blob), &part, "").body(), "blob");
    server.expect(200, &shared, ("GET", &blob), &[("if-match", "*")], "");
    let meta = [("x-ms-meta-a_b", "1"), ("x-ms-meta-ab", "2"), ("x-ms-meta-a2", "3")];
    server.expect(200, &shared, ("PUT", &format!("{blob}?comp=metadata")), &meta, "");
    let list = format!("/{container}?restype=container&comp=list&prefix=a%20b");
    server.expect(200, &shared, ("GET", &list), &[], "");
    let snapshot = server.expect(201, &shared, ("PUT", &format!("{blob}?comp=snapshot")), &[], "");
    let snapshot = snapshot.headers()["x-ms-snapshot"].to_str().unwrap().to_owned();

    let resource = || SasResource::Blob { container: container.clone(), blob: name.to_owned() };
    let read = ServiceSas::new(resource(), "r", in_an_hour());
    for version in ["2015-04-05", "2018-11-09", "2020-12-06", "2025-07-05"] {
        let token = read.clone().version(version.parse::<SasVersion>().unwrap());
        let token = token.sign(ACCOUNT, &key()).unwrap();
        server.expect(200, &token, ("GET", &blob), &[], "");
        server.expect(403, &token, ("PUT", &blob), &put, "other");
        server.expect(403, &token, ("GET", &format!("/{container}/other")), &[], "");
    }
    let typed = read.clone().content_type("image/x-test").cache_control("max-age=7");
    let typed = typed.sign(ACCOUNT, &key()).unwrap();
    let answer = server.expect(200, &typed, ("GET", &blob), &[], "");
    assert_eq!(answer.headers()["content-type"], "image/x-test");
    assert_eq!(answer.headers()["cache-control"], "max-age=7");

    let whole = SasResource::Container { container: container.clone() };
    let whole = ServiceSas::new(whole, "lr", in_an_hour()).sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &whole, ("GET", &list), &[], "");
    server.expect(200, &whole, ("GET", &blob), &[], "");
    let at = SasResource::BlobSnapshot {
        container: container.clone(),
        blob: name.to_owned(),
        snapshot: snapshot.clone(),
    };
    let at = ServiceSas::new(at, "r", in_an_hour()).sign(ACCOUNT, &key()).unwrap();
    let of_snapshot = format!("{blob}?snapshot={}", snapshot.replace(':', "%3A"));
    server.expect(200, &at, ("GET", &of_snapshot), &[], "");

    // A copy, a lease, blocks, conditions and a stored access policy.
    let source = format!("{}{blob}", server.base);
    let copy = format!("/{container}/copy.txt");
    server.expect(202, &shared, ("PUT", &copy), &[("x-ms-copy-source", &source)], "");
    let lease = [("x-ms-lease-action", "acquire"), ("x-ms-lease-duration", "15")];
    server.expect(201, &shared, ("PUT", &format!("{copy}?comp=lease")), &lease, "");
    let block = format!("/{container}/blocks?comp=block&blockid=QUFBQQ%3D%3D");
    server.expect(201, &shared, ("PUT", &block), &[], "part");
    let blocks = "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Latest>QUFBQQ==</Latest></BlockList>";
    let list_of_blocks = format!("/{container}/blocks?comp=blocklist");
    let xml = [("content-type", "application/xml")];
    server.expect(201, &shared, ("PUT", &list_of_blocks), &xml, blocks);
    server.expect(200, &shared, ("GET", &blob), &[("if-none-match", "\"0x0\"")], "");
    let since = [("if-modified-since", "Wed, 01 Jan 2020 00:00:00 GMT")];
    server.expect(200, &shared, ("GET", &blob), &since, "");
    let batch = "--batch_1\r\nContent-Type: application/http\r\nContent-ID: 0\r\n\r\n\
                 DELETE /devstoreaccount1/none/none HTTP/1.1\r\n\r\n--batch_1--\r\n";
    let mixed = [("content-type", "multipart/mixed; boundary=batch_1")];
    let answer = server.send(&shared, "POST", "/?comp=batch", &mixed, batch);
    assert_ne!(answer.status(), 403, "{}", answer.body());
    let policies = "<?xml version=\"1.0\" encoding=\"utf-8\"?><SignedIdentifiers><SignedIdentifier>\
                    <Id>readers</Id><AccessPolicy><Start>2020-01-01T00:00:00Z</Start>\
                    <Expiry>2099-01-01T00:00:00Z</Expiry><Permission>r</Permission></AccessPolicy>\
                    </SignedIdentifier></SignedIdentifiers>";
    let acl = format!("/{container}?restype=container&comp=acl");
    server.expect(200, &shared, ("PUT", &acl), &xml, policies);
    let by = |id: &str| ServiceSas::by_policy(resource(), id).sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &by("readers"), ("GET", &blob), &[], "");
    server.expect(403, &by("others"), ("GET", &blob), &[], "");

    let account = AccountSas::new(AccountPermissions::READ, ResourceTypes::OBJECT, in_an_hour());
    let account = |services| account.clone().services(services).sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &account(Services::BLOB | Services::TABLE), ("GET", &blob), &[], "");
    server.expect(403, &account(Services::QUEUE), ("GET", &blob), &[], "");
}

#[test]
#[ignore = "needs Azurite; see the top of the file"]
fn tables() {
    let server = Server::new("QUEUE_AUTH_AZURITE_TABLE");
    let shared = SharedKey::new(ACCOUNT, key()).for_service(Service::Table);
    let lite = SharedKeyLite::new(ACCOUNT, key()).for_service(Service::Table);
    let as_blobs = SharedKey::new(ACCOUNT, key()).for_service(Service::Blob);
    let table = unique("People");
    let json =
        [("content-type", "application/json"), ("accept", "application/json;odata=nometadata")];
    let accept = [("accept", "application/json;odata=nometadata")];

    let named = format!("{{\"TableName\":\"{table}\"}}");
    // Our signer knows a request of OData and would refuse to sign it as one for blobs.
    server.expect(403, &as_blobs, ("POST", "/Tables"), &json[..1], &named);
    server.expect(201, &shared, ("POST", "/Tables"), &json, &named);
    let entity = |partition: &str| {
        format!("{{\"PartitionKey\":\"{partition}\",\"RowKey\":\"1\",\"Name\":\"x\"}}")
    };
    server.expect(201, &shared, ("POST", &format!("/{table}")), &json, &entity("a"));
    server.expect(201, &lite, ("POST", &format!("/{table}")), &json, &entity("m"));
    let of = |partition: &str| format!("/{table}(PartitionKey='{partition}',RowKey='1')");
    for signer in [&shared as &dyn Authorize, &lite] {
        server.expect(200, signer, ("GET", &of("a")), &accept, "");
        let filter = format!("/{table}()?$filter=PartitionKey%20eq%20'a'&$top=5");
        server.expect(200, signer, ("GET", &filter), &accept, "");
        server.expect(200, signer, ("GET", "/?restype=service&comp=properties"), &[], "");
    }

    let resource = || SasResource::Table { table: table.clone() };
    let read = ServiceSas::new(resource(), "r", in_an_hour()).sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &read, ("GET", &of("a")), &accept, "");
    server.expect(403, &read, ("POST", &format!("/{table}")), &json, &entity("b"));
    let range =
        ServiceSas::new(resource(), "raud", in_an_hour()).from_key("a", "1").to_key("b", "9");
    let range = range.sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &range, ("GET", &of("a")), &accept, "");
    server.expect(201, &range, ("POST", &format!("/{table}")), &json, &entity("b"));
    let any = [json[0], json[1], ("if-match", "*")];
    server.expect(204, &shared, ("PUT", &of("a")), &any, &entity("a"));
    server.expect(204, &shared, ("MERGE", &of("a")), &any, &entity("a"));
    let new = entity("batch").replace("\"1\"", "\"2\"");
    let batch = format!(
        "--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n\
         --changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n\
         POST {}/{table} HTTP/1.1\r\nContent-Type: application/json\r\n\
         Accept: application/json;odata=minimalmetadata\r\n\r\n{new}\r\n\
         --changeset_1--\r\n--batch_1--\r\n",
        server.base
    );
    let mixed = [("content-type", "multipart/mixed; boundary=batch_1"), json[1]];
    server.expect(202, &shared, ("POST", "/$batch"), &mixed, &batch);

    let account = AccountSas::new(AccountPermissions::READ, ResourceTypes::OBJECT, in_an_hour());
    let account = account.services(Services::TABLE).sign(ACCOUNT, &key()).unwrap();
    server.expect(200, &account, ("GET", &of("m")), &accept, "");
}
