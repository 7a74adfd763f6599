//! Which hosts are reached without the proxy of the environment: what `NO_PROXY` says, by curl's rules and by Node's.

use std::net::IpAddr;

use url::Host;

/// Hosts that no proxy of the environment leads to. Those of this machine always are among them.
pub(super) struct Bypass(Vec<Entry>);

/// An entry, and the port where it names one.
struct Entry {
    hosts: Hosts,
    port: Option<u16>,
}

enum Hosts {
    All,
    /// This name, and all that lie in it.
    Domain(String),
    /// From the first address to the last.
    Addresses(IpAddr, IpAddr),
}

impl Bypass {
    /// Entries stand between commas or blanks. One that says nothing is passed over.
    pub fn parse(text: &str) -> Bypass {
        let entries = text.split(|c: char| c == ',' || c.is_whitespace());
        Bypass(entries.filter_map(Entry::parse).collect())
    }

    pub fn has(&self, host: &Host, port: u16) -> bool {
        is_of_this_machine(host) || self.0.iter().any(|entry| entry.has(host, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Option<Entry> {
        if let Some(hosts) = Hosts::parse(text) {
            return Some(Entry { hosts, port: None });
        }
        let (host, port) = text.rsplit_once(':')?;
        Some(Entry {
            hosts: Hosts::parse(host)?,
            port: Some(port.parse().ok()?),
        })
    }

    fn has(&self, host: &Host, port: u16) -> bool {
        self.port.is_none_or(|own| own == port) && self.hosts.have(host)
    }
}

impl Hosts {
    fn parse(text: &str) -> Option<Hosts> {
        if text == "*" {
            return Some(Hosts::All);
        }
        if let Some(ip) = ip(text) {
            return Some(Hosts::Addresses(ip, ip));
        }
        if let Some((first, bits)) = text.split_once('/') {
            return block(ip(first)?, bits.parse().ok()?);
        }
        if let Some((first, last)) = text.split_once('-')
            && let (Some(first), Some(last)) = (ip(first), ip(last))
        {
            return Some(Hosts::Addresses(first, last));
        }
        if text.contains([':', '[']) {
            return None;
        }
        let name = text.strip_prefix('*').unwrap_or(text);
        let name = name.strip_prefix('.').unwrap_or(name);
        match Host::parse(name.strip_suffix('.').unwrap_or(name)).ok()? {
            Host::Domain(name) => Some(Hosts::Domain(name)),
            Host::Ipv4(ip) => Some(Hosts::Addresses(ip.into(), ip.into())),
            Host::Ipv6(ip) => Some(Hosts::Addresses(ip.into(), ip.into())),
        }
    }

    fn have(&self, host: &Host) -> bool {
        match self {
            Hosts::All => true,
            Hosts::Domain(name) => match host {
                Host::Domain(host) => is_in(host, name),
                Host::Ipv4(_) | Host::Ipv6(_) => false,
            },
            // Addresses of the two families are ordered by that first.
            Hosts::Addresses(first, last) => {
                address_of(host).is_some_and(|ip| (*first..=*last).contains(&ip))
            }
        }
    }
}

/// An address, an IPv6 one in brackets or without. One of IPv4 may come as one of IPv6.
fn ip(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let ip: IpAddr = inner.unwrap_or(text).parse().ok()?;
    Some(ip.to_canonical())
}

fn address_of(host: &Host) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(*ip).to_canonical()),
    }
}

/// The addresses whose first `bits` bits are those of `ip`.
fn block(ip: IpAddr, bits: u32) -> Option<Hosts> {
    Some(match ip {
        IpAddr::V4(ip) => {
            let rest = u32::MAX.checked_shr(bits).unwrap_or(0);
            let first = ip.to_bits() & !rest;
            let range = (first, first | rest);
            (bits <= 32)
                .then(|| Hosts::Addresses(IpAddr::V4(range.0.into()), IpAddr::V4(range.1.into())))?
        }
        IpAddr::V6(ip) => {
            let rest = u128::MAX.checked_shr(bits).unwrap_or(0);
            let first = ip.to_bits() & !rest;
            let range = (first, first | rest);
            (bits <= 128)
                .then(|| Hosts::Addresses(IpAddr::V6(range.0.into()), IpAddr::V6(range.1.into())))?
        }
    })
}

