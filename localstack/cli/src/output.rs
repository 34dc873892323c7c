//! What a command prints for whoever reads it. A reader that has seen enough (`… | head`) ends the command, and is no fault.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write as _},
};

use anyhow::{Error, Result};

/// Prints a line.
pub(crate) fn line(text: impl Display) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}

/// Whether an error only says that nobody reads any more.
pub(crate) fn is_unread(error: &Error) -> bool {
    error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>()).any(|io| io.kind() == ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_closed_pipe_is_no_fault() {
        let of = |kind: ErrorKind| Error::from(io::Error::from(kind)).context("the log");
        assert!(is_unread(&of(ErrorKind::BrokenPipe)));
        assert!(!is_unread(&of(ErrorKind::NotFound)));
        assert!(!is_unread(&anyhow::anyhow!("a broken pipe")));
    }
}
