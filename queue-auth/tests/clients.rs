//! Requests that other HTTP clients send after we signed them, as a server sees them: nothing that
//! is signed may change on the way.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use common::{account_key, key_store};
use http::Request;
use queue_auth::sas::{QueuePermissions, QueueSas};
use queue_auth::verify::{NoPolicies, RequestContext, Verifier, VerifyError};
use queue_auth::{Authorize, SharedKey, SharedKeyLite};

/// A server for one request that verifies it and answers 201, or 403 with the reason.
fn server() -> (SocketAddr, JoinHandle<Result<(), VerifyError>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap());
        let mut line = || {
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let start = line();
        let mut start = start.split(' ');
        let mut request =
            Request::builder().method(start.next().unwrap()).uri(start.next().unwrap());
        let mut length = 0;
        loop {
            let line = line();
            let Some((name, value)) = line.split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().unwrap();
            }
            request = request.header(name, value);
        }
        lines.read_exact(&mut vec![0; length]).unwrap();
        let context = RequestContext::new(SystemTime::now()).path_style(true);
        let verdict = Verifier::new(key_store()).verify(
            "contoso",
            &request.body(()).unwrap(),
            &NoPolicies,
            &context,
        );
        let status = if verdict.is_ok() { "201 Created" } else { "403 Forbidden" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
        verdict.map(drop)
    });
    (address, thread)
}

/// With what HTTP stacks like to rewrite: encoded letters and marks, and an empty value.
fn request(address: SocketAddr) -> Request<String> {
    let body = "<QueueMessage><MessageText>hello</MessageText></QueueMessage>".to_owned();
    Request::post(format!(
        "http://{address}/contoso/jobs/messages?popreceipt=Ag%2BA%2FwM%3D&x=%27%2D%20&empty=&timeout=30"
    ))
    .header("content-type", "application/xml")
    .header("content-length", body.len())
    .header("x-ms-version", "2026-02-06")
    .header("x-ms-meta-Note", "two  blanks")
    .body(body)
    .unwrap()
}

fn signers() -> Vec<Box<dyn Authorize>> {
    let until = SystemTime::now() + Duration::from_secs(60);
    let key = account_key("contoso");
    let sas = QueueSas::new("jobs", QueuePermissions::ADD, until).sign("contoso", &key).unwrap();
    vec![
        Box::new(SharedKey::new("contoso", key.clone())),
        Box::new(SharedKeyLite::new("contoso", key)),
        Box::new(sas),
    ]
}

fn signed(signer: &dyn Authorize, address: SocketAddr) -> Request<String> {
    let (mut parts, body) = request(address).into_parts();
    signer.authorize(&mut parts, SystemTime::now()).unwrap();
    Request::from_parts(parts, body)
}

#[tokio::test]
async fn reqwest() -> Result<(), Box<dyn Error>> {
    let client = ::reqwest::Client::builder().no_proxy().build()?;
    for signer in signers() {
        let (address, server) = server();
        let response = client.execute(signed(&signer, address).try_into()?).await?;
        server.join().unwrap()?;
        assert_eq!(response.status(), 201);
    }
    Ok(())
}

#[test]
fn ureq() -> Result<(), Box<dyn Error>> {
    let agent = ::ureq::Agent::new_with_defaults();
    for signer in signers() {
        let (address, server) = server();
        let response = agent.run(signed(&signer, address))?;
        server.join().unwrap()?;
        assert_eq!(response.status(), 201);
    }
    Ok(())
}

#[tokio::test]
async fn hyper() -> Result<(), Box<dyn Error>> {
    for signer in signers() {
        let (address, server) = server();
        let stream = tokio::net::TcpStream::connect(address).await?;
        let io = hyper_util::rt::TokioIo::new(stream);
        let (mut sender, connection) = ::hyper::client::conn::http1::handshake(io).await?;
        let driver = tokio::spawn(connection);
        let mut request = signed(&signer, address);
        // On a connection of its own, hyper wants the path alone; the path is what is signed.
        *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse()?;
        request.headers_mut().insert("host", address.to_string().parse()?);
        let response = sender.send_request(request).await?;
        server.join().unwrap()?;
        assert_eq!(response.status(), 201);
        driver.abort();
    }
    Ok(())
}

#[test]
fn a_changed_request_is_refused() {
    let (address, server) = server();
    let mut request = signed(&SharedKey::new("contoso", account_key("contoso")), address);
    request.headers_mut().insert("x-ms-meta-Note", "other".parse().unwrap());
    let error = ::ureq::Agent::new_with_defaults().run(request).unwrap_err();
    assert!(matches!(error, ::ureq::Error::StatusCode(403)), "{error}");
    assert!(server.join().unwrap().is_err());
}
