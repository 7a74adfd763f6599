//! From a host name to a TCP connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use url::Host;

use super::outside::{self, Need, Outside};
use super::resolver::Resolver;
use super::stream::Stream;
use super::{BadOption, NetError, Options};

/// Which addresses may be connected, from where, and how.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Connector {
    local: Option<IpAddr>,
    family: Option<Family>,
    /// Head start of one address before the next is tried beside it (RFC 8305, 5). `None`: the first alone is tried.
    head_start: Option<Duration>,
    keep_alive: Option<KeepAlive>,
    /// The program outside has the addresses of names.
    asks_addresses: bool,
}

/// Probes of the system on a connection where nothing moves.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct KeepAlive {
    /// Before the first; zero leaves it to the system.
    idle: Duration,
}

impl KeepAlive {
    /// Ten probes, a second apart, as those of Node.
    fn set(self, stream: &TcpStream) -> io::Result<()> {
        let socket = SockRef::from(stream);
        if self.idle.is_zero() {
            return socket.set_keepalive(true);
        }
        let probes = TcpKeepalive::new()
            .with_time(self.idle)
            .with_interval(Duration::from_secs(1));
        #[cfg(not(windows))]
        let probes = probes.with_retries(10);
        socket.set_tcp_keepalive(&probes)
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn of(ip: IpAddr) -> Family {
        if ip.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl Connector {
    pub fn parse(options: &Options) -> Result<Connector, BadOption> {
        let family = match options.family {
            None | Some(0) => None,
            Some(4) => Some(Family::V4),
            Some(6) => Some(Family::V6),
            Some(other) => {
                return Err(BadOption::new(
                    "family",
                    format!("{other} is out of range; allowed are 0, 4 and 6"),
                ));
            }
        };
        let local = match &options.local_address {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                BadOption::new(
                    "localAddress",
                    format!("{text:?} is no IP address; allowed is one of this machine"),
                )
            })?),
        };
        Ok(Connector {
            local,
            family,
            head_start: options.races.then_some(options.head_start),
            keep_alive: options.keep_alive.map(|idle| KeepAlive { idle }),
            asks_addresses: options.asks_addresses,
        })
    }

    /// Whether the program outside has the addresses of names.
    pub fn asks_addresses(&self) -> bool {
        self.asks_addresses
    }

    /// The addresses to try, best first; never none.
    pub async fn resolve(
        &self,
        host: &Host,
        port: u16,
        outside: &dyn Outside,
    ) -> Result<Vec<SocketAddr>, NetError> {
        let name = match host {
            Host::Ipv4(ip) => return Ok(vec![SocketAddr::new(IpAddr::V4(*ip), port)]),
            Host::Ipv6(ip) => return Ok(vec![SocketAddr::new(IpAddr::V6(*ip), port)]),
            Host::Domain(name) => name,
        };
        let failed = |code| NetError::Resolve {
            code,
            host: name.clone(),
        };
        let found: Arc<[SocketAddr]> = if self.asks_addresses {
            let host = name.clone();
            let found = outside::ask(outside, |answer| Need::Addresses { host, answer }).await?;
            found.into()
        } else {
            Resolver::shared().look_up(name).await.map_err(failed)?
        };
        let local = self.local.map(Family::of);
        let usable = found.iter().filter(|address| {
            let family = Some(Family::of(address.ip()));
            (self.family.is_none() || self.family == family) && (local.is_none() || local == family)
        });
        let at_port = |address: &SocketAddr| {
            let mut address = *address;
            address.set_port(port);
            address
        };
        let addresses = interleave(usable.map(at_port).collect());
        if addresses.is_empty() {
            Err(failed("ENOTFOUND"))
        } else {
            Ok(addresses)
        }
    }

    /// The first of `addresses` that answers; else the error of the first that failed. One that has had its head start goes on
    /// beside the next.
    pub async fn connect(&self, mut addresses: Vec<SocketAddr>) -> Result<TcpStream, NetError> {
        if self.head_start.is_none() {
            addresses.truncate(1);
        }
        let mut waiting = addresses.into_iter();
        let mut trying = JoinSet::new();
        let mut failure = None;
        loop {
            if let Some(address) = waiting.next() {
                trying.spawn(self.dial(address));
            }
            tokio::select! {
                Some(tried) = trying.join_next() => match tried {
                    Ok(Ok(stream)) => return Ok(stream),
                    Ok(Err(error)) => { failure.get_or_insert(error); }
                    Err(stopped) => { failure.get_or_insert(NetError::Io { call: "connect", error: stopped.into() }); }
                },
                () = sleep(self.head_start.unwrap_or_default()), if waiting.len() > 0 => {}
                else => return Err(failure.unwrap_or(NetError::HungUp)),
            }
        }
    }

    async fn dial(self, address: SocketAddr) -> Result<TcpStream, NetError> {
        let connect = |error| NetError::Connect { address, error };
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()
        } else {
            TcpSocket::new_v6()
        }
        .map_err(connect)?;
        if let Some(ip) = self.local {
            socket
                .bind(SocketAddr::new(ip, 0))
                .map_err(|error| NetError::Bind { ip, error })?;
        }
        let stream = socket.connect(address).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        if let Some(keep_alive) = self.keep_alive {
            keep_alive.set(&stream).map_err(connect)?;
        }
        Ok(stream)
    }
}

/// Connects to a socket of Unix.
#[cfg(unix)]
pub(super) async fn connect_socket(path: &str) -> Result<Stream, NetError> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(Stream::Other(Box::new(stream))),
        Err(error) => Err(NetError::ConnectSocket {
            path: path.to_owned(),
            error,
        }),
    }
}

