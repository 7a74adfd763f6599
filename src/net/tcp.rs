//! A host name becomes a TCP connection.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio::time::timeout;
use url::{Host, Url};

use super::error::NetError;

/// How long an address may take before the next is tried beside it (RFC 8305, 5).
const NEXT_ADDRESS: Duration = Duration::from_millis(250);

/// How to connect, beside where.
pub struct Endpoint {
    pub family: Family,
    pub local: Option<IpAddr>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Any,
    V4,
    V6,
}

impl Family {
    pub fn parse(family: Option<u8>) -> Family {
        match family {
            Some(4) => Family::V4,
            Some(6) => Family::V6,
            _ => Family::Any,
        }
    }

    fn takes(self, address: &SocketAddr) -> bool {
        match self {
            Family::Any => true,
            Family::V4 => address.is_ipv4(),
            Family::V6 => address.is_ipv6(),
        }
    }
}

impl Endpoint {
    /// Tries the addresses of the URL's host, the next when one fails or takes long.
    pub async fn connect(&self, url: &Url) -> Result<TcpStream, NetError> {
        let mut addresses = self.resolve(url).await?.into_iter();
        let mut attempts = JoinSet::new();
        let mut first_error = None;
        loop {
            if let Some(address) = addresses.next() {
                attempts.spawn(open(address, self.local));
            } else if attempts.is_empty() {
                break;
            }
            // An expired wait starts the next address; without one there is only waiting.
            let patience = if addresses.len() > 0 {
                NEXT_ADDRESS
            } else {
                Duration::MAX
            };
            match timeout(patience, attempts.join_next()).await {
                Ok(Some(Ok(Ok(stream)))) => return Ok(stream),
                Ok(Some(Ok(Err(error)))) => {
                    first_error.get_or_insert(error);
                }
                // An attempt that panicked has been reported by the panic hook.
                Ok(Some(Err(_)) | None) | Err(_) => {}
            }
        }
        Err(first_error.unwrap_or_else(|| not_found(url)))
    }

    async fn resolve(&self, url: &Url) -> Result<Vec<SocketAddr>, NetError> {
        let port = url.port_or_known_default().unwrap_or(80);
        let found: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![(address, port).into()],
            Some(Host::Ipv6(address)) => vec![(address, port).into()],
            Some(Host::Domain(name)) => lookup_host((name, port))
                .await
                .map_err(|error| dns_error(name, &error))?
                .collect(),
            None => Vec::new(),
        };
        let (first, second): (Vec<_>, Vec<_>) = found
            .into_iter()
            .filter(|address| self.family.takes(address))
            .filter(|address| {
                self.local
                    .is_none_or(|local| local.is_ipv4() == address.is_ipv4())
            })
            .partition(SocketAddr::is_ipv4);
        let addresses = interleave(first, second);
        if addresses.is_empty() {
            Err(not_found(url))
        } else {
            Ok(addresses)
        }
    }
}

/// One of each family in turn, so that a family that does not work costs one wait (RFC 8305, 4).
fn interleave(first: Vec<SocketAddr>, second: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let longer = first.len().max(second.len());
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    (0..longer)
        .flat_map(|_| [first.next(), second.next()])
        .flatten()
        .collect()
}

async fn open(address: SocketAddr, local: Option<IpAddr>) -> Result<TcpStream, NetError> {
    let failed = |call| move |error| NetError::system(call, format!(" {address}"), error);
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }
    .map_err(failed("connect"))?;
    if let Some(local) = local {
        socket
            .bind((local, 0).into())
            .map_err(|error| NetError::system("bind", format!(" {local}"), error))?;
    }
    let stream = socket.connect(address).await.map_err(failed("connect"))?;
    stream.set_nodelay(true).map_err(failed("setsockopt"))?;
    Ok(stream)
}

fn not_found(url: &Url) -> NetError {
    NetError::Dns {
        code: "ENOTFOUND",
        host: url.host_str().unwrap_or_default().to_owned(),
    }
}

/// The resolver's own code is only in its message.
fn dns_error(name: &str, error: &std::io::Error) -> NetError {
    let temporary = error.to_string().contains("Temporary failure");
    NetError::Dns {
        code: if temporary { "EAI_AGAIN" } else { "ENOTFOUND" },
        host: name.to_owned(),
    }
}
