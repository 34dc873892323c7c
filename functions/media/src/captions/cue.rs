//! Cues, collected under limits and written as WebVTT.

use std::fmt::Write as _;

use super::{
    clock::{self, LATEST_MS},
    refusal::{Fault, Refusal},
    text,
};

/// A film has two thousand.
pub(super) const MOST_CUES: usize = 20_000;
/// The pictures' timeline begins at 0, and so does the captions' (RFC 8216, 3.5).
const HEADER: &str = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n";

/// Text on the picture for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cue {
    start_ms: u64,
    end_ms: u64,
    /// Of WebVTT: where on the picture.
    settings: String,
    /// Of WebVTT, and nothing else.
    text: String,
}

/// The cues of a file.
#[derive(Debug, Default)]
pub(super) struct Cues {
    /// How many there are, those without text included.
    count: usize,
    cues: Vec<Cue>,
}

impl Cues {
    /// Adds a cue whose times stand in `line`; its text may be anything. One that shows nothing is left out.
    pub(super) fn add(&mut self, line: usize, times: (u64, u64), settings: String, raw: &str) -> Result<(), Refusal> {
        let (start_ms, end_ms) = times;
        if end_ms.max(start_ms) > LATEST_MS {
            return Err(Fault::TooLate.at(line));
        }
        if end_ms <= start_ms {
            return Err(Fault::EndsBeforeItBegins.at(line));
        }
        self.count += 1;
        if self.count > MOST_CUES {
            return Err(Fault::TooManyCues.at(line));
        }
        let text = text::sanitised(raw);
        if !text::is_blank(&text) {
            self.cues.push(Cue { start_ms, end_ms, settings, text });
        }
        Ok(())
    }

    /// How many are shown.
    pub(super) fn len(&self) -> usize {
        self.cues.len()
    }

    /// The WebVTT file, in the order of the film.
    pub(super) fn write(mut self) -> Result<String, Refusal> {
        if self.cues.is_empty() {
            return Err(Fault::NoCues.whole());
        }
        self.cues.sort_by_key(|cue| cue.start_ms);
        let mut file = HEADER.to_owned();
        for Cue { start_ms, end_ms, settings, text } in &self.cues {
            let (start, end) = (clock::write(*start_ms), clock::write(*end_ms));
            let _ = write!(file, "\n{start} --> {end}{settings}\n{text}\n");
        }
        Ok(file)
    }
}

/// Both times of a line with an arrow, and what follows them.
pub(super) fn times(line: usize, text: &str) -> Result<((u64, u64), &str), Refusal> {
    let (start, rest) = text.split_once("-->").ok_or_else(|| Fault::no_times(Some(text)).at(line))?;
    let (start, rest) = (start.trim(), rest.trim());
    let (end, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let read = |text: &str| clock::parse(text).ok_or_else(|| Fault::bad_time(text).at(line));
    Ok(((read(start)?, read(end)?), rest))
}
