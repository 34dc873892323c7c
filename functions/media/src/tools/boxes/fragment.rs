//! Fragments: a moof and its mdat.

use std::ops::Range;

use super::{BoxError, Mp4Box, array_at, byte_at, children, only, u32_at};

/// A fragment holds a few seconds: no more samples than that can have.
const MOST_SAMPLES: u64 = 1 << 16;

/// One moof and its mdat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where moof and mdat lie.
    pub range: Range<usize>,
    /// Decoding time of the first sample, in ticks.
    pub tfdt: u64,
    /// Duration of all samples, in ticks.
    pub ticks: u64,
    pub samples: u64,
    /// Duration of every sample but the last, in ticks; `None` when they differ or there is only one.
    pub each_ticks: Option<u64>,
    /// Duration of the last sample, in ticks.
    pub last_ticks: u64,
    /// Where the first sample lies.
    pub first_sample: Range<usize>,
}

/// Reads all fragments of a file; other boxes between them (styp, sidx) are passed over.
pub fn fragments(bytes: &[u8]) -> Result<Vec<Fragment>, BoxError> {
    let boxes = children(bytes, 0..bytes.len())?;
    let mut found = Vec::new();
    let mut rest = boxes.iter().peekable();
    while let Some(moof) = rest.next() {
        if &moof.kind != b"moof" {
            continue;
        }
        let mdat = rest.next().filter(|mdat| &mdat.kind == b"mdat");
        let mdat = mdat.ok_or_else(|| BoxError::new("a moof without its mdat"))?;
        found.push(fragment(bytes, moof, mdat)?);
    }
    Ok(found)
}

fn fragment(bytes: &[u8], moof: &Mp4Box, mdat: &Mp4Box) -> Result<Fragment, BoxError> {
    const DEFAULT_BASE_IS_MOOF: u32 = 0x02_0000;
    let traf = only(bytes, moof.body..moof.end, b"traf")?;
    let tfhd = only(bytes, traf.body..traf.end, b"tfhd")?;
    let tfhd_flags = u32_at(bytes, tfhd.body)? & 0xff_ffff;
    if tfhd_flags & DEFAULT_BASE_IS_MOOF == 0 || tfhd_flags & 1 != 0 {
        return Err(BoxError::new("a fragment that cannot be moved"));
    }
    let mut at = tfhd.body + 8 + if tfhd_flags & 2 != 0 { 4 } else { 0 };
    let mut default = |flag: u32| -> Result<Option<u32>, BoxError> {
        if tfhd_flags & flag == 0 {
            return Ok(None);
        }
        at += 4;
        u32_at(bytes, at - 4).map(Some)
    };
    let (default_ticks, default_size) = (default(8)?, default(16)?);
    let tfdt = only(bytes, traf.body..traf.end, b"tfdt")?;
    let tfdt = match byte_at(bytes, tfdt.body)? {
        0 => u64::from(u32_at(bytes, tfdt.body + 4)?),
        _ => u64::from_be_bytes(array_at(bytes, tfdt.body + 4)?),
    };
    let trun = only(bytes, traf.body..traf.end, b"trun")?;
    let flags = u32_at(bytes, trun.body)? & 0xff_ffff;
    let samples = u64::from(u32_at(bytes, trun.body + 4)?);
    if samples == 0 || samples > MOST_SAMPLES {
        return Err(BoxError::new(format!("{samples} samples in one fragment")));
    }
    let mut at = trun.body + 8;
    let mut data = mdat.body;
    if flags & 1 != 0 {
        let offset = i32::from_be_bytes(array_at(bytes, at)?);
        data = moof.start.checked_add_signed(offset as isize).ok_or_else(|| BoxError::new("data before its moof"))?;
        at += 4;
    }
    at += if flags & 4 != 0 { 4 } else { 0 };
    let missing = || BoxError::new("a sample without size or duration");
    let (mut ticks, mut bytes_used, mut first_size) = (0u64, 0usize, 0usize);
    let (mut each, mut is_even, mut last_ticks) = (None, true, 0u64);
    for sample in 0..samples {
        let mut field = |flag: u32, default: Option<u32>| -> Result<Option<u32>, BoxError> {
            if flags & flag == 0 {
                return Ok(default);
            }
            at += 4;
            u32_at(bytes, at - 4).map(Some)
        };
        last_ticks = u64::from(field(0x100, default_ticks)?.ok_or_else(missing)?);
        ticks += last_ticks;
        if sample + 1 < samples {
            is_even &= *each.get_or_insert(last_ticks) == last_ticks;
        }
        let size = field(0x200, default_size)?.ok_or_else(missing)? as usize;
        field(0x400, None)?;
        field(0x800, None)?;
        bytes_used += size;
        if sample == 0 {
            first_size = size;
        }
        if at > trun.end {
            return Err(BoxError::new("trun ends too early"));
        }
    }
    if data < mdat.body || data + bytes_used != mdat.end {
        return Err(BoxError::new(format!("{bytes_used} bytes of samples do not fill mdat")));
    }
    let each_ticks = each.filter(|_| is_even);
    let (range, first_sample) = (moof.start..mdat.end, data..data + first_size);
    Ok(Fragment { range, tfdt, ticks, samples, each_ticks, last_ticks, first_sample })
}

