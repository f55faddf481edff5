//! The listener over TLS.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use queue_emulator::{Certificate, Emulator, FileForm, Server, TokenIssuer, UserToken};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

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

const VERSION_1: &str = include_str!("certificates/version1.pem");
const VERSION_1_KEY: &str = include_str!("certificates/version1.key");

/// What is between the lines of PEM.
fn der(pem: &str) -> Vec<u8> {
    let lines: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".chars().chain(text.chars()).flat_map(|c| (c as u16).to_le_bytes()).collect()
}

#[test]
fn certificates_that_cannot_be_used_are_named() {
    let good = Certificate::generate().unwrap();
    assert!(!format!("{good:?}").contains("PRIVATE"));
    let request = include_str!("certificates/request.pem");
    let pkcs7 = include_str!("certificates/store.p7b");
    let encrypted = include_str!("certificates/encrypted.key");
    let pfx = include_bytes!("certificates/store.pfx");
    let bare = VERSION_1.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    let damaged = VERSION_1.replace("MII", "!!!").replace("MIH", "!!!");
    let old_encryption =
        VERSION_1_KEY.replace("KEY-----\nM", "KEY-----\nProc-Type: 4,ENCRYPTED\n\nM");
    for (certificate, form) in [
        (&b""[..], FileForm::Empty),
        (b" \r\n", FileForm::Empty),
        (&utf16(VERSION_1), FileForm::Utf16),
        (pfx, FileForm::Pkcs12),
        (pkcs7.as_bytes(), FileForm::Pkcs7),
        (&der(pkcs7), FileForm::Pkcs7),
        (b"\xfe\xed\xfe\xed\0\0\0\x02", FileForm::JavaKeyStore),
        (&der(VERSION_1), FileForm::DerCertificate),
        (&der(good.trust()), FileForm::DerCertificate),
        (request.as_bytes(), FileForm::Request),
        (&der(request), FileForm::Request),
        (VERSION_1_KEY.as_bytes(), FileForm::OtherPem("PRIVATE KEY".to_owned())),
        (bare.as_bytes(), FileForm::BareBase64),
        (damaged.as_bytes(), FileForm::DamagedPem),
        (b"nonsense", FileForm::Unknown),
        (b"\x30\x80\xff\xff", FileForm::Unknown),
    ] {
        let error = Certificate::from_pem(certificate, VERSION_1_KEY).unwrap_err();
        let start = format!("the certificate is not in PEM form: {form}");
        assert_eq!(error.to_string(), start, "{}", certificate.escape_ascii());
    }
    for (key, form) in [
        (&b""[..], FileForm::Empty),
        (&utf16(VERSION_1_KEY), FileForm::Utf16),
        (pfx, FileForm::Pkcs12),
        (&der(VERSION_1_KEY), FileForm::DerKey),
        (encrypted.as_bytes(), FileForm::EncryptedKey),
        (&der(encrypted), FileForm::EncryptedKey),
        (old_encryption.as_bytes(), FileForm::EncryptedKey),
        (VERSION_1.as_bytes(), FileForm::OtherPem("CERTIFICATE".to_owned())),
    ] {
        let error = Certificate::from_pem(VERSION_1, key).unwrap_err();
        let start = format!("the key of the certificate is not a private key in PEM form: {form}");
        assert_eq!(error.to_string(), start, "{}", key.escape_ascii());
    }
    let both = VERSION_1.to_owned() + good.trust();
    let swapped = good.trust().to_owned() + VERSION_1;
    for (certificate, key, sentence) in [
        (VERSION_1, include_str!("certificates/short.key"), "an RSA key of 1024 bits"),
        (VERSION_1, include_str!("certificates/p521.key"), "of the kind P-521"),
        (good.trust(), VERSION_1_KEY, "do not belong together"),
        (&swapped, VERSION_1_KEY, "the server's own must be the first"),
        (
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
            VERSION_1_KEY,
            "no certificate",
        ),
    ] {
        let told = Certificate::from_pem(certificate, key).unwrap_err().to_string();
        assert!(told.contains(sentence), "{told}");
    }
    // Whatever stands around it, and both in one file.
    let marked = format!("\u{feff}subject: CN = localhost\r\n{both}{VERSION_1_KEY}");
    let certificate = Certificate::from_pem(&marked, &marked).unwrap();
    assert_eq!(certificate.trust(), both);
}

#[test]
fn garbage_is_neither_a_certificate_nor_a_key() {
    let mut random = fastrand::Rng::with_seed(11);
    let sources = [der(VERSION_1), der(VERSION_1_KEY), VERSION_1.into(), VERSION_1_KEY.into()];
    for round in 0..2_000 {
        let mut file = sources[round % sources.len()].clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(..file.len());
            match random.u8(..3) {
                0 => file[at] = random.u8(..),
                1 => file.truncate(at.max(1)),
                _ => file.insert(at, random.u8(..)),
            }
        }
        // Neither may panic, and what is taken must be both.
        let _ = Certificate::from_pem(&file, VERSION_1_KEY);
        let _ = Certificate::from_pem(VERSION_1, &file);
    }
}

/// Trusts one certificate, and asks nothing about its form.
#[derive(Debug)]
struct Exactly(Vec<u8>);

impl ServerCertVerifier for Exactly {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(**certificate, *self.0);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

#[tokio::test]
async fn certificates_of_version_1_are_served() {
    let certificate = Certificate::from_pem(VERSION_1, VERSION_1_KEY).unwrap();
    assert_eq!(certificate.x509_version(), 1);
    assert_eq!(Certificate::generate().unwrap().x509_version(), 3);
    let server = Server::bind_https(Emulator::new(), "127.0.0.1:0", &certificate).await.unwrap();
    let token = TokenIssuer::new(b"any").issue(&UserToken::new(), server.emulator().now());
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    config.dangerous().set_certificate_verifier(Arc::new(Exactly(der(VERSION_1))));
    let connector = TlsConnector::from(Arc::new(config));
    let answer = list(&server, &connector, "localhost", &token).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_trust_the_certificate_is_told_of() {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let options = queue_emulator::ServerOptions::new()
        .certificate(&Certificate::generate().unwrap())
        .on_failure(move |failure| {
            let _ = tell.send(failure.clone());
        });
    let server = options.bind(Emulator::new(), "127.0.0.1:0").await.unwrap();
    let stranger = Certificate::generate().unwrap();
    let stream = TcpStream::connect(server.local_addr()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    assert!(trusting(stranger.trust()).connect(name, stream).await.is_err());
    let failure = told.recv().await.unwrap();
    assert_eq!(failure.reason.code(), "certificate-refused");
    server.shutdown().await;
}
