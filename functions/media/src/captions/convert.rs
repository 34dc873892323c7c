//! From a file of whatever format to WebVTT.

use super::{
    encoding,
    language::Language,
    refusal::{Fault, Refusal},
    srt, ttml, vtt,
};

/// Of a file. Captions of a long film have 200 KB.
pub const MOST_BYTES: u64 = 2 << 20;

/// Captions as they are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// WebVTT.
    pub text: String,
    /// How many are shown.
    pub cues: usize,
}

/// The refusal of a file that is not even read.
pub fn too_large() -> Refusal {
    Fault::TooLarge.whole()
}

/// Converts SubRip, WebVTT or TTML, told apart by their content.
///
/// # Errors
/// What is wrong with the file, with the line.
pub fn convert(bytes: &[u8], language: &Language) -> Result<Converted, Refusal> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large());
    }
    let text = encoding::decode(bytes, language)?;
    let first = text.trim_start();
    let cues = if vtt::is_one(&text) {
        vtt::read(&text)?
    } else if first.starts_with('<') {
        ttml::read(&text)?
    } else if first.is_empty() {
        return Err(Fault::NoCues.whole());
    } else if !text.contains("-->") {
        return Err(Fault::UnknownFormat.whole());
    } else {
        srt::read(&text)?
    };
    let count = cues.len();
    Ok(Converted { text: cues.write()?, cues: count })
}
