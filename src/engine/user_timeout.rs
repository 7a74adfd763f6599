//! Has the system give a connection up when what was sent stays without an answer for as long as the heartbeat waits
//! (TCP_USER_TIMEOUT): what such a connection holds there is let go of then too.

use std::time::Duration;

use crate::net::Transport;
use crate::policy::HeartbeatSettings;

/// How long nothing that was sent need arrive, where the heartbeat judges the peer: a peer that it takes for alive is not
/// given up. `None`: for as long as the system says.
pub(super) fn user_timeout(heartbeat: &HeartbeatSettings) -> Option<Duration> {
    heartbeat.interval?.checked_add(heartbeat.timeout)
}

/// Sets the timeout of a stream that is a TCP connection, where the system has such a thing. One that cannot be set leaves
/// the heartbeat alone to judge.
pub(super) fn set_user_timeout(stream: &dyn Transport, timeout: Option<Duration>) {
    #[cfg(target_os = "linux")]
    if let Some(socket) = stream.tcp() {
        let _ = socket.set_tcp_user_timeout(timeout);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, timeout);
}

/// The same for a connection that goes on.
pub(super) fn set_live_user_timeout(stream: &dyn Transport, timeout: Option<Duration>) {
    #[cfg(target_os = "linux")]
    let timeout = timeout.filter(|_| !stream.tcp().is_some_and(|socket| is_stalled(&socket)));
    set_user_timeout(stream, timeout);
}

/// Whether the peer lives and does not read: nothing is on its way, and something waits. The kernel would count that against it.
#[cfg(target_os = "linux")]
fn is_stalled(socket: &socket2::SockRef<'_>) -> bool {
    use std::os::fd::AsRawFd;

    /// Bytes that have not been sent (linux/sockios.h).
    const SIOCOUTQNSD: libc::Ioctl = 0x894b;
    let count = |request| {
        let mut bytes: libc::c_int = 0;
        // SAFETY: both requests write one `int`.
        let status = unsafe { libc::ioctl(socket.as_raw_fd(), request, &mut bytes) };
        if status == 0 { bytes } else { 0 }
    };
    let waiting = count(libc::TIOCOUTQ);
    waiting > 0 && count(SIOCOUTQNSD) == waiting
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::io::Write;

    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::net::Stream;

    const TIMEOUT: Option<Duration> = Some(Duration::from_secs(35));

    /// Both ends of a TCP connection.
    async fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = TcpStream::connect(listener.local_addr().unwrap());
        let (near, far) = tokio::join!(near, listener.accept());
        (near.unwrap(), far.unwrap().0)
    }

    /// The timeout of a stream that is told `timeout`.
    fn set(stream: &dyn Transport, timeout: Option<Duration>) -> Option<Duration> {
        set_live_user_timeout(stream, timeout);
        stream.tcp().unwrap().tcp_user_timeout().unwrap()
    }

    #[tokio::test]
    async fn the_system_is_told_and_told_otherwise() {
        let (near, _far) = pair().await;
        assert_eq!(set(&near, TIMEOUT), TIMEOUT);
        assert_eq!(set(&near, None), None);
        let near = Stream::Other(Box::new(Stream::Tcp(near)));
        assert_eq!(set(&near, TIMEOUT), TIMEOUT);
    }

    #[tokio::test]
    async fn a_peer_that_lives_and_does_not_read_is_not_given_up() {
        let (near, far) = pair().await;
        assert_eq!(set(&near, TIMEOUT), TIMEOUT);
        let near = near.into_std().unwrap();
        while (&near).write(&[0; 65536]).is_ok() {}
        let near = TcpStream::from_std(near).unwrap();
        // Until what was sent has arrived.
        while set(&near, TIMEOUT).is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        set_user_timeout(&near, TIMEOUT);
        let socket = near.tcp().unwrap();
        assert_eq!(socket.tcp_user_timeout().unwrap(), TIMEOUT);
        let far = far.into_std().unwrap();
        let mut bytes = vec![0; 1 << 20];
        while set(&near, TIMEOUT).is_none() {
            let _ = std::io::Read::read(&mut &far, &mut bytes);
        }
    }
}
