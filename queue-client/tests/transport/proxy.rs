//! Real proxies: one that reads requests, one that tunnels.

use std::{
    env,
    io::{self, Write as _},
    net::{Shutdown, TcpStream, ToSocketAddrs as _},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use queue_client::{
    QueueServiceClient,
    retry::NoRetry,
    transport::{HttpOptions, TransportErrorKind},
};

use crate::{
    server::{Server, answer, answer_all, header, read_request, wait_for_end},
    under_test::{get, kind, with_proxies},
};

/// A proxy that does what RFC 9110 says: absolute URLs are fetched, `CONNECT` makes a tunnel.
pub(crate) struct Proxy {
    server: Server,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// What the proxy was asked: the first line, and the credential for the proxy.
type Seen = (String, Option<String>);

impl Proxy {
    /// `refusal` is the status line for those who want a tunnel, if they get none.
    pub(crate) fn start(refusal: Option<&'static str>) -> Self {
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let log = Arc::clone(&seen);
        let server = Server::start(move |mut stream, _| {
            while let Some(request) = read_request(&mut stream) {
                let first = request.lines().next().unwrap().to_owned();
                let credential = header(&request, "proxy-authorization").map(str::to_owned);
                log.lock().unwrap().push((first.clone(), credential));
                let target = first.split(' ').nth(1).unwrap();
                if let Some(url) = target.strip_prefix("http://") {
                    let (host, path) = url.split_once('/').unwrap();
                    let mut origin = TcpStream::connect(host).unwrap();
                    let request = request.replacen(target, &format!("/{path}"), 1);
                    let request = request.replacen("\r\n", "\r\nConnection: close\r\n", 1);
                    origin.write_all(request.as_bytes()).unwrap();
                    origin.shutdown(Shutdown::Write).unwrap();
                    io::copy(&mut origin, &mut stream).unwrap();
                    return;
                }
                if let Some(refusal) = refusal {
                    write!(stream, "HTTP/1.1 {refusal}\r\nContent-Length: 0\r\n\r\n").unwrap();
                    continue;
                }
                let origin = TcpStream::connect(target).unwrap();
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
                join(stream, origin);
                return;
            }
        });
        Self { server, seen }
    }

    pub(crate) fn url(&self, credential: &str) -> String {
        format!("http://{credential}{}", self.server.address)
    }

    pub(crate) fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

/// Copies in both directions until both sides are done.
fn join(one: TcpStream, other: TcpStream) {
    let copy = |mut from: TcpStream, mut to: TcpStream| {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    };
    let (from, to) = (one.try_clone().unwrap(), other.try_clone().unwrap());
    let there = thread::spawn(move || copy(from, to));
    copy(other, one);
    there.join().unwrap();
}

/// `user:p@ss`, in a URL and in a header.
const CREDENTIAL: (&str, &str) = ("user:p%40ss@", "Basic dXNlcjpwQHNz");

#[tokio::test]
async fn plain_requests_go_to_the_proxy_with_their_whole_url() {
    let origin = Server::start(|mut stream, _| answer_all(&mut stream, &answer("origin")));
    let proxy = Proxy::start(None);
    for (in_url, in_header) in [("", None), (CREDENTIAL.0, Some(CREDENTIAL.1.to_owned()))] {
        let options = HttpOptions::new().proxy(&proxy.url(in_url)).unwrap();
        assert!(!format!("{options:?}").contains("p%40ss"));
        for (name, transport) in with_proxies(&options) {
            let response = transport.send(get(&origin.url("/a?b=c"))).await.unwrap();
            assert_eq!(response.body(), "origin", "{name}");
            let line = format!("GET {} HTTP/1.1", origin.url("/a?b=c"));
            assert_eq!(proxy.take_seen(), [(line, in_header.clone())], "{name}");
        }
    }
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_connect() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let options = HttpOptions::new().proxy(&format!("http://user:c2VjcmV0@{nobody}")).unwrap();
    for (name, transport) in with_proxies(&options) {
        let result = transport.send(get("http://127.0.0.1:1/")).await;
        let named = format!("http://{nobody}");
        assert_eq!(result.as_ref().unwrap_err().proxy(), Some(&*named), "{name}");
        assert!(result.as_ref().unwrap_err().to_string().contains(&named), "{name}");
        assert_eq!(kind(name, result), TransportErrorKind::Connect);
    }
}

#[tokio::test]
async fn the_sentence_of_a_call_names_the_proxy() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let silent = Server::start(|mut stream, _| {
        read_request(&mut stream);
        wait_for_end(&mut stream);
    });
    for (proxy, expected) in [
        (
            nobody,
            format!(
                "no connection to http://127.0.0.1:10001/devstoreaccount1/ by the proxy http://{nobody}: "
            ),
        ),
        (
            silent.address,
            format!("did not answer PeekMessages in time (by the proxy http://{})", silent.address),
        ),
    ] {
        let options = HttpOptions::new().proxy(&format!("http://user:c2VjcmV0@{proxy}")).unwrap();
        for (name, transport) in with_proxies(&options) {
            let service =
                QueueServiceClient::builder_from_connection_string("UseDevelopmentStorage=true")
                    .unwrap()
                    .transport(transport)
                    .retry(NoRetry)
                    .attempt_timeout(Duration::from_millis(200))
                    .build()
                    .unwrap();
            let error = service.queue("orders").unwrap().peek(1).await.unwrap_err();
            let text = error.to_string();
            assert!(text.contains(&expected), "{name}: {text}");
            assert!(!format!("{error:?} {error:#?}").contains("c2VjcmV0"), "{name}: {error:#?}");
        }
    }
}

#[test]
fn only_http_urls_name_a_proxy() {
    for url in ["", "proxy:3128", "socks5://proxy:1080", "https://proxy", "/proxy"] {
        let error = HttpOptions::new().proxy(url).unwrap_err();
        assert_eq!(error.kind(), TransportErrorKind::NotSent, "{url}");
    }
}

#[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
#[tokio::test]
async fn https_requests_go_through_a_tunnel() {
    use crate::{
        tls::{Authority, serve_tls},
        under_test::tls_transports,
    };

    let authority = Authority::new();
    let origin = serve_tls(&authority.certificate("localhost"));
    let proxy = Proxy::start(None);
    for (in_url, in_header) in [("", None), (CREDENTIAL.0, Some(CREDENTIAL.1.to_owned()))] {
        let options =
            HttpOptions::new().proxy(&proxy.url(in_url)).unwrap().trust_only(authority.pem());
        for (name, transport) in tls_transports(&options) {
            let url = format!("https://localhost:{}/a?sig=c2VjcmV0", origin.address.port());
            for _ in 0..2 {
                assert_eq!(transport.send(get(&url)).await.unwrap().body(), "secured", "{name}");
            }
            let line = format!("CONNECT localhost:{} HTTP/1.1", origin.address.port());
            assert_eq!(proxy.take_seen(), [(line, in_header.clone())], "{name}");
        }
    }
}

#[cfg(any(feature = "rustls", feature = "rustls-ring", feature = "native-tls"))]
#[tokio::test]
async fn a_refused_tunnel_is_connect() {
    use crate::under_test::tls_transports;

    for refusal in ["407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway"] {
        let proxy = Proxy::start(Some(refusal));
        let options = HttpOptions::new().proxy(&proxy.url("")).unwrap();
        for (name, transport) in tls_transports(&options) {
            let result = transport.send(get("https://localhost:1/?sig=c2VjcmV0")).await;
            assert_eq!(kind(name, result), TransportErrorKind::Connect, "{refusal}");
        }
    }
}

/// What the test inside asks for, and the proxy that its errors must name, if any.
const ORIGIN: &str = "QUEUE_CLIENT_TEST_ORIGIN";
const NAMED: &str = "QUEUE_CLIENT_TEST_NAMED";

/// Runs `inside_such_an_environment` in a process of its own with these variables.
fn run_with(variables: &[(&str, String)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.envs(variables.iter().map(|(name, value)| (name, value))).args([
        "--exact",
        "proxy::inside_such_an_environment",
        "--ignored",
    ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
#[ignore = "run by the tests of the environment, in a process of its own"]
async fn inside_such_an_environment() {
    let url = env::var(ORIGIN).unwrap();
    let named = env::var(NAMED).ok();
    if named.as_deref() == Some("nobody") {
        for (name, transport) in with_proxies(&HttpOptions::new()) {
            assert_eq!(transport.proxy(&url.parse().unwrap()), None, "{name}");
        }
        return;
    }
    for (name, transport) in with_proxies(&HttpOptions::new()) {
        assert_eq!(transport.proxy(&url.parse().unwrap()), named, "{name}");
        assert_eq!(transport.send(get(&url)).await.unwrap().body(), "origin", "{name}");
    }
    if named.is_none() {
        for (name, transport) in with_proxies(&HttpOptions::new().no_proxy()) {
            assert_eq!(transport.send(get(&url)).await.unwrap().body(), "origin", "{name}");
        }
    }
}

/// A proxy that answers for every host, since the hosts of these tests do not exist.
fn answering() -> (Server, Arc<Mutex<Vec<Seen>>>) {
    let seen = Arc::<Mutex<Vec<_>>>::default();
    let log = Arc::clone(&seen);
    let server = Server::start(move |mut stream, _| {
        while let Some(request) = read_request(&mut stream) {
            let first = request.lines().next().unwrap().to_owned();
            let credential = header(&request, "proxy-authorization").map(str::to_owned);
            log.lock().unwrap().push((first, credential));
            stream.write_all(&answer("origin")).unwrap();
        }
    });
    (server, seen)
}

#[test]
fn the_environment_names_the_proxy() {
    let elsewhere = || (ORIGIN, "http://queues.invalid:10001/".to_owned());
    let transports = with_proxies(&HttpOptions::new()).len();
    let (proxy, seen) = answering();
    let take_seen = || std::mem::take(&mut *seen.lock().unwrap());
    let url = |credential: &str| format!("http://{credential}{}", proxy.address);
    let named = || (NAMED, url(""));

    run_with(&[elsewhere(), named(), ("HTTP_PROXY", url(CREDENTIAL.0))]);
    let line = "GET http://queues.invalid:10001/ HTTP/1.1".to_owned();
    assert_eq!(take_seen(), vec![(line, Some(CREDENTIAL.1.to_owned())); transports]);

    run_with(&[elsewhere(), named(), ("all_proxy", url(""))]);
    assert_eq!(take_seen().len(), transports);

    let nobody = || (NAMED, "nobody".to_owned());
    let excepted = ("NO_PROXY", "invalid".to_owned());
    run_with(&[elsewhere(), nobody(), ("HTTP_PROXY", url("")), excepted]);
    run_with(&[elsewhere(), nobody(), ("HTTPS_PROXY", url(""))]);
}

#[test]
fn requests_to_this_machine_go_past_the_proxies_of_the_environment() {
    let origin = Server::start(|mut stream, _| answer_all(&mut stream, &answer("origin")));
    let (proxy, seen) = answering();
    let url = format!("http://{}", proxy.address);
    let port = origin.address.port();
    for host in ["127.0.0.1", "localhost", "contoso.queue.localhost"] {
        // The resolver of the machine may not know names below localhost.
        if (host, port).to_socket_addrs().is_err() {
            continue;
        }
        for variable in ["HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
            let here = (ORIGIN, format!("http://{host}:{port}/"));
            run_with(&[here, (variable, url.clone())]);
            assert_eq!(*seen.lock().unwrap(), [], "{host} {variable}");
        }
    }
}
