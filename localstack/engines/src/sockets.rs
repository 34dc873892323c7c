//! Where processes listen.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::process::{Process, family};

/// The state of a socket that listens, in `/proc/net/tcp`.
const LISTENS: &str = "0A";

/// Every address on which a process or one of its descendants listens.
pub fn listening(process: &Process) -> Vec<SocketAddr> {
    let family = family(process.pid);
    let own: HashSet<String> = family.iter().flat_map(|pid| sockets(*pid)).collect();
    let mut found = Vec::new();
    for table in ["tcp", "tcp6"] {
        let text = fs::read_to_string(format!("/proc/{}/net/{table}", process.pid)).unwrap_or_default();
        found.extend(text.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let is_own = own.contains(*fields.get(9)?);
            (is_own && *fields.get(3)? == LISTENS).then(|| address(fields.get(1)?))?
        }));
    }
    found
}

/// Whether only this machine reaches it.
pub fn is_of_this_machine(address: &SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> Vec<String> {
    let files = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let targets = files.filter_map(|file| fs::read_link(file.path()).ok()?.into_os_string().into_string().ok());
    targets.filter_map(|target| Some(target.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// `0100007F:1F90`: words in the machine's own byte order, then the port.
fn address(text: &str) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let words: Option<Vec<[u8; 4]>> = address
        .as_bytes()
        .chunks(8)
        .map(|word| Some(u32::from_str_radix(std::str::from_utf8(word).ok()?, 16).ok()?.to_ne_bytes()))
        .collect();
    let bytes = words?.concat();
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(v4) => IpAddr::V4(Ipv4Addr::from(v4)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some(SocketAddr::new(ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn listeners_are_found_wherever_they_listen() {
        let myself = Process::of(std::process::id()).unwrap();
        for (place, of_this_machine) in
            [("127.0.0.1:0", true), ("0.0.0.0:0", false), ("[::]:0", false), ("[::1]:0", true)]
        {
            // A machine without IPv6 has no such address.
            let Ok(listener) = TcpListener::bind(place) else { continue };
            let address = listener.local_addr().unwrap();
            assert!(listening(&myself).contains(&address), "{address} in {:?}", listening(&myself));
            assert_eq!(is_of_this_machine(&address), of_this_machine, "{address}");
        }
        assert!(is_of_this_machine(&"[::ffff:127.0.0.1]:1".parse().unwrap()));
    }
}
