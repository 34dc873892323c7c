//! MP4 boxes: reads the init segments and fragments that our encoder writes, and nothing more general than that.

mod fragment;
mod init;

use std::ops::Range;

pub use fragment::{Fragment, fragments, is_idr};
pub use init::{ColourCode, Init, init};

/// A structure that our encoder does not write, so the bytes are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mp4: {0}")]
pub struct BoxError(String);

impl BoxError {
    pub(crate) fn new(what: impl Into<String>) -> BoxError {
        BoxError(what.into())
    }
}

/// One box: its four letters and where it lies.
#[derive(Clone, Debug)]
pub struct Mp4Box {
    /// The four letters.
    pub kind: [u8; 4],
    /// First byte of the header.
    pub start: usize,
    /// First byte after the header.
    pub body: usize,
    /// First byte after the box.
    pub end: usize,
}

/// The boxes of `bytes[range]`, one after the other.
pub fn children(bytes: &[u8], range: Range<usize>) -> Result<Vec<Mp4Box>, BoxError> {
    let mut found = Vec::new();
    let mut start = range.start;
    while start < range.end {
        let short = u64::from(u32_at(bytes, start)?);
        let kind = array_at::<4>(bytes, start + 4)?;
        let (size, header) = match short {
            1 => (u64::from_be_bytes(array_at(bytes, start + 8)?), 16),
            size => (size, 8),
        };
        let size = usize::try_from(size).map_err(|_| BoxError::new("a box larger than memory"))?;
        let end = start.checked_add(size).filter(|end| size >= header && *end <= range.end);
        let end = end.ok_or_else(|| BoxError::new(format!("box {} at {start} leaves its parent", name(&kind))))?;
        found.push(Mp4Box { kind, start, body: start + header, end });
        start = end;
    }
    Ok(found)
}

/// The one child of this kind.
pub(super) fn only(bytes: &[u8], range: Range<usize>, kind: &[u8; 4]) -> Result<Mp4Box, BoxError> {
    let mut found = children(bytes, range)?.into_iter().filter(|inner| &inner.kind == kind);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(BoxError::new(format!("no {}", name(kind)))),
        (Some(_), Some(_)) => Err(BoxError::new(format!("more than one {}", name(kind)))),
    }
}

pub(super) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], BoxError> {
    let slice = at.checked_add(N).and_then(|end| bytes.get(at..end));
    slice.and_then(|slice| slice.try_into().ok()).ok_or_else(|| BoxError::new("ends inside a box"))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Result<u32, BoxError> {
    array_at(bytes, at).map(u32::from_be_bytes)
}

pub(super) fn byte_at(bytes: &[u8], at: usize) -> Result<u8, BoxError> {
    array_at::<1>(bytes, at).map(|[byte]| byte)
}

pub(super) fn name(kind: &[u8; 4]) -> String {
    String::from_utf8_lossy(kind).into_owned()
}