/// Whether `host` is `domain`, or lies in it.
fn is_in(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let Some(before) = host.strip_suffix(domain) else {
        return false;
    };
    before.is_empty() || before.ends_with('.')
}

fn is_of_this_machine(host: &Host) -> bool {
    match host {
        Host::Domain(name) => is_in(name, "localhost"),
        Host::Ipv4(_) | Host::Ipv6(_) => address_of(host).is_some_and(|ip| ip.is_loopback()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::address::Address;

    fn has(entries: &str, url: &str) -> bool {
        let address = Address::parse(url).unwrap();
        Bypass::parse(entries).has(address.host(), address.port())
    }

    #[test]
    fn hosts_are_bypassed_by_the_rules_of_curl_and_of_node() {
        let cases = [
            ("example.com", "wss://example.com", true),
            ("EXAMPLE.com", "wss://Example.COM", true),
            ("example.com", "wss://example.com.", true),
            ("example.com", "wss://a.example.com", true),
            ("example.com", "wss://badexample.com", false),
            (".example.com", "wss://a.b.example.com", true),
            (".example.com", "wss://example.com", true),
            ("*.example.com", "wss://a.example.com", true),
            ("example.com.", "wss://example.com", true),
            ("a.example.com", "wss://example.com", false),
            ("*", "wss://anything.test", true),
            ("x.test, *", "wss://anything.test", true),
            ("", "wss://example.com", false),
            ("a.test,b.test c.test", "wss://c.test", true),
            (" , a.test ,", "wss://b.test", false),
            ("bücher.example", "wss://xn--bcher-kva.example", true),
            ("example.com:8443", "wss://example.com:8443", true),
            ("example.com:8443", "wss://example.com", false),
            ("example.com:443", "wss://example.com", true),
            ("example.com:x", "wss://example.com", false),
            ("10.1.2.3", "ws://10.1.2.3", true),
            ("10.1.2.3", "ws://10.1.2.4", false),
            ("10.1.2.3:81", "ws://10.1.2.3:81", true),
            ("10.1.2.3:81", "ws://10.1.2.3", false),
            ("10.0.0.0/8", "ws://10.200.0.1", true),
            ("10.0.0.0/8", "ws://11.0.0.1", false),
            ("0.0.0.0/0", "ws://11.0.0.1", true),
            ("10.0.0.1/32", "ws://10.0.0.1", true),
            ("10.0.0.1/33", "ws://10.0.0.1", false),
            ("10.0.0.5-10.0.0.9", "ws://10.0.0.7", true),
            ("10.0.0.5-10.0.0.9", "ws://10.0.0.9", true),
            ("10.0.0.5-10.0.0.9", "ws://10.0.0.10", false),
            ("my-host.test", "ws://my-host.test", true),
            ("fd00::1", "ws://[fd00::1]", true),
            ("[fd00::1]", "ws://[fd00::1]", true),
            ("[fd00::1]:81", "ws://[fd00::1]:81", true),
            ("[fd00::1]:81", "ws://[fd00::1]", false),
            ("fd00::/8", "ws://[fd12::1]", true),
            ("fd00::/8", "ws://[fe80::1]", false),
            ("10.0.0.0/8", "ws://[::ffff:10.0.0.1]", true),
            ("10.0.0.0/8", "ws://example.com", false),
        ];
        for (entries, url, expected) in cases {
            assert_eq!(has(entries, url), expected, "{entries} {url}");
        }
    }

    #[test]
    fn this_machine_is_always_bypassed() {
        for url in [
            "ws://localhost",
            "ws://LOCALHOST.:80",
            "ws://a.localhost",
            "ws://127.0.0.1",
            "ws://127.9.9.9",
            "ws://[::1]",
            "ws://[::ffff:127.0.0.1]",
        ] {
            assert!(has("", url), "{url}");
        }
        assert!(!has("", "ws://localhost.example.com"));
        assert!(!has("", "ws://128.0.0.1"));
    }
}
