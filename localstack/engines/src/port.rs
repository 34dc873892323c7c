//! Ports: the usual one, unless somebody else has it.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

/// Keeps a port from being given twice until the engine that wants it starts.
pub(crate) struct Reserved {
    listener: TcpListener,
}

impl Reserved {
    /// The first free of `preferred`, otherwise any.
    pub fn first_free(preferred: &[u16]) -> io::Result<Self> {
        let mut candidates = preferred.iter().copied().filter(|port| *port != 0).chain([0]);
        loop {
            let port = candidates.next().ok_or(io::ErrorKind::AddrInUse)?;
            match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
                Ok(listener) => return Ok(Self { listener }),
                Err(error) if port == 0 => return Err(error),
                Err(_) => {}
            }
        }
    }

    pub fn number(&self) -> io::Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_avoided() {
        let first = Reserved::first_free(&[]).unwrap();
        let taken = first.number().unwrap();
        let second = Reserved::first_free(&[taken]).unwrap();
        assert_ne!(second.number().unwrap(), taken);
        drop(first);
        assert_eq!(Reserved::first_free(&[taken]).unwrap().number().unwrap(), taken);
    }
}
