//! From the bytes of a file to UTF-8, as a stream.
//!
//! A byte-order mark decides. Without one a file is UTF-8, or, on a second reading, Windows-1251: what a spreadsheet on a Russian Windows writes.

use std::io::{self, Read};

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

use super::words::Refusal;

const CHUNK_BYTES: usize = 16 * 1024;

/// What a file without a byte-order mark is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guess {
    Utf8,
    Windows1251,
}

/// Gives the text of a file in UTF-8; ends with [`Refusal::UnknownEncoding`] where it is none.
pub(super) struct TextReader<R> {
    input: R,
    decoder: encoding_rs::Decoder,
    /// Bytes that were looked at for a mark.
    ahead: Vec<u8>,
    text: Vec<u8>,
    place: usize,
    has_ended: bool,
    cyrillic: Option<Cyrillic>,
}

impl<R: Read> TextReader<R> {
    pub(super) fn new(mut input: R, guess: Guess) -> io::Result<Self> {
        let mut ahead = Vec::new();
        input.by_ref().take(3).read_to_end(&mut ahead)?;
        let (encoding, mark): (&'static Encoding, usize) = match ahead[..] {
            [0xef, 0xbb, 0xbf, ..] => (UTF_8, 3),
            [0xff, 0xfe, ..] => (UTF_16LE, 2),
            [0xfe, 0xff, ..] => (UTF_16BE, 2),
            _ if guess == Guess::Windows1251 => (WINDOWS_1251, 0),
            _ => (UTF_8, 0),
        };
        ahead.drain(..mark);
        Ok(Self {
            input,
            decoder: encoding.new_decoder_without_bom_handling(),
            ahead,
            text: Vec::new(),
            place: 0,
            has_ended: false,
            cyrillic: (encoding == WINDOWS_1251).then(Cyrillic::default),
        })
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut raw = std::mem::take(&mut self.ahead);
        if raw.is_empty() {
            raw.resize(CHUNK_BYTES, 0);
            let read = self.input.read(&mut raw)?;
            raw.truncate(read);
        }
        let is_last = raw.is_empty();
        let room = self.decoder.max_utf8_buffer_length_without_replacement(raw.len()).unwrap_or(4 * CHUNK_BYTES);
        self.text.resize(room, 0);
        let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(&raw, &mut self.text, is_last);
        self.text.truncate(written);
        self.place = 0;
        self.has_ended = is_last;
        // No text has a zero in it; UTF-16 without its mark does.
        if result != DecoderResult::InputEmpty || self.text.contains(&0) {
            return Err(unknown());
        }
        if let Some(cyrillic) = &mut self.cyrillic {
            cyrillic.count(&raw);
            if is_last && !cyrillic.is_likely() {
                return Err(unknown());
            }
        }
        Ok(())
    }
}

impl<R: Read> Read for TextReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.place == self.text.len() && !self.has_ended {
            self.fill()?;
        }
        let count = buffer.len().min(self.text.len() - self.place);
        buffer[..count].copy_from_slice(&self.text[self.place..self.place + count]);
        self.place += count;
        Ok(count)
    }
}

fn unknown() -> io::Error {
    io::Error::other(Refusal::UnknownEncoding)
}

/// Whether bytes above 127 are Cyrillic letters in Windows-1251: these stand beside each other, accented letters of Western code pages alone.
#[derive(Default)]
struct Cyrillic {
    high: u64,
    paired: u64,
    was_letter: bool,
}

impl Cyrillic {
    fn count(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let is_letter = matches!(byte, 0xc0..|0xa8| 0xb8);
            self.high += u64::from(*byte >= 0x80);
            self.paired += u64::from(is_letter && self.was_letter);
            self.was_letter = is_letter;
        }
    }

    fn is_likely(&self) -> bool {
        self.paired * 2 > self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], guess: Guess) -> Option<String> {
        let mut text = String::new();
        TextReader::new(bytes, guess).and_then(|mut reader| reader.read_to_string(&mut text)).ok().map(|_| text)
    }

    #[test]
    fn marks_decide_and_text_comes_through() {
        let utf16 = |text: &str, swap: bool| -> Vec<u8> {
            let units = std::iter::once('\u{feff}').chain(text.chars()).collect::<String>();
            let units = units.encode_utf16();
            units.flat_map(|unit| if swap { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let text = "Title,Date\nЁлки, 🎬,1/2/23\n".repeat(3000);
        for guess in [Guess::Utf8, Guess::Windows1251] {
            assert_eq!(read(&utf16(&text, false), guess).as_ref(), Some(&text));
            assert_eq!(read(&utf16(&text, true), guess).as_ref(), Some(&text));
            assert_eq!(read(format!("\u{feff}{text}").as_bytes(), guess).as_ref(), Some(&text));
        }
        assert_eq!(read(text.as_bytes(), Guess::Utf8), Some(text));
        assert_eq!(read(b"", Guess::Utf8).as_deref(), Some(""));
    }

    #[test]
    fn windows_1251_is_taken_for_itself_alone() {
        let (bytes, ..) = WINDOWS_1251.encode("Название,Дата\nИрония судьбы,01.02.23\n");
        assert_eq!(read(&bytes, Guess::Utf8), None);
        assert!(read(&bytes, Guess::Windows1251).unwrap().contains("Ирония судьбы"));
        let (western, ..) = encoding_rs::WINDOWS_1252.encode("Title,Date\nAmélie à la plage, Noël,1/2/23\n");
        assert_eq!(read(&western, Guess::Utf8), None);
        assert_eq!(read(&western, Guess::Windows1251), None);
    }

    #[test]
    fn what_is_no_text_is_refused() {
        let without_mark: Vec<u8> = "Title".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [&without_mark[..], b"PK\x03\x04\0\0", b"\xff\xfea", b"\x1f\x8b\x08\0"] {
            assert_eq!(read(bytes, Guess::Utf8), None, "{bytes:?}");
            assert_eq!(read(bytes, Guess::Windows1251), None, "{bytes:?}");
        }
    }
}
