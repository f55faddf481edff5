//! The way to the service: name, address, proxy, and whether somebody listens there.

use std::{io, time::Duration};

use http::Uri;
use queue_client::transport::{HyperTransport, Transport as _};
use tokio::net::{TcpStream, lookup_host};

use super::finding::Finding;
use crate::account::Chosen;

/// The port of the emulator, and of Azurite.
const EMULATOR_PORT: u16 = 10001;
const PATIENCE: Duration = Duration::from_secs(10);

/// Checks the way to the service; says whether a request may arrive.
pub(super) async fn examine(
    chosen: &Chosen,
    transport: &HyperTransport,
    findings: &mut Vec<Finding>,
) -> bool {
    let endpoint = chosen.account.endpoint();
    let proxy = endpoint.to_string().parse::<Uri>().ok().and_then(|uri| transport.proxy(&uri));
    let (what, authority, default_port) = match &proxy {
        Some(proxy) => {
            findings.push(Finding::ok("proxy", format!("requests go by the proxy {proxy}")));
            let authority = proxy.parse::<Uri>().ok().and_then(|uri| uri.authority().cloned());
            ("the proxy", authority, 80)
        }
        None => {
            let port = if endpoint.is_https() { 443 } else { 80 };
            ("the service", Some(endpoint.authority().clone()), port)
        }
    };
    let Some(authority) = authority else { return true };
    let port = authority.port_u16().unwrap_or(default_port);
    let host = authority.host().trim_matches(['[', ']']);
    let looked_up = tokio::time::timeout(PATIENCE, lookup_host((host, port))).await;
    let addresses: Vec<_> = match looked_up {
        Ok(Ok(addresses)) => addresses.collect(),
        Ok(Err(error)) => {
            findings.push(no_name(host, proxy.is_some(), &error.to_string()));
            return false;
        }
        Err(_) => {
            findings.push(no_name(host, proxy.is_some(), "no answer in time"));
            return false;
        }
    };
    let Some(address) = addresses.first() else {
        findings.push(no_name(host, proxy.is_some(), "it has no address"));
        return false;
    };
    findings.push(Finding::ok("dns", format!("{host} is {}", address.ip())));
    let connected =
        match tokio::time::timeout(PATIENCE, TcpStream::connect(addresses.as_slice())).await {
            Ok(result) => result.map(drop),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
    match connected {
        Ok(()) => {
            findings.push(Finding::ok("connection", format!("{what} listens at {address}")));
            true
        }
        Err(error) => {
            findings.push(refused(what, host, port, &error));
            false
        }
    }
}

fn no_name(host: &str, is_proxy: bool, why: &str) -> Finding {
    let sentence = format!("no address is known for {host} ({why})");
    Finding::fail("dns", sentence).cure(if is_proxy {
        "correct HTTPS_PROXY or HTTP_PROXY, or unset it"
    } else {
        "check the name of the account and the endpoint, and the DNS of this machine or its private link"
    })
}

fn refused(what: &str, host: &str, port: u16, error: &io::Error) -> Finding {
    let is_loopback = host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    if is_loopback && what == "the service" {
        let here = if port == EMULATOR_PORT { String::new() } else { format!(" --port {port}") };
        return Finding::fail(
            "connection",
            format!("the emulator is not running at {host}:{port}"),
        )
        .cure(format!("start it with `azq emulator{here}`"));
    }
    let sentence = match error.kind() {
        io::ErrorKind::TimedOut => {
            format!("no answer from {host}:{port} in {} s", PATIENCE.as_secs())
        }
        _ => format!("no way to {what} at {host}:{port}: {error}"),
    };
    Finding::fail("connection", sentence)
        .cure("check firewalls, the network rules of the account, and whether a proxy is needed (HTTPS_PROXY)")
}
