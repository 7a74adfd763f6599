//! Hears of new ways to the network: on Linux from the kernel by netlink; elsewhere nothing is heard.

#[cfg(target_os = "linux")]
pub use linux::Network;
#[cfg(not(target_os = "linux"))]
pub use silent::Network;

#[cfg(not(target_os = "linux"))]
mod silent {
    use std::future::pending;
    use std::io;

    /// Stands for a watcher on systems that have none here.
    pub struct Network;

    impl Network {
        pub fn watch() -> io::Result<Network> {
            Ok(Network)
        }

        pub async fn changed(&mut self) {
            pending().await
        }
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::VecDeque;
    use std::future::pending;
    use std::io;

    use netlink_packet_core::{
        Emitable, NLM_F_DUMP, NLM_F_MULTIPART, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkBuffer,
        NetlinkHeader, NlasIterator,
    };
    use netlink_sys::protocols::NETLINK_ROUTE;
    use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};

    // Of <linux/rtnetlink.h>.
    const RTM_NEWROUTE: u16 = 24;
    const RTM_DELROUTE: u16 = 25;
    const RTM_GETROUTE: u16 = 26;
    const RTMGRP_IPV4_ROUTE: u32 = 0x40;
    const RTMGRP_IPV6_ROUTE: u32 = 0x400;

    const RTN_UNICAST: u8 = 1;
    /// Interface, gateway, priority, several next hops, table, gateway of the other family.
    const LEADING: [u16; 6] = [4, 5, 6, 9, 15, 18];
    /// The header of a route (`rtmsg`) in bytes.
    const ROUTE_HEADER: usize = 12;

    /// A header of netlink in bytes; the length of a message counts it too, and is padded to four.
    const HEADER: usize = 16;

    /// The kernel sends no larger datagram than this to who reads with it.
    const DATAGRAM: usize = 32 * 1024;

    /// So many default routes are remembered: the kernel does not tell of all that go.
    const REMEMBERED: usize = 64;

    /// A socket on which the kernel tells of routes.
    pub struct Network {
        socket: TokioSocket,
        routes: DefaultRoutes,
        datagram: Vec<u8>,
        broken: bool,
    }

    impl Network {
        /// Asks the kernel for the routes there are, and for news of them. Must be called on the runtime.
        pub fn watch() -> io::Result<Network> {
            let mut socket = TokioSocket::new(NETLINK_ROUTE)?;
            let inner = socket.socket_mut();
            inner.bind(&SocketAddr::new(0, RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE))?;
            inner.send_to(&all_routes(), &SocketAddr::new(0, 0), 0)?;
            Ok(Network {
                socket,
                routes: DefaultRoutes::default(),
                datagram: Vec::with_capacity(DATAGRAM),
                broken: false,
            })
        }

        /// Waits for a default route that was not there before. Dropping the future loses nothing.
        pub async fn changed(&mut self) {
            while !self.broken {
                self.datagram.clear();
                match self.socket.recv(&mut self.datagram).await {
                    Ok(()) if self.routes.learn(&self.datagram) => return,
                    Ok(()) => {}
                    // So much changed at once that the kernel lost count.
                    Err(error) if error.raw_os_error() == Some(ENOBUFS) => return,
                    Err(_) => self.broken = true,
                }
            }
            pending().await
        }
    }

    const ENOBUFS: i32 = 105;

    /// The request for all routes of both families.
    fn all_routes() -> Vec<u8> {
        let length = HEADER + ROUTE_HEADER;
        let mut header = NetlinkHeader::default();
        header.length = length as u32;
        header.message_type = RTM_GETROUTE;
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut bytes = vec![0; length];
        header.emit(&mut bytes);
        bytes
    }

    /// The default routes that the kernel told of.
    #[derive(Debug, Default)]
    pub(super) struct DefaultRoutes(VecDeque<DefaultRoute>);

    /// See [`default_route`].
    type DefaultRoute = Vec<u8>;

    impl DefaultRoutes {
        /// Takes a datagram of the kernel. Whether it tells of a default route that was not there before.
        ///
        /// Those who keep a route alive (DHCP, router advertisements) replace it by itself again and again: that is none. One
        /// that comes without replacing another is, also when it is known: with an interface the kernel drops routes of
        /// IPv4 in silence.
        pub(super) fn learn(&mut self, datagram: &[u8]) -> bool {
            let mut rest = datagram;
            let mut news = false;
            while let Ok(message) = NetlinkBuffer::new_checked(rest) {
                news |= self.hear(message.message_type(), message.flags(), message.payload());
                let length = (message.length() as usize).next_multiple_of(4);
                rest = rest.get(length.max(HEADER)..).unwrap_or_default();
            }
            news
        }

        fn hear(&mut self, kind: u16, flags: u16, payload: &[u8]) -> bool {
            if kind != RTM_NEWROUTE && kind != RTM_DELROUTE {
                return false;
            }
            let Some(route) = default_route(payload) else {
                return false;
            };
            let known = self.0.iter().position(|known| *known == route);
            if let Some(index) = known {
                self.0.remove(index);
            }
            if kind == RTM_DELROUTE {
                return false;
            }
            self.0.truncate(REMEMBERED - 1);
            self.0.push_front(route);
            let refreshed = flags & NLM_F_REPLACE != 0 && known.is_some();
            let asked_for = flags & NLM_F_MULTIPART != 0;
            !refreshed && !asked_for
        }
    }

