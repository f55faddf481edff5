//! The listener over TLS.

use std::sync::Arc;
use std::time::Duration;

use queue_emulator::{Certificate, Emulator, Server, TokenIssuer, UserToken};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

fn trusting(pem: &str) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

async fn list(server: &Server, connector: &TlsConnector, name: &str, token: &str) -> String {
    let stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let request = format!(
        "GET /devstoreaccount1?comp=list HTTP/1.1\r\nhost: localhost\r\nx-ms-version: 2026-10-06\r\n\
         authorization: Bearer {token}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn tokens_are_accepted_over_tls_under_every_name_of_this_machine() {
    let certificate = Certificate::generate().unwrap();
    let server = Server::bind_https(Emulator::new(), "127.0.0.1:0", &certificate).await.unwrap();
    assert!(server.base_url().starts_with("https://127.0.0.1:"));
    assert!(server.connection_string().starts_with("DefaultEndpointsProtocol=https;"));
    let token = TokenIssuer::new(b"any").issue(&UserToken::new(), server.emulator().now());
    let connector = trusting(certificate.trust());
    for name in ["localhost", "127.0.0.1", "::1", "devstoreaccount1.queue.localhost"] {
        let answer = list(&server, &connector, name, &token).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("https://localhost/devstoreaccount1/"), "{answer}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn others_are_not_held_up_by_those_that_do_not_shake_hands() {
    let certificate = Certificate::generate().unwrap();
    let server = Server::bind_https(Emulator::new(), "127.0.0.1:0", &certificate).await.unwrap();
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(TcpStream::connect(server.local_addr()).await.unwrap());
    }
    let mut clear = TcpStream::connect(server.local_addr()).await.unwrap();
    clear.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let token = TokenIssuer::new(b"any").issue(&UserToken::new(), server.emulator().now());
    let connector = trusting(certificate.trust());
    let answer = list(&server, &connector, "localhost", &token).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    // Nor does the end of the server wait for them.
    tokio::time::timeout(Duration::from_secs(3), server.shutdown()).await.unwrap();
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let good = Certificate::generate().unwrap();
    assert!(!format!("{good:?}").contains("PRIVATE"));
    for (certificate, key, sentence) in [
        ("", "", "the certificate is not in PEM form"),
        (good.trust(), "nonsense", "the key of the certificate is not a private key in PEM form"),
    ] {
        let error = Certificate::from_pem(certificate, key).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}
