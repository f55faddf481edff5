//! TLS against a real server whose certificate has a root of its own.

use std::{
    io::{Read as _, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use queue_client::{
    Endpoint, QueueServiceClient,
    retry::NoRetry,
    transport::{HttpOptions, TlsBackend, TransportErrorKind},
};
use queue_emulator::Emulator;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    server::{Server, answer, answer_all, emulate, read_request},
    under_test::{failure, get, tls_transports},
};

/// A certificate authority that nobody knows.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// What a server shows, and its key.
#[derive(Clone)]
pub(crate) struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);

        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        // OpenSSL finds an issuer by its name.
        let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self { issuer: CertifiedIssuer::self_signed(parameters, key).unwrap() }
    }

    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(crate) fn certificate(&self, host: &str) -> Identity {
        self.certify(CertificateParams::new(vec![host.to_owned()]).unwrap())
    }

    fn certify(&self, parameters: CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Identity { certificate: certificate.der().clone(), key: key.serialize_der() }
    }
}

type Secured = StreamOwned<ServerConnection, std::net::TcpStream>;

/// A server that speaks TLS and then does what `handler` says.
fn serve(identity: &Identity, handler: impl Fn(Secured) + Send + Sync + 'static) -> Server {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key.clone()));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![identity.certificate.clone()], key)
        .unwrap();
    let config = Arc::new(config);
    Server::start(move |stream, _| {
        let session = ServerConnection::new(Arc::clone(&config)).unwrap();
        handler(StreamOwned::new(session, stream));
    })
}

/// A server that answers everything.
pub(crate) fn serve_tls(identity: &Identity) -> Server {
    serve(identity, |mut stream| answer_all(&mut stream, &answer("secured")))
}

fn https(server: &Server, host: &str) -> String {
    format!("https://{host}:{}/", server.address.port())
}

