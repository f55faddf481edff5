//! The sockets of a server: [`Listeners`] are bound together, one for each address that a name
//! stands for.

use std::fmt::Display;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::task::Poll;

use tokio::net::{TcpListener, TcpSocket, TcpStream, ToSocketAddrs};

use super::BindError;

/// The most connections that wait in the operating system until they are accepted. The usual 128 is
/// too few for a crowd that comes at once: the system passes over whoever comes then, and clients
/// try again after one, three and seven seconds.
const MAX_WAITING: u32 = 4096;
/// How often another free port is tried when the one that was free for the first address is taken
/// for the second.
const MAX_TRIES: usize = 16;

/// The sockets of a server, at least one.
#[derive(Debug)]
pub(super) struct Listeners {
    sockets: Vec<TcpListener>,
    addresses: Vec<SocketAddr>,
    /// The index of the socket that is asked first for the next connection, so that none is passed
    /// over.
    turn: usize,
}

impl Listeners {
    /// Listens on every address that `address` stands for and this machine has, on one port.
    ///
    /// Who connects to a name tries its addresses one after the other, and must find this server
    /// at each: under one of them could be another program.
    pub(super) async fn bind(address: impl ToSocketAddrs + Display) -> Result<Self, BindError> {
        let wanted = address.to_string();
        let failed = |source| BindError::new(wanted.clone(), source);
        let candidates = candidates(&wanted, address).await.map_err(failed)?;
        let mut tries = 0;
        loop {
            match Self::bind_all(&candidates) {
                Ok(listeners) => return Ok(listeners),
                Err((_, error)) if candidates.len() == 1 => return Err(failed(error)),
                Err((at, error)) => {
                    let drawn = candidates.first().is_some_and(|first| first.port() == 0);
                    tries += 1;
                    if !drawn || error.kind() != ErrorKind::AddrInUse || tries == MAX_TRIES {
                        return Err(BindError::new(at.to_string(), error));
                    }
                }
            }
        }
    }

    fn bind_all(candidates: &[SocketAddr]) -> Result<Self, (SocketAddr, io::Error)> {
        let (mut sockets, mut addresses) = (Vec::new(), Vec::<SocketAddr>::new());
        let mut missing = None;
        for candidate in candidates {
            let mut at = *candidate;
            if let Some(first) = addresses.first() {
                at.set_port(first.port());
            }
            match listen(at).and_then(|socket| Ok((socket.local_addr()?, socket))) {
                Ok((address, socket)) => {
                    addresses.push(address);
                    sockets.push(socket);
                }
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
                    ) =>
                {
                    return Err((at, error));
                }
                // A machine need not have every family of addresses.
                Err(error) => missing = missing.or(Some((at, error))),
            }
        }
        match missing {
            Some(missing) if sockets.is_empty() => Err(missing),
            _ => Ok(Self { sockets, addresses, turn: 0 }),
        }
    }

    /// The addresses, those of IPv4 first.
    pub(super) fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Closes the sockets: nobody can connect any more.
    pub(super) fn close(&mut self) {
        self.sockets.clear();
    }

    /// Waits for a connection on any of the sockets.
    pub(super) async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        poll_fn(|context| {
            let count = self.sockets.len();
            for step in 0..count {
                let at = (self.turn + step) % count;
                let Some(socket) = self.sockets.get(at) else { continue };
                if let Poll::Ready(accepted) = socket.poll_accept(context) {
                    self.turn = (at + 1) % count;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Listens on one address.
fn listen(at: SocketAddr) -> io::Result<TcpListener> {
    let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // An emulator that is started again must not wait for connections of the one before; on Windows
    // the option would let two share a port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(at)?;
    socket.listen(MAX_WAITING)
}

/// The addresses that `wanted` stands for, IPv4 first, since that is what older clients reach.
async fn candidates(wanted: &str, address: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
    if let Some(port) = port_of_localhost(wanted) {
        // By RFC 6761 the name means both, whatever this machine's list of hosts says; clients
        // that know it ask no list.
        let both: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        return Ok(both.map(|ip| SocketAddr::new(ip, port)).to_vec());
    }
    let mut found = Vec::new();
    for address in tokio::net::lookup_host(address).await? {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found.sort_by_key(SocketAddr::is_ipv6);
    if found.is_empty() {
        return Err(io::Error::new(ErrorKind::NotFound, "the name has no address"));
    }
    Ok(found)
}

fn port_of_localhost(wanted: &str) -> Option<u16> {
    let (host, port) = wanted.rsplit_once(':')?;
    let host = host.strip_suffix('.').unwrap_or(host);
    host.eq_ignore_ascii_case("localhost").then(|| port.parse().ok())?
}
