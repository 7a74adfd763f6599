//! The system's resolver, and what it fails with in Node's words.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// An IP address, without a port. One of IPv6 may name the interface that leads there, as `fe80::1%eth0` does.
pub fn parse_ip(text: &str) -> Option<SocketAddr> {
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some((ip, 0).into());
    }
    let (ip, _) = text.split_once('%')?;
    ip.parse::<Ipv6Addr>().ok()?;
    // What is no name is asked of nobody.
    getaddrinfo(text).ok()?.first().copied()
}

/// Asks the system for the addresses of a host, and blocks until it answers. A failure is Node's code for it.
#[cfg(unix)]
pub(super) fn getaddrinfo(host: &str) -> Result<Vec<SocketAddr>, &'static str> {
    use std::net::{Ipv4Addr, SocketAddrV4, SocketAddrV6};
    use std::{mem, ptr};

    let Ok(name) = std::ffi::CString::new(host) else {
        return Err("ENOTFOUND");
    };
    // SAFETY: all zeroes is the empty `addrinfo` that POSIX asks for as hints.
    let mut hints: libc::addrinfo = unsafe { mem::zeroed() };
    hints.ai_socktype = libc::SOCK_STREAM;
    let mut first = ptr::null_mut();
    // SAFETY: the name ends with a zero, the others point to live variables.
    let status = unsafe { libc::getaddrinfo(name.as_ptr(), ptr::null(), &hints, &mut first) };
    if status != 0 {
        let code = code_of(status);
        return Err(no_descriptor().unwrap_or(code));
    }
    let mut addresses = Vec::new();
    let mut next = first;
    // SAFETY: the list is the resolver's until it is freed, and ends with null; an entry's address is of its family.
    while let Some(entry) = unsafe { next.as_ref() } {
        next = entry.ai_next;
        match entry.ai_family {
            libc::AF_INET => {
                let found = unsafe { &*entry.ai_addr.cast::<libc::sockaddr_in>() };
                let ip = Ipv4Addr::from(found.sin_addr.s_addr.to_ne_bytes());
                addresses.push(SocketAddrV4::new(ip, 0).into());
            }
            libc::AF_INET6 => {
                let found = unsafe { &*entry.ai_addr.cast::<libc::sockaddr_in6>() };
                let ip = Ipv6Addr::from(found.sin6_addr.s6_addr);
                addresses.push(SocketAddrV6::new(ip, 0, 0, found.sin6_scope_id).into());
            }
            _ => {}
        }
    }
    // SAFETY: it came from `getaddrinfo`, and nothing of it is kept.
    unsafe { libc::freeaddrinfo(first) };
    Ok(addresses)
}

/// Node's code of a status of getaddrinfo: that of libuv, but for the two that mean that there is no such name.
#[cfg(unix)]
fn code_of(status: i32) -> &'static str {
    match status {
        libc::EAI_NONAME | libc::EAI_NODATA => "ENOTFOUND",
        libc::EAI_AGAIN => "EAI_AGAIN",
        libc::EAI_MEMORY => "EAI_MEMORY",
        libc::EAI_SYSTEM => super::error::code_of(&std::io::Error::last_os_error()),
        // `EAI_FAIL`. All others are about how a name is asked for, or are one system's own.
        _ => "EAI_FAIL",
    }
}

/// The code for what has run out, where a look-up fails since the system has no descriptor to ask with: glibc may
/// tell so, or that there is no such name.
#[cfg(unix)]
fn no_descriptor() -> Option<&'static str> {
    let error = std::os::unix::net::UnixDatagram::unbound().err()?;
    Some(super::error::code_of(&error)).filter(|code| matches!(*code, "EMFILE" | "ENFILE"))
}

#[cfg(windows)]
pub(super) fn getaddrinfo(host: &str) -> Result<Vec<SocketAddr>, &'static str> {
    use std::net::ToSocketAddrs;

    match (host, 0).to_socket_addrs() {
        Ok(addresses) => Ok(addresses.collect()),
        Err(error) => Err(match error.raw_os_error() {
            // WSAHOST_NOT_FOUND, WSANO_DATA
            Some(11001 | 11004) => "ENOTFOUND",
            // WSATRY_AGAIN
            Some(11002) => "EAI_AGAIN",
            // WSANO_RECOVERY
            Some(11003) => "EAI_FAIL",
            Some(_) | None => super::error::code_of(&error),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_name_of_this_machine_has_its_addresses() {
        let found = getaddrinfo("localhost").unwrap();
        assert!(!found.is_empty());
        assert!(found.iter().all(|address| address.ip().is_loopback()));
    }

    #[test]
    fn an_address_may_name_its_interface() {
        let plain = parse_ip("127.0.0.1").unwrap();
        assert_eq!(plain, (Ipv4Addr::LOCALHOST, 0).into());
        let SocketAddr::V6(scoped) = parse_ip("fe80::1%1").unwrap() else {
            panic!("of another family");
        };
        assert_eq!(
            (scoped.ip().to_string().as_str(), scoped.scope_id()),
            ("fe80::1", 1)
        );
        for none in [
            "",
            "%",
            "%1",
            "localhost",
            "localhost%1",
            "127.0.0.1%1",
            "fe80::1%none",
        ] {
            assert_eq!(parse_ip(none), None, "{none}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_cannot_be_is_not_found() {
        assert_eq!(getaddrinfo("a\0b"), Err("ENOTFOUND"));
    }

    #[cfg(unix)]
    #[test]
    fn each_failure_has_the_code_that_node_gives_it() {
        assert_eq!(code_of(libc::EAI_NONAME), "ENOTFOUND");
        assert_eq!(code_of(libc::EAI_NODATA), "ENOTFOUND");
        assert_eq!(code_of(libc::EAI_AGAIN), "EAI_AGAIN");
        assert_eq!(code_of(libc::EAI_FAIL), "EAI_FAIL");
        assert_eq!(code_of(libc::EAI_MEMORY), "EAI_MEMORY");
    }
}
