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
        NetlinkHeader, Parseable,
    };
    use netlink_packet_route::AddressFamily;
    use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};
    use netlink_sys::protocols::NETLINK_ROUTE;
    use netlink_sys::{AsyncSocket, AsyncSocketExt, SocketAddr, TokioSocket};

    // Of <linux/rtnetlink.h>.
    const RTM_NEWROUTE: u16 = 24;
    const RTM_DELROUTE: u16 = 25;
    const RTM_GETROUTE: u16 = 26;
    const RTMGRP_IPV4_ROUTE: u32 = 0x40;
    const RTMGRP_IPV6_ROUTE: u32 = 0x400;

    /// A header of netlink in bytes; the length of a message counts it too, and is padded to four.
    const HEADER: usize = 16;

    /// The kernel sends no larger datagram than this to who reads with it.
    const DATAGRAM: usize = 32 * 1024;

    /// So many default routes are remembered: the kernel does not tell of all that go.
    const REMEMBERED: usize = 64;

    /// A socket on which the kernel tells of routes.
    pub struct Network {
        socket: TokioSocket,
        routes: Routes,
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
                routes: Routes::default(),
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
        let message = RouteMessage::default();
        let length = HEADER + message.buffer_len();
        let mut header = NetlinkHeader::default();
        header.length = length as u32;
        header.message_type = RTM_GETROUTE;
        header.flags = NLM_F_REQUEST | NLM_F_DUMP;
        let mut bytes = vec![0; length];
        header.emit(&mut bytes);
        message.emit(&mut bytes[HEADER..]);
        bytes
    }

    /// The default routes that the kernel told of.
    #[derive(Debug, Default)]
    pub(super) struct Routes(VecDeque<Route>);

    /// What tells a default route from another.
    #[derive(Debug, PartialEq)]
    struct Route {
        family: AddressFamily,
        attributes: Vec<RouteAttribute>,
    }

    impl Routes {
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
            let Some(route) = RouteMessage::parse(payload).ok().and_then(default_route) else {
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

    fn default_route(message: RouteMessage) -> Option<Route> {
        let RouteMessage {
            header, attributes, ..
        } = message;
        let is_default = header.destination_prefix_length == 0 && header.kind == RouteType::Unicast;
        is_default.then(|| Route {
            family: header.address_family,
            attributes: attributes
                .into_iter()
                .filter(|attribute| {
                    matches!(
                        attribute,
                        RouteAttribute::Gateway(_)
                            | RouteAttribute::Oif(_)
                            | RouteAttribute::Priority(_)
                            | RouteAttribute::Table(_)
                            | RouteAttribute::Via(_)
                            | RouteAttribute::MultiPath(_)
                    )
                })
                .collect(),
        })
    }

    #[cfg(test)]
    mod tests {
        use std::net::Ipv4Addr;

        use netlink_packet_route::route::{RouteAddress, RouteHeader};

        use super::*;

        const FRESH: u16 = 0;

        #[test]
        fn a_new_default_route_is_news() {
            let mut routes = Routes::default();
            assert!(routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1))));
        }

        #[test]
        fn routes_that_were_there_before_are_no_news() {
            let mut routes = Routes::default();
            assert!(!routes.learn(&told(RTM_NEWROUTE, NLM_F_MULTIPART, &via(1))));
        }

        #[test]
        fn a_route_that_is_replaced_by_itself_is_no_news() {
            let mut routes = Routes::default();
            routes.learn(&told(RTM_NEWROUTE, NLM_F_MULTIPART, &via(1)));
            assert!(!routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(1))));
            assert!(routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(2))));
        }

        #[test]
        fn a_route_that_comes_back_is_news_whether_or_not_it_was_seen_to_go() {
            let mut routes = Routes::default();
            routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1)));
            assert!(routes.learn(&told(RTM_NEWROUTE, FRESH, &via(1))));
            assert!(!routes.learn(&told(RTM_DELROUTE, FRESH, &via(1))));
            assert!(routes.learn(&told(RTM_NEWROUTE, NLM_F_REPLACE, &via(1))));
        }

        #[test]
        fn routes_to_somewhere_and_to_nowhere_are_no_news() {
            let mut routes = Routes::default();
            let mut to_somewhere = via(1);
            to_somewhere.header.destination_prefix_length = 24;
            let mut to_nowhere = via(1);
            to_nowhere.header.kind = RouteType::Unreachable;
            assert!(!routes.learn(&told(RTM_NEWROUTE, FRESH, &to_somewhere)));
            assert!(!routes.learn(&told(RTM_NEWROUTE, FRESH, &to_nowhere)));
        }

        #[test]
        fn news_behind_other_messages_and_before_garbage_is_heard() {
            let mut routes = Routes::default();
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
            let mut routes = Routes::default();
            for priority in 0..1000 {
                let mut route = via(1);
                route.attributes.push(RouteAttribute::Priority(priority));
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

        fn via(gateway: u8) -> RouteMessage {
            let mut message = RouteMessage::default();
            message.header.address_family = AddressFamily::Inet;
            message.header.table = RouteHeader::RT_TABLE_MAIN;
            message.header.kind = RouteType::Unicast;
            let address = RouteAddress::Inet(Ipv4Addr::new(10, 0, 0, gateway));
            message.attributes = vec![RouteAttribute::Gateway(address), RouteAttribute::Oif(2)];
            message
        }

        fn told(kind: u16, flags: u16, message: &RouteMessage) -> Vec<u8> {
            let length = HEADER + message.buffer_len();
            let mut bytes = vec![0; length];
            let mut header = NetlinkBuffer::new(&mut bytes);
            header.set_length(length as u32);
            header.set_message_type(kind);
            header.set_flags(flags);
            message.emit(&mut bytes[HEADER..]);
            bytes
        }
    }
}
