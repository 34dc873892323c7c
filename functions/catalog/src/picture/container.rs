//! What a file is by its content, before a decoder sees it: one whole picture of a size that can be decoded, and nothing behind it.

use image::ImageFormat;

use super::{LONGEST_SIDE, MOST_BYTES, MOST_PIXELS, PictureRefusal, SHORTEST_SIDE};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Programs write about ten passes; a pass of nothing costs a decoder as much time as one of something.
const MOST_SCANS: usize = 32;

/// What the file is.
pub(super) fn check(bytes: &[u8]) -> Result<ImageFormat, PictureRefusal> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err(PictureRefusal::TooLarge);
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        jpeg(bytes).map(|()| ImageFormat::Jpeg)
    } else if bytes.starts_with(PNG) {
        png(bytes).map(|()| ImageFormat::Png)
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        webp(bytes).map(|()| ImageFormat::WebP)
    } else {
        Err(PictureRefusal::NotAPicture)
    }
}

/// Whether a picture of this size is decoded.
pub(super) fn check_size(width: u32, height: u32) -> Result<(), PictureRefusal> {
    let (shorter, longer) = (width.min(height), width.max(height));
    if shorter == 0 {
        return Err(PictureRefusal::Unreadable);
    }
    if longer > LONGEST_SIDE || u64::from(width) * u64::from(height) > MOST_PIXELS {
        return Err(PictureRefusal::TooManyPixels);
    }
    if shorter < SHORTEST_SIDE { Err(PictureRefusal::TooSmall) } else { Ok(()) }
}

/// Programs pad with zeros; anything else behind a picture is for somebody else.
fn check_end(rest: &[u8]) -> Result<(), PictureRefusal> {
    if rest.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(PictureRefusal::TrailingData) }
}

fn u16_at(bytes: &[u8], at: usize) -> Result<u16, PictureRefusal> {
    let found = bytes.get(at..at + 2).ok_or(PictureRefusal::Truncated)?;
    Ok(u16::from_be_bytes([found[0], found[1]]))
}

fn u32_at(bytes: &[u8], at: usize) -> Result<u32, PictureRefusal> {
    let found = bytes.get(at..at + 4).ok_or(PictureRefusal::Truncated)?;
    Ok(u32::from_be_bytes([found[0], found[1], found[2], found[3]]))
}

/// From marker to marker (ITU-T T.81, annex B).
fn jpeg(bytes: &[u8]) -> Result<(), PictureRefusal> {
    let (mut at, mut frames, mut scans) = (2, 0, 0);
    loop {
        let marker = jpeg_marker(bytes, &mut at)?;
        match marker {
            0xd9 => break,
            0x01 | 0xd0..=0xd7 => continue,
            // A second beginning: a picture within the picture, outside of any segment.
            0x00 | 0xd8 => return Err(PictureRefusal::Unreadable),
            _ => {}
        }
        let length = usize::from(u16_at(bytes, at)?);
        if length < 2 {
            return Err(PictureRefusal::Unreadable);
        }
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                check_size(u16_at(bytes, at + 5)?.into(), u16_at(bytes, at + 3)?.into())?;
                frames += 1;
            }
            0xda => scans += 1,
            _ => {}
        }
        if frames > 1 {
            return Err(PictureRefusal::Unreadable);
        }
        if scans > MOST_SCANS {
            return Err(PictureRefusal::TooComplex);
        }
        at += length;
        if at > bytes.len() {
            return Err(PictureRefusal::Truncated);
        }
        if marker == 0xda {
            at = jpeg_scan_end(bytes, at)?;
        }
    }
    if frames == 0 || scans == 0 {
        return Err(PictureRefusal::Unreadable);
    }
    check_end(&bytes[at..])
}

/// The marker at this place; the place moves behind it.
fn jpeg_marker(bytes: &[u8], at: &mut usize) -> Result<u8, PictureRefusal> {
    let next = |at: &mut usize| -> Result<u8, PictureRefusal> {
        let byte = bytes.get(*at).copied().ok_or(PictureRefusal::Truncated)?;
        *at += 1;
        Ok(byte)
    };
    if next(at)? != 0xff {
        return Err(PictureRefusal::Unreadable);
    }
    loop {
        let byte = next(at)?;
        if byte != 0xff {
            return Ok(byte);
        }
    }
}

/// Where the coded data of a pass end: at a marker that does not belong to them.
fn jpeg_scan_end(bytes: &[u8], from: usize) -> Result<usize, PictureRefusal> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..).ok_or(PictureRefusal::Truncated)?;
        at += rest.iter().position(|byte| *byte == 0xff).ok_or(PictureRefusal::Truncated)?;
        match bytes.get(at + 1).ok_or(PictureRefusal::Truncated)? {
            0x00 | 0xd0..=0xd7 => at += 2,
            0xff => at += 1,
            _ => return Ok(at),
        }
    }
}

/// From chunk to chunk.
fn png(bytes: &[u8]) -> Result<(), PictureRefusal> {
    let mut at = PNG.len();
    if bytes.get(at + 4..at + 8).is_some_and(|name| name != b"IHDR") {
        return Err(PictureRefusal::Unreadable);
    }
    check_size(u32_at(bytes, at + 8)?, u32_at(bytes, at + 12)?)?;
    loop {
        let length = u32_at(bytes, at)? as usize;
        let name = bytes.get(at + 4..at + 8).ok_or(PictureRefusal::Truncated)?;
        let end = at + 12 + length;
        if end > bytes.len() {
            return Err(PictureRefusal::Truncated);
        }
        match name {
            b"acTL" => return Err(PictureRefusal::Animated),
            b"IEND" => return check_end(&bytes[end..]),
            _ => at = end,
        }
    }
}

/// The length that the header tells.
fn webp(bytes: &[u8]) -> Result<(), PictureRefusal> {
    const ANIMATED: u8 = 2;
    let length = bytes.get(4..8).ok_or(PictureRefusal::Truncated)?;
    let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
    let rest = bytes.get(length.saturating_add(8)..).ok_or(PictureRefusal::Truncated)?;
    if bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & ANIMATED != 0) {
        return Err(PictureRefusal::Animated);
    }
    check_end(rest)
}
