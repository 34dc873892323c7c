//! Init segments.

use super::{BoxError, Mp4Box, array_at, byte_at, children, name, only, u32_at};

/// What an init segment promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Ticks per second.
    pub timescale: u32,
    /// RFC 6381: `avc1.640020`, `mp4a.40.2`.
    pub codec: String,
    /// Pixels; zero for sound.
    pub width: u32,
    /// Pixels; zero for sound.
    pub height: u32,
    /// Bytes of a NAL unit's length; zero for sound.
    pub nal_length: usize,
    /// Width and height of a pixel, where the encoder says; 1:1 otherwise.
    pub pixel: (u32, u32),
    /// What its numbers mean, where the encoder says (ISO/IEC 23091-2).
    pub colour: Option<ColourCode>,
}

/// Code points of ISO/IEC 23091-2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColourCode {
    pub primaries: u16,
    pub transfer: u16,
    pub matrix: u16,
    /// Whether black is 0 and white 255.
    pub is_full_range: bool,
}

/// Reads an init segment with one track.
pub fn init(bytes: &[u8]) -> Result<Init, BoxError> {
    let moov = only(bytes, 0..bytes.len(), b"moov")?;
    let trak = only(bytes, moov.body..moov.end, b"trak")?;
    let mdia = only(bytes, trak.body..trak.end, b"mdia")?;
    let mdhd = only(bytes, mdia.body..mdia.end, b"mdhd")?;
    let is_long = byte_at(bytes, mdhd.body)? == 1;
    let timescale = u32_at(bytes, mdhd.body + if is_long { 20 } else { 12 })?;
    let minf = only(bytes, mdia.body..mdia.end, b"minf")?;
    let stbl = only(bytes, minf.body..minf.end, b"stbl")?;
    let stsd = only(bytes, stbl.body..stbl.end, b"stsd")?;
    let entries = children(bytes, stsd.body + 8..stsd.end)?;
    let [entry] = &entries[..] else { return Err(BoxError::new("not exactly one sample description")) };
    match &entry.kind {
        b"avc1" => avc(bytes, entry, timescale),
        b"mp4a" => Ok(Init {
            timescale,
            codec: aac(bytes, entry)?,
            width: 0,
            height: 0,
            nal_length: 0,
            pixel: (1, 1),
            colour: None,
        }),
        other => Err(BoxError::new(format!("unexpected codec {}", name(other)))),
    }
}

fn avc(bytes: &[u8], entry: &Mp4Box, timescale: u32) -> Result<Init, BoxError> {
    const VISUAL_ENTRY_BYTES: usize = 78;
    let inner = entry.body + VISUAL_ENTRY_BYTES..entry.end;
    let avcc = only(bytes, inner.clone(), b"avcC")?;
    let [profile, constraints, level] = array_at::<3>(bytes, avcc.body + 1)?;
    let inner = children(bytes, inner)?;
    let pixel = match inner.iter().find(|inner| &inner.kind == b"pasp") {
        Some(pasp) => (u32_at(bytes, pasp.body)?, u32_at(bytes, pasp.body + 4)?),
        None => (1, 1),
    };
    let colour = match inner.iter().find(|inner| &inner.kind == b"colr") {
        Some(colr) if &array_at::<4>(bytes, colr.body)? == b"nclx" => {
            let code = |at: usize| array_at(bytes, colr.body + at).map(u16::from_be_bytes);
            let is_full_range = byte_at(bytes, colr.body + 10)? & 0x80 != 0;
            Some(ColourCode { primaries: code(4)?, transfer: code(6)?, matrix: code(8)?, is_full_range })
        }
        _ => None,
    };
    Ok(Init {
        timescale,
        codec: format!("avc1.{profile:02x}{constraints:02x}{level:02x}"),
        width: u32::from(u16::from_be_bytes(array_at(bytes, entry.body + 24)?)),
        height: u32::from(u16::from_be_bytes(array_at(bytes, entry.body + 26)?)),
        nal_length: usize::from(byte_at(bytes, avcc.body + 4)? & 3) + 1,
        pixel,
        colour,
    })
}

/// The audio object type lies in the decoder's own configuration: descriptor 5 inside 4 inside 3.
fn aac(bytes: &[u8], entry: &Mp4Box) -> Result<String, BoxError> {
    const AUDIO_ENTRY_BYTES: usize = 28;
    let esds = only(bytes, entry.body + AUDIO_ENTRY_BYTES..entry.end, b"esds")?;
    let mut at = esds.body + 4;
    loop {
        let tag = byte_at(bytes, at)?;
        let mut length_bytes = 1;
        while byte_at(bytes, at + length_bytes)? & 0x80 != 0 {
            length_bytes += 1;
        }
        let body = at + 1 + length_bytes;
        at = match tag {
            3 => body + 3,
            4 => body + 13,
            5 => return Ok(format!("mp4a.40.{}", byte_at(bytes, body)? >> 3)),
            other => return Err(BoxError::new(format!("descriptor {other} in esds"))),
        };
        if at >= esds.end {
            return Err(BoxError::new("esds without a decoder configuration"));
        }
    }
}
