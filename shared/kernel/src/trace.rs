//! W3C Trace Context (<https://www.w3.org/TR/trace-context/#traceparent-header>): which request an event, a job or a log line belongs to.

use std::{fmt, str::FromStr};

use crate::World;

/// The header `traceparent` in version 00. All hops of one request share the trace id; each has a parent id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

/// The text is no `traceparent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a W3C traceparent")]
pub struct TraceError;

impl TraceParent {
    /// The begin of a new trace, sampled.
    pub fn new(world: &World) -> Self {
        // Zero is not allowed for either.
        let trace_id = u128::from_be_bytes(world.bytes()).max(1);
        Self { trace_id, parent_id: u64::from_be_bytes(world.bytes()).max(1), flags: 1 }
    }

    /// The next hop of the same trace.
    #[must_use]
    pub fn child(self, world: &World) -> Self {
        Self { parent_id: u64::from_be_bytes(world.bytes()).max(1), ..self }
    }

    /// 16 hexadecimal digits of this hop's own.
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.parent_id)
    }

    /// Whether whoever began the trace wants to see it.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }

    /// 32 hexadecimal digits, the same for every hop.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, self.flags)
    }
}

impl FromStr for TraceParent {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let parts: Vec<&str> = text.split('-').collect();
        let [version, trace, parent, flags, more @ ..] = parts.as_slice() else { return Err(TraceError) };
        let is_hex = |text: &str, digits: usize| {
            text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        };
        // A later version may append members; 00 has exactly four, ff is forbidden.
        let is_known = is_hex(version, 2) && *version != "ff" && (*version != "00" || more.is_empty());
        if !is_known || !is_hex(trace, 32) || !is_hex(parent, 16) || !is_hex(flags, 2) {
            return Err(TraceError);
        }
        let trace_id = u128::from_str_radix(trace, 16).map_err(|_| TraceError)?;
        let parent_id = u64::from_str_radix(parent, 16).map_err(|_| TraceError)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| TraceError)?;
        if trace_id == 0 || parent_id == 0 { Err(TraceError) } else { Ok(Self { trace_id, parent_id, flags }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_text_of_the_standard_is_read_and_written() {
        let parent: TraceParent = TEXT.parse().unwrap();
        assert_eq!(parent.to_string(), TEXT);
        let child = parent.child(&World::system());
        assert_eq!(child.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((parent.span_id().as_str(), parent.is_sampled()), ("00f067aa0ba902b7", true));
        assert!(!TEXT.replace("-01", "-02").parse::<TraceParent>().unwrap().is_sampled());
        assert_ne!(child, parent);
        assert_eq!(child.to_string().parse(), Ok(child));
    }

    #[test]
    fn what_the_standard_forbids_is_refused() {
        for wrong in [
            "",
            "hello",
            &TEXT[..54],
            &TEXT.to_uppercase(),
            &format!("{TEXT}-more"),
            &TEXT.replacen("00-", "ff-", 1),
            &TEXT.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &TEXT.replace("00f067aa0ba902b7", &"0".repeat(16)),
        ] {
            assert_eq!(wrong.parse::<TraceParent>(), Err(TraceError), "{wrong}");
        }
        assert!(format!("01{}-later", &TEXT[2..]).parse::<TraceParent>().is_ok());
    }
}
