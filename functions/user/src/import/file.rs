//! A file of another service, read as a stream.

use std::io::Read;

use time::OffsetDateTime;

pub use super::decode::Guess;
use super::{
    contents::{Contents, FileError},
    decode::TextReader,
    letterboxd, netflix,
    options::Options,
    trakt,
    words::{Refusal, Source},
};

/// What the file says. Dates after `now` are none.
///
/// # Errors
/// Whatever keeps all of it from being read; a line that cannot be read is one of the [faults](Contents::faults).
pub fn read(options: &Options, guess: Guess, input: impl Read, now: OffsetDateTime) -> Result<Contents, FileError> {
    let text = TextReader::new(input, guess)?;
    let contents = match options.source {
        Source::Netflix => netflix::read(text, options, now)?,
        Source::Letterboxd => letterboxd::read(text, options.list, now)?,
        Source::Trakt => trakt::read(text, now)?,
    };
    if contents.lines == 0 { Err(Refusal::EmptyFile.into()) } else { Ok(contents) }
}

#[cfg(test)]
mod tests {
    use std::io;

    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;
    use crate::import::contents::Entry;

    const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

    fn of(source: Source) -> Options {
        Options { source, list: None, date_order: None, source_profile: None }
    }

    fn refused(source: Source, bytes: &[u8]) -> Refusal {
        match read(&of(source), Guess::Utf8, bytes, NOW) {
            Err(FileError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_refusal_has_its_name() {
        let many = |line: &str| line.repeat(50_001);
        let tables = [Source::Netflix, Source::Letterboxd];
        for source in tables {
            assert_eq!(refused(source, b""), Refusal::EmptyFile);
            assert_eq!(refused(source, b"\xef\xbb\xbf\n\n"), Refusal::EmptyFile);
            assert_eq!(refused(source, b"a,b,c\n1,2,3\n"), Refusal::WrongColumns);
            assert_eq!(refused(source, b"{\"history\":[]}"), Refusal::WrongColumns);
            assert_eq!(refused(source, b"PK\x03\x04\0\0\0\0"), Refusal::UnknownEncoding);
            assert_eq!(refused(source, b"\xc0\xe8\xf0\xee\xed\xe8\xff"), Refusal::UnknownEncoding);
        }
        assert_eq!(refused(Source::Netflix, b"Title,Date\n"), Refusal::EmptyFile);
        assert_eq!(
            refused(Source::Netflix, format!("Title,Date\n{}", many("x,1/2/23\n")).as_bytes()),
            Refusal::TooManyLines
        );
        let row = "2023-01-01,x,1999,https://boxd.it/1\n";
        let table = format!("Date,Name,Year,Letterboxd URI\n{}", many(row));
        assert_eq!(refused(Source::Letterboxd, table.as_bytes()), Refusal::TooManyLines);
        for (text, refusal) in [
            ("", Refusal::EmptyFile),
            (" \n", Refusal::EmptyFile),
            ("[]", Refusal::EmptyFile),
            ("{\"history\":[]}", Refusal::EmptyFile),
            ("{}", Refusal::WrongShape),
            ("7", Refusal::WrongShape),
            ("\"text\"", Refusal::WrongShape),
            ("null", Refusal::WrongShape),
            ("{\"movie\":{\"title\":\"x\"}}", Refusal::WrongShape),
            ("Title,Date\nx,1/2/23", Refusal::NotJson),
            ("[{]", Refusal::NotJson),
            ("[1] [2]", Refusal::NotJson),
            ("[1", Refusal::NotJson),
        ] {
            assert_eq!(refused(Source::Trakt, text.as_bytes()), refusal, "{text}");
        }
        assert_eq!(refused(Source::Trakt, format!("[{}0]", many("0,")).as_bytes()), Refusal::TooManyLines);
    }

    #[test]
    fn a_stream_that_breaks_is_no_refusal() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        for source in [Source::Netflix, Source::Trakt, Source::Letterboxd] {
            let begin = if source == Source::Trakt { "[{}," } else { "Title,Date\nx" };
            for input in [begin, ""] {
                let read = read(&of(source), Guess::Utf8, input.as_bytes().chain(Broken), NOW);
                let is_refused = source == Source::Letterboxd && !input.is_empty();
                assert!(matches!(read, Err(FileError::Broken(_))) || is_refused, "{source:?} {input:?}: {read:?}");
            }
        }
    }

    /// Without the numbers of lines, in an order of their own.
    fn said(mut contents: Contents) -> (u32, u32, Vec<String>, Vec<String>) {
        contents.entries.iter_mut().for_each(|entry: &mut Entry| entry.line = 0);
        contents.faults.iter_mut().for_each(|fault| fault.line = 0);
        let mut entries: Vec<_> = contents.entries.iter().map(|entry| format!("{entry:?}")).collect();
        let mut faults: Vec<_> = contents.faults.iter().map(|fault| format!("{fault:?}")).collect();
        entries.sort();
        faults.sort();
        (contents.lines, contents.skipped, entries, faults)
    }

    fn sources() -> impl Strategy<Value = Source> {
        prop_oneof![Just(Source::Netflix), Just(Source::Trakt), Just(Source::Letterboxd)]
    }

    fn heads() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            Just(""),
            Just("Title,Date\n"),
            Just("Date,Name,Year,Letterboxd URI,Rating\n"),
            Just("Profile Name;Start Time;Title\n"),
            Just("[{\"rating\":1,\"movie\":"),
            Just("{\"history\":["),
        ]
    }

    proptest! {
        #[test]
        fn no_bytes_panic(
            source in sources(), head in heads(), bytes in proptest::collection::vec(any::<u8>(), 0..200),
            guess in prop_oneof![Just(Guess::Utf8), Just(Guess::Windows1251)],
        ) {
            let bytes = [head.as_bytes(), &bytes].concat();
            let _ = read(&of(source), guess, &bytes[..], NOW);
        }

        #[test]
        fn no_text_panics(source in sources(), head in heads(), text in "([a-zA-Z0-9\",;:/.=\n\r\t{}\\[\\]ё🎬-]{0,12},?){0,12}") {
            let text = format!("{head}{text}");
            let _ = read(&of(source), Guess::Utf8, text.as_bytes(), NOW);
        }

        #[test]
        fn the_order_of_lines_does_not_matter(
            lines in proptest::collection::vec("(Alien|Dark: Season 1: Secrets|=1|),[0-9]{1,2}/[0-9]{1,2}/2[0-7]", 1..12)
                .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        ) {
            let read = |lines: &[String]| {
                let table = format!("Title,Date\n{}\n", lines.join("\n"));
                said(read(&of(Source::Netflix), Guess::Utf8, table.as_bytes(), NOW).unwrap())
            };
            prop_assert_eq!(read(&lines.0), read(&lines.1));
        }
    }
}