#[tokio::test]
async fn a_server_whose_root_is_trusted_answers() {
    let authority = Authority::new();
    let by_name = serve_tls(&authority.certificate("localhost"));
    let by_address = serve_tls(&authority.certificate("127.0.0.1"));
    let several = format!("{}{}", Authority::new().pem(), authority.pem());
    for options in [
        HttpOptions::new().trust_only(authority.pem()),
        HttpOptions::new().trust_only(several),
        HttpOptions::new().trust(authority.pem()),
    ] {
        for (name, transport) in tls_transports(&options.no_proxy()) {
            for url in [https(&by_name, "localhost"), https(&by_address, "127.0.0.1")] {
                for _ in 0..3 {
                    let response = transport.send(get(&url)).await.unwrap();
                    assert_eq!(response.body(), "secured", "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_trusted_is_connect() {
    let authority = Authority::new();
    let trusting = HttpOptions::new().trust_only(authority.pem()).no_proxy();
    let mut expired = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let good = authority.certificate("localhost");
    for (case, identity, options) in [
        ("unknown to the system", &good, HttpOptions::new().no_proxy()),
        ("unknown issuer", &Authority::new().certificate("localhost"), trusting.clone()),
        ("wrong name", &authority.certificate("account.queue.core.windows.net"), trusting.clone()),
        ("expired", &authority.certify(expired), trusting.clone()),
    ] {
        let server = serve_tls(identity);
        for (name, transport) in tls_transports(&options) {
            let url = https(&server, "localhost");
            let kind = failure(name, &*transport, &url).await;
            assert_eq!(kind, TransportErrorKind::Connect, "{name}: {case}");
            // The sentence of a call says so, in the words of the TLS library.
            let service = QueueServiceClient::builder(
                Endpoint::parse(&url, "contoso".parse().unwrap()).unwrap(),
            );
            let service = service.transport(transport).retry(NoRetry).build().unwrap();
            let error = service.queue("orders").unwrap().peek(1).await.unwrap_err();
            let text = error.to_string();
            assert!(text.ends_with("HttpOptions::trust takes an issuer of your own"), "{text}");
        }
    }
}

#[tokio::test]
async fn tls_with_a_server_that_has_none_is_connect() {
    let plain = Server::start(|mut stream, _| {
        let _ = stream.read(&mut [0; 100]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    });
    let closing = Server::start(|stream, _| drop(stream));
    for (name, transport) in tls_transports(&HttpOptions::new().no_proxy()) {
        for server in [&plain, &closing] {
            let kind = failure(name, &*transport, &https(server, "localhost")).await;
            assert_eq!(kind, TransportErrorKind::Connect, "{name}");
        }
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_connect_after_the_timeout() {
    let silent = Server::start(
        |mut stream, _| {
            while stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
        },
    );
    let options = HttpOptions::new().connect_timeout(Duration::from_millis(200)).no_proxy();
    for (name, transport) in tls_transports(&options) {
        let url = https(&silent, "localhost");
        let limit = Duration::from_secs(5);
        let kind = tokio::time::timeout(limit, failure(name, &*transport, &url)).await;
        assert_eq!(kind.ok(), Some(TransportErrorKind::Connect), "{name}");
    }
}

#[tokio::test]
async fn plain_requests_to_a_tls_server_are_interrupted() {
    let server = serve_tls(&Authority::new().certificate("localhost"));
    for (name, transport) in tls_transports(&HttpOptions::new().no_proxy()) {
        let kind = failure(name, &*transport, &server.url("/")).await;
        assert_eq!(kind, TransportErrorKind::Interrupted, "{name}");
    }
}

#[tokio::test]
async fn an_end_before_the_answer_is_the_same_with_tls() {
    let authority = Authority::new();
    // With and without a farewell.
    let farewell = serve(&authority.certificate("localhost"), |mut stream| {
        read_request(&mut stream);
        stream.conn.send_close_notify();
        let _ = stream.flush();
    });
    let silent = serve(&authority.certificate("localhost"), |mut stream| {
        read_request(&mut stream);
    });
    let options = HttpOptions::new().trust_only(authority.pem()).no_proxy();
    for (name, transport) in tls_transports(&options) {
        for server in [&farewell, &silent] {
            let kind = failure(name, &*transport, &https(server, "localhost")).await;
            assert_eq!(kind, TransportErrorKind::ClosedBeforeAnswer, "{name}");
        }
    }
}

#[tokio::test]
async fn half_a_body_is_interrupted_with_tls() {
    let authority = Authority::new();
    let server = serve(&authority.certificate("localhost"), |mut stream| {
        read_request(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<Queue");
    });
    let options = HttpOptions::new().trust_only(authority.pem()).no_proxy();
    for (name, transport) in tls_transports(&options) {
        let kind = failure(name, &*transport, &https(&server, "localhost")).await;
        assert_eq!(kind, TransportErrorKind::Interrupted, "{name}");
    }
}

#[tokio::test]
async fn a_queue_works_over_tls() {
    let authority = Authority::new();
    let emulator = Emulator::new();
    let service = emulator.clone();
    let server = serve(&authority.certificate("localhost"), move |mut stream| {
        while let Some(request) = read_request(&mut stream) {
            stream.write_all(&emulate(&service, &request)).unwrap();
        }
    });
    let options = HttpOptions::new().trust_only(authority.pem()).no_proxy();
    let url = https(&server, "localhost");
    let connection_string = emulator.account().connection_string(url.trim_end_matches('/'));
    for (name, transport) in tls_transports(&options) {
        let queue = QueueServiceClient::builder_from_connection_string(&connection_string)
            .unwrap()
            .transport(transport)
            .build()
            .unwrap()
            .queue("orders")
            .unwrap();
        queue.create_if_missing().await.unwrap();
        queue.send(name).await.unwrap();
        let message = queue.receive_one().await.unwrap().unwrap();
        assert_eq!(message.text(), name);
        queue.delete(&message).await.unwrap();
    }
}

#[test]
fn roots_that_are_none_are_refused() {
    let broken = Authority::new().pem().replace("MII", "!!!");
    for pem in ["", "no certificate", &broken] {
        for options in [HttpOptions::new().trust(pem), HttpOptions::new().trust_only(pem)] {
            for backend in TlsBackend::ALL {
                let options = options.clone().tls(*backend);
                #[cfg(feature = "reqwest")]
                {
                    let result = queue_client::transport::ReqwestTransport::with_options(&options);
                    assert!(result.is_err(), "{backend:?}, {pem:?}");
                }
                #[cfg(feature = "hyper")]
                {
                    let result = queue_client::transport::HyperTransport::with_options(&options);
                    assert!(result.is_err(), "{backend:?}, {pem:?}");
                }
            }
        }
    }
}
