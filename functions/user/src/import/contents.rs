//! What a file says, before anybody knows which titles it means.

use std::io;

use kernel::text::visible_part;
use time::OffsetDateTime;

use super::words::{Reason, Refusal, What};

/// Bytes of a file.
pub const MAX_BYTES: u64 = 20 * 1024 * 1024;
/// What is kept of a file: twenty years of four titles a day are 30,000.
pub const MAX_ENTRIES: usize = 50_000;
/// Characters that are shown of a line.
const MAX_TEXT: usize = 200;

/// The title that a line is about, in the words of the other service. Names are [keys](super::name::key).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// A film, or a series.
    Work { name: String, year: Option<i16>, is_series: Option<bool> },
    /// A season of a series.
    Season { series: String, year: Option<i16>, season: i32 },
    /// An episode by its numbers.
    Episode { series: String, year: Option<i16>, season: i32, number: i32 },
    /// A film, or `Series: Season 1: Episode`: nobody can tell by the text alone.
    Path(String),
}

/// What a line says of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// From 1: the line of a table, the place in a list.
    pub line: u32,
    pub what: What,
    /// For the person.
    pub text: String,
    pub wanted: Wanted,
    pub at: OffsetDateTime,
    /// 1–10.
    pub value: Option<i16>,
}

/// A line that says nothing of any title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub line: u32,
    pub what: Option<What>,
    pub text: String,
    pub reason: Reason,
}

/// What a file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Lines, or items of lists, without the heading.
    pub lines: u32,
    /// Lines that are no viewing: trailers, and what began by itself.
    pub skipped: u32,
    pub entries: Vec<Entry>,
    pub faults: Vec<Fault>,
}

impl Contents {
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, entry: Entry) -> Result<(), Refusal> {
        self.entries.push(entry);
        self.check()
    }

    /// # Errors
    /// When there are too many.
    pub fn fault(&mut self, fault: Fault) -> Result<(), Refusal> {
        self.faults.push(fault);
        self.check()
    }

    fn check(&self) -> Result<(), Refusal> {
        let is_full = self.entries.len() + self.faults.len() > MAX_ENTRIES;
        if is_full { Err(Refusal::TooManyLines) } else { Ok(()) }
    }
}

/// Why a file was not read to its end.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// It did not come to its end.
    #[error(transparent)]
    Broken(io::Error),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()).copied();
        refusal.map_or(Self::Broken(error), Self::Refused)
    }
}

/// Whatever of a line may be shown. A spreadsheet must not run it, should anybody paste it into one: what would begin a formula there is text.
pub fn shown(text: &str) -> String {
    let text = visible_part(text, MAX_TEXT);
    if text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text() {
        for formula in ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", " =1", "\u{feff}=1", "\r=1"] {
            assert!(shown(formula).starts_with('\''), "{formula:?} → {:?}", shown(formula));
        }
        assert_eq!(shown("Alien = 1"), "Alien = 1");
        assert_eq!(shown("a\u{202e}b\0c"), "abc");
        assert_eq!(shown(&"ж".repeat(1000)).chars().count(), MAX_TEXT);
    }
}