    /// What tells a default route from another: its family, and those of its attributes that say where it leads.
    fn default_route(payload: &[u8]) -> Option<DefaultRoute> {
        let (header, attributes) = payload.split_at_checked(ROUTE_HEADER)?;
        let (family, prefix, kind) = (header[0], header[1], header[7]);
        if prefix != 0 || kind != RTN_UNICAST {
            return None;
        }
        let mut route = vec![family];
        for attribute in NlasIterator::new(attributes) {
            let attribute = attribute.ok()?;
            if LEADING.contains(&attribute.kind()) {
                route.extend(attribute.kind().to_ne_bytes());
                route.extend_from_slice(attribute.value());
            }
        }
        Some(route)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        const FRESH: u16 = 0;

        #[test]
        fn a_new_default_route_is_news() {
            let mut routes = DefaultRoutes::default();
            assert!(routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1))));
        }

        #[test]
        fn routes_that_were_there_before_are_no_news() {
            let mut routes = DefaultRoutes::default();
            assert!(!routes.learn(&told(RTM_NEWROUTE, NLM_F_MULTIPART, &via(1))));
        }

        #[test]
        fn a_route_that_is_replaced_by_itself_is_no_news() {
            let mut routes = DefaultRoutes::default();
            routes.learn(&told(RTM_NEWROUTE, NLM_F_MULTIPART, &via(1)));
            assert!(!routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(1))));
            assert!(routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(2))));
        }

        #[test]
        fn a_route_that_comes_back_is_news_whether_or_not_it_was_seen_to_go() {
            let mut routes = DefaultRoutes::default();
            routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1)));
            assert!(routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1))));
            assert!(!routes.learn(&told(RTM_DELROUTE, FRESH, &via(1))));
            assert!(routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(1))));
        }

        #[test]
        fn routes_to_somewhere_and_to_nowhere_are_no_news() {
            let mut routes = DefaultRoutes::default();
            let mut to_somewhere = via(1);
            to_somewhere[1] = 24;
            let mut to_nowhere = via(1);
            to_nowhere[7] = 7;
            assert!(!routes.learn(&told(RTM_NEWROUTE, FRESH, &to_somewhere)));
            assert!(!routes.learn(&told(RTM_NEWROUTE, FRESH, &to_nowhere)));
        }

        #[test]
        fn news_behind_other_messages_and_before_garbage_is_heard() {
            let mut routes = DefaultRoutes::default();
            let datagram = [
                told(RTM_DELROUTE, FRESH, &via(9)),
                told(RTM_NEWROUTE, FRESH, &via(1)),
                vec![0xff; 7],
            ];
            assert!(routes.learn(&datagram.concat()));
            assert!(!routes.learn(&[0; 16]));
            assert!(!routes.learn(&[]));
        }

        #[test]
        fn memory_is_bounded() {
            let mut routes = DefaultRoutes::default();
            for priority in 0_u32..1000 {
                let route = [via(1), vec![8, 0, 6, 0], priority.to_ne_bytes().to_vec()].concat();
                routes.learn(&told(RTM_NEWROUTE, FRESH, &route));
            }
            assert_eq!(routes.0.len(), REMEMBERED);
        }

        #[tokio::test]
        async fn the_kernel_lets_this_process_listen() {
            let Ok(mut network) = Network::watch() else {
                panic!("no netlink here");
            };
            // What it dumps is no news.
            let quiet = std::time::Duration::from_millis(50);
            assert!(
                tokio::time::timeout(quiet, network.changed())
                    .await
                    .is_err()
            );
            assert!(!network.broken);
        }

        #[test]
        fn a_route_that_is_cut_short_is_no_news() {
            let mut routes = DefaultRoutes::default();
            for length in 0..via(1).len() {
                let rest = (length != ROUTE_HEADER && length != ROUTE_HEADER + 8).then_some(length);
                let short = &via(1)[..rest.unwrap_or_default()];
                assert!(
                    !routes.learn(&told(RTM_NEWROUTE, FRESH, short)),
                    "{length} bytes"
                );
            }
        }

        /// A default route of the main table by interface 2.
        fn via(gateway: u8) -> Vec<u8> {
            let header = [2, 0, 0, 0, 254, 3, 0, RTN_UNICAST, 0, 0, 0, 0];
            let by_gateway = [8, 0, 5, 0, 10, 0, 0, gateway];
            let by_interface = [8, 0, 4, 0, 2, 0, 0, 0];
            [&header[..], &by_gateway, &by_interface].concat()
        }

        fn told(kind: u16, flags: u16, route: &[u8]) -> Vec<u8> {
            let length = HEADER + route.len();
            let mut bytes = vec![0; length];
            let mut header = NetlinkBuffer::new(&mut bytes);
            header.set_length(length as u32);
            header.set_message_type(kind);
            header.set_flags(flags);
            bytes[HEADER..].copy_from_slice(route);
            bytes.resize(length.next_multiple_of(4), 0);
            bytes
        }
    }
}