#[cfg(not(unix))]
pub(super) async fn connect_socket(path: &str) -> Result<Stream, NetError> {
    Err(NetError::NoSockets {
        path: path.to_owned(),
    })
}

/// The families in turn, beginning with that of the first address, so that a family that leads
/// nowhere costs one head start and not one for each of its addresses.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(|address| Family::of(address.ip())) else {
        return addresses;
    };
    let (preferred, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .partition(|address| Family::of(address.ip()) == first);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut mixed = Vec::new();
    while preferred.len() + other.len() > 0 {
        mixed.extend(preferred.next());
        mixed.extend(other.next());
    }
    mixed
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::net::{Nothing, Roots};

    fn connector(local: Option<&str>, family: Option<u8>) -> Result<Connector, BadOption> {
        let mut options = Options::new("ws://x", Arc::new(Roots::from_pem([""; 0].iter())));
        options.local_address = local.map(str::to_owned);
        options.family = family;
        Connector::parse(&options)
    }

    fn with(set: impl FnOnce(&mut Options)) -> Connector {
        let mut options = Options::new("ws://x", Arc::new(Roots::from_pem([""; 0].iter())));
        set(&mut options);
        Connector::parse(&options).unwrap()
    }

    #[test]
    fn a_bad_family_or_local_address_is_refused() {
        let message = |local, family| connector(local, family).err().unwrap().message;
        assert_eq!(
            message(None, Some(5)),
            "family: 5 is out of range; allowed are 0, 4 and 6"
        );
        assert_eq!(
            message(Some("eth0"), None),
            "localAddress: \"eth0\" is no IP address; allowed is one of this machine"
        );
    }

    #[test]
    fn families_take_turns() {
        let list = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse().unwrap())
                .collect::<Vec<SocketAddr>>()
        };
        let given = list(&["[::1]:1", "[::2]:1", "[::3]:1", "1.0.0.1:1"]);
        assert_eq!(
            interleave(given),
            list(&["[::1]:1", "1.0.0.1:1", "[::2]:1", "[::3]:1"])
        );
    }

    #[tokio::test]
    async fn a_family_is_kept_to() {
        let host = Host::Domain("localhost".to_owned());
        let found = connector(None, Some(4))
            .unwrap()
            .resolve(&host, 80, &Nothing)
            .await
            .unwrap();
        assert!(found.iter().all(SocketAddr::is_ipv4));
        let literal = Host::Ipv6("::1".parse().unwrap());
        let found = connector(None, Some(4))
            .unwrap()
            .resolve(&literal, 80, &Nothing)
            .await
            .unwrap();
        assert!(found[0].is_ipv6());
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = unused.local_addr().unwrap();
        drop(unused);
        let stream = connector(None, None)
            .unwrap()
            .connect(vec![dead, alive])
            .await
            .unwrap();
        assert_eq!(stream.peer_addr().unwrap(), alive);
        assert!(stream.nodelay().unwrap());
        let error = connector(None, None)
            .unwrap()
            .connect(vec![dead])
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), format!("connect ECONNREFUSED {dead}"));
    }

    #[tokio::test]
    async fn without_a_race_the_first_address_alone_is_tried() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let alive = listener.local_addr().unwrap();
        let unused = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dead = unused.local_addr().unwrap();
        drop(unused);
        let connector = with(|options| options.races = false);
        let connect = |addresses| connector.connect(addresses);
        let error = connect(vec![dead, alive]).await.unwrap_err();
        assert_eq!(error.to_string(), format!("connect ECONNREFUSED {dead}"));
        connect(vec![alive, dead]).await.unwrap();
    }

    #[tokio::test]
    async fn the_system_probes_where_it_is_asked_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connected = |keep_alive| async move {
            let connector = with(|options| options.keep_alive = keep_alive);
            connector.connect(vec![address]).await.unwrap()
        };
        let seconds = Duration::from_secs;
        assert!(!SockRef::from(&connected(None).await).keepalive().unwrap());
        let by_the_system = connected(Some(Duration::ZERO)).await;
        assert!(SockRef::from(&by_the_system).keepalive().unwrap());
        let stream = connected(Some(seconds(70))).await;
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(
            (
                socket.tcp_keepalive_time().unwrap(),
                socket.tcp_keepalive_interval().unwrap(),
                socket.tcp_keepalive_retries().unwrap()
            ),
            (seconds(70), seconds(1), 10)
        );
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_socket_that_is_not_there_is_told_as_node_tells_it() {
        let error = connect_socket("/nowhere/at.all").await.err().unwrap();
        assert_eq!(error.to_string(), "connect ENOENT /nowhere/at.all");
        assert_eq!(error.code(), "ENOENT");
    }

    #[tokio::test]
    async fn the_local_address_is_used() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stream = connector(Some("127.0.0.1"), None)
            .unwrap()
            .connect(vec![address])
            .await
            .unwrap();
        assert_eq!(stream.local_addr().unwrap().ip().to_string(), "127.0.0.1");
        let error = connector(Some("192.0.2.1"), None)
            .unwrap()
            .connect(vec![address])
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "bind EADDRNOTAVAIL 192.0.2.1");
    }

    #[tokio::test]
    async fn an_unknown_host_is_told_as_node_tells_it() {
        let host = Host::Domain("nowhere.invalid".to_owned());
        let error = connector(None, None)
            .unwrap()
            .resolve(&host, 80, &Nothing)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error == "getaddrinfo ENOTFOUND nowhere.invalid"
                || error == "getaddrinfo EAI_AGAIN nowhere.invalid",
            "{error}"
        );
    }
}
