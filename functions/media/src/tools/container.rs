//! Containers: recognised by their first bytes, never by a name, so that ffmpeg is only ever offered one demuxer.

use serde::{Deserialize, Serialize};

use crate::tools::refusal::Refusal;

/// How many bytes of a file's beginning [`Container::sniff`] wants to see: receivers write some kilobytes of nothing first.
pub const HEAD_BYTES: usize = 16 << 10;

/// What an ISO base media file may begin with: of fragments a recorder's `styp`, of progressive downloads `pdin`, of some cameras `uuid`.
const FIRST_BOXES: [&[u8]; 10] =
    [b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp", b"pdin", b"uuid"];
/// A packet of a transport stream: bare, with a time before it (M2TS), with a check sum behind it (DVB).
const PACKET_BYTES: [usize; 3] = [188, 192, 204];

/// A container that is accepted as a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// MP4, MOV, 3GP, M4V.
    Mov,
    /// Matroska and WebM.
    Matroska,
    Avi,
    /// MPEG transport stream: no index, so it is remuxed before anything seeks in it.
    MpegTs,
}

impl Container {
    /// What a file of `size` bytes that begins with `head` is.
    pub fn sniff(size: u64, head: &[u8]) -> Result<Container, Refusal> {
        if size == 0 || head.is_empty() {
            return Err(Refusal::Empty);
        }
        let at = |offset: usize, magic: &[u8]| head.get(offset..offset + magic.len()) == Some(magic);
        if FIRST_BOXES.iter().any(|kind| at(4, kind)) {
            Ok(Container::Mov)
        } else if at(0, b"\x1a\x45\xdf\xa3") {
            Ok(Container::Matroska)
        } else if at(0, b"RIFF") && (at(8, b"AVI ") || at(8, b"AVIX")) {
            Ok(Container::Avi)
        } else if is_transport_stream(head, 188, 0, 3)
            || is_transport_stream(head, 192, 4, 3)
            || is_transport_stream(head, 204, 0, 3)
            || PACKET_BYTES.into_iter().any(|length| begins_inside(head, length))
        {
            Ok(Container::MpegTs)
        } else {
            Err(refusal(head))
        }
    }

    /// The only demuxer that may open it.
    pub fn demuxer(self) -> &'static str {
        match self {
            Container::Mov => "mov",
            Container::Matroska => "matroska",
            Container::Avi => "avi",
            Container::MpegTs => "mpegts",
        }
    }

    /// Whether seeking in it finds the right frame; without an index 1,152 of 1,440 frames were wrong.
    pub fn can_seek(self) -> bool {
        self != Container::MpegTs
    }
}

/// Packets of `length` bytes begin with 0x47; at the very beginning three in a row are no accident.
fn is_transport_stream(head: &[u8], length: usize, first: usize, count: usize) -> bool {
    (0..count).all(|packet| head.get(first + packet * length) == Some(&0x47))
}

/// A recording may begin anywhere in a packet, or with nothing; elsewhere it takes ten in a row.
fn begins_inside(head: &[u8], length: usize) -> bool {
    (0..head.len()).any(|first| is_transport_stream(head, length, first, 10))
}

fn refusal(head: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(&head[..head.len().min(512)]);
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let is_playlist = text.starts_with("#EXTM3U")
        || text.starts_with("ffconcat")
        || text.starts_with("[playlist]")
        || text.contains("<MPD")
        || text.contains("<SmoothStreamingMedia");
    if is_playlist {
        return Refusal::Playlist;
    }
    const KINDS: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xbc\xaf", "a 7z archive"),
        (b"\x1f\x8b", "a gzip archive"),
        (b"%PDF", "a PDF document"),
        (b"\x89PNG", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"ID3", "an MP3 recording"),
        (b"OggS", "an Ogg file"),
        (b"fLaC", "a FLAC recording"),
        (b"FLV\x01", "a Flash video"),
        (b"\x30\x26\xb2\x75", "a Windows Media file"),
        (b"\x00\x00\x01\xba", "an MPEG program stream"),
        (b"\x7fELF", "a program"),
        (b"MZ", "a program"),
        (b"<", "a web page or XML document"),
        (b"RIFF", "a sound or picture file"),
    ];
    let found =
        KINDS.iter().find(|(magic, _)| head.starts_with(magic)).map_or("of an unknown kind", |(_, found)| found);
    Refusal::NotAVideo { found: found.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sniff(head: &[u8]) -> Result<Container, Refusal> {
        Container::sniff(head.len() as u64, head)
    }

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(sniff(b"\0\0\0\x1cftypisom"), Ok(Container::Mov));
        assert_eq!(sniff(b"\x1a\x45\xdf\xa3\x01\0\0"), Ok(Container::Matroska));
        assert_eq!(sniff(b"RIFF\x10\0\0\0AVI LIST"), Ok(Container::Avi));
        let mut packets = vec![0u8; 600];
        (0..3).for_each(|packet| packets[packet * 188] = 0x47);
        assert_eq!(sniff(&packets), Ok(Container::MpegTs));
        let mut recording = vec![0u8; HEAD_BYTES];
        (0..21).for_each(|packet| recording[88 + packet * 188] = 0x47);
        assert_eq!(sniff(&recording), Ok(Container::MpegTs), "its first bytes are missing");
        let mut late = vec![0u8; HEAD_BYTES];
        (0..12).for_each(|packet| late[4_200 + packet * 204] = 0x47);
        assert_eq!(sniff(&late), Ok(Container::MpegTs), "nothing comes first, then packets with a check sum");
        for first in FIRST_BOXES {
            assert_eq!(sniff(&[&[0, 0, 0, 24], first, &[0; 16]].concat()), Ok(Container::Mov), "{first:?}");
        }
    }

    #[test]
    fn everything_else_is_refused_by_name() {
        assert_eq!(sniff(b""), Err(Refusal::Empty));
        assert_eq!(sniff(b"PK\x03\x04...."), Err(Refusal::NotAVideo { found: "a zip archive".into() }));
        assert_eq!(sniff(b"#EXTM3U\n#EXTINF:6,\nhttp://10.0.0.1/x.ts\n"), Err(Refusal::Playlist));
        assert_eq!(sniff(b"\xef\xbb\xbf\nffconcat version 1.0\nfile 'a'"), Err(Refusal::Playlist));
        assert_eq!(sniff(b"<?xml version=\"1.0\"?><MPD>"), Err(Refusal::Playlist));
        assert!(matches!(sniff(b"\x01\x02\x03"), Err(Refusal::NotAVideo { .. })));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(head in proptest::collection::vec(any::<u8>(), 0..3_000)) {
            let _ = sniff(&head);
        }
    }
}