/// Whether a sample is an IDR picture: its first coded slice says so.
pub fn is_idr(sample: &[u8], nal_length: usize) -> bool {
    let mut at = 0;
    while let Some(length) = sample.get(at..at + nal_length) {
        let length = length.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte));
        let Some(header) = sample.get(at + nal_length) else { return false };
        match header & 0x1f {
            5 => return true,
            1..=4 => return false,
            _ => at += nal_length + length,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::init;
    use super::*;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn fragment_bytes(sizes: &[u32], fill: u8) -> Vec<u8> {
        let tfhd =
            boxed(b"tfhd", &[&0x02_0008u32.to_be_bytes()[..], &1u32.to_be_bytes(), &512u32.to_be_bytes()].concat());
        let tfdt = boxed(b"tfdt", &[&[1, 0, 0, 0][..], &73_728u64.to_be_bytes()].concat());
        let trun = |offset: u32| {
            let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_be_bytes()).collect();
            let head = [0x201u32.to_be_bytes(), (sizes.len() as u32 / 4).to_be_bytes(), offset.to_be_bytes()].concat();
            boxed(b"trun", &[head, sizes].concat())
        };
        let moof = |offset| boxed(b"moof", &boxed(b"traf", &[tfhd.clone(), tfdt.clone(), trun(offset)].concat()));
        let offset = moof(0).len() as u32 + 8;
        [moof(offset), boxed(b"mdat", &vec![fill; sizes.iter().sum::<u32>() as usize])].concat()
    }

    #[test]
    fn a_fragment_reads_back() {
        let bytes = [boxed(b"styp", b"msdh"), fragment_bytes(&[10, 20, 30], 0)].concat();
        let fragment = &fragments(&bytes).unwrap()[0];
        assert_eq!((fragment.tfdt, fragment.ticks, fragment.samples), (73_728, 1536, 3));
        assert_eq!((fragment.each_ticks, fragment.last_ticks), (Some(512), 512));
        assert_eq!(fragment.first_sample.len(), 10);
        assert_eq!(fragment.range, 12..bytes.len());
    }

    #[test]
    fn cut_bytes_are_an_error() {
        let bytes = fragment_bytes(&[10, 20], 0);
        for length in 1..bytes.len() {
            assert!(fragments(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn idr_is_the_first_slice() {
        let unit = |kind: u8| [&3u32.to_be_bytes()[..], &[kind, 0, 0]].concat();
        assert!(is_idr(&[unit(6), unit(7), unit(0x65)].concat(), 4));
        assert!(!is_idr(&[unit(6), unit(0x41), unit(0x65)].concat(), 4));
        assert!(!is_idr(&unit(6), 4));
        assert!(!is_idr(&[], 4));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..200) {
            let _ = (fragments(&bytes), init(&bytes), is_idr(&bytes, 4));
            let mut film = fragment_bytes(&[10, 20, 30], 7);
            let at = at % film.len();
            film[at] ^= bytes.first().copied().unwrap_or(1);
            let _ = fragments(&film);
        }
    }
}
