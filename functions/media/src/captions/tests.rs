//! Whole files: what becomes of each format, and what is said of each way in which one can be wrong.

use proptest::prelude::*;

use super::{
    convert::{Converted, MOST_BYTES, convert},
    cue::MOST_CUES,
    refusal::Refusal,
};

fn converted(file: &str) -> Result<Converted, Refusal> {
    convert(file.as_bytes(), &"en".parse().unwrap())
}

/// The cues without the header, which is always the same.
fn cues(file: &str) -> String {
    let text = converted(file).unwrap_or_else(|refusal| panic!("{refusal:?}\n{file}")).text;
    text.strip_prefix("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n").expect("the header").to_owned()
}

const FIRST: &str = "00:00:01.500 --> 00:00:04.000\nHello\n";

#[test]
fn subrip_is_read_as_people_write_it() {
    for file in [
        "1\n00:00:01,500 --> 00:00:04,000\nHello\n",
        "\u{feff}\r\n1\r\n00:00:01,500 --> 00:00:04,000  X1:1 X2:2\r\nHello\r\n\r\n",
        "00:00:01.5-->00:04\nHello",
        "1\n00:00:01,500 --> 00:00:04,000\n\n\n2\n00:00:01,500 --> 00:00:04,000\n Hello \n",
    ] {
        assert_eq!(cues(file), FIRST, "{file:?}");
    }
    let together =
        "1\n00:00:01,500 --> 00:00:04,000\nHello\n2\n00:00:05,000 --> 00:00:06,000\n{\\an8}{\\i1}<i>Up</i>\n1999\n";
    assert_eq!(cues(together), format!("{FIRST}\n00:00:05.000 --> 00:00:06.000 line:0\n<i>Up</i>\n1999\n"));
    let late = "2\n00:00:05,000 --> 00:00:06,000\nB\n\n1\n00:00:01,500 --> 00:00:04,000\nHello\n\n3\n00:00:01,500 --> 00:00:09,000\nover it\n";
    let in_order = "\n00:00:01.500 --> 00:00:09.000\nover it\n\n00:00:05.000 --> 00:00:06.000\nB\n";
    assert_eq!(cues(late), format!("{FIRST}{in_order}"), "overlapping, in the order of the film");
}

#[test]
fn webvtt_keeps_what_is_harmless() {
    let file = "WEBVTT - a film\nKind: captions\nX-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:0\n\nSTYLE\n::cue { background: url(http://h/) }\n\n\
        REGION\nid:a\n\nNOTE\nnot 00:00 > shown\n\nNOTE short\n\nintro\n00:01.500 --> 00:04.000 align:left position:10%,line-left line:-1 region:a size:200% align:right x\nHello\n00:00:05.000 --> 00:00:06.000\n<c.red>a</c> <v Bob>b\n";
    assert_eq!(
        cues(file),
        "00:00:01.500 --> 00:00:04.000 align:left position:10%,line-left line:-1\nHello\n\n00:00:05.000 --> 00:00:06.000\na <v Bob>b</v>\n"
    );
    assert_eq!(cues("WEBVTT\n00:01.500 --> 00:04.000\nHello\n"), FIRST, "without the blank line after the header");
    let once = converted(file).unwrap();
    assert_eq!(converted(&once.text).unwrap(), once, "what was written is read as the same");
    assert_eq!(once.cues, 2);
}

#[test]
fn ttml_is_read_with_its_times_and_styles() {
    let file = "\n<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n<tt:tt xmlns:tt=\"http://www.w3.org/ns/ttml\" xmlns:tts=\"http://www.w3.org/ns/ttml#styling\" \
        xmlns:ttp=\"http://www.w3.org/ns/ttml#parameter\" ttp:frameRate=\"25\">\n<tt:head><tt:metadata><t>no</t></tt:metadata><tt:styling>\
        <tt:style xml:id=\"s1\" tts:fontStyle=\"italic\"/></tt:styling></tt:head>\n<tt:body begin=\"1s\"><tt:div>\n\
        <tt:p begin=\"00:00:00:12\" dur=\"2.52s\">\n  Hello\n  &amp; <tt:span style=\"s1\">good\n day</tt:span><tt:br/>&#x263A; &lt;b&gt;<tt:metadata>no</tt:metadata>\n</tt:p>\n\
        <tt:p begin=\"4s\" end=\"5s\" tts:textDecoration=\"underline\"><![CDATA[<i>]]></tt:p><tt:p/><tt:p begin=\"9s\"> </tt:p>\n</tt:div></tt:body></tt:tt>";
    assert_eq!(
        cues(file),
        "00:00:01.480 --> 00:00:04.000\nHello &amp; <i>good day</i>\n☺ &lt;b&gt;\n\n00:00:05.000 --> 00:00:06.000\n<u>&lt;i&gt;</u>\n"
    );
}

fn refused(file: &str) -> (String, Option<u32>, String) {
    let Refusal { code, detail, line } = converted(file).expect_err(file);
    (code, line, detail)
}

#[test]
fn each_fault_is_named_with_its_line() {
    let ttml = |body: &str| format!("<tt>\n<body>\n{body}\n</body></tt>");
    let fine = "1\n00:00:01,000 --> 00:00:02,000\nA\n\n";
    let many: String = (0..=MOST_CUES).map(|_| "00:01 --> 00:02\nA\n\n").collect();
    for (file, code, line) in [
        (String::new(), "no_captions", None),
        ("WEBVTT".into(), "no_captions", None),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\n<b> </b>\n".into(), "no_captions", None),
        ("Dear editor,\nhere are the captions.".into(), "unknown_format", None),
        ("<html><body>no</body></html>".into(), "unknown_format", None),
        (format!("{fine}two\n00:00:03,000 --> 00:00:04,000\nB\n"), "times_missing", Some(5)),
        (format!("{fine}2\nB\n"), "times_missing", Some(6)),
        (format!("{fine}2"), "times_missing", Some(5)),
        (format!("{fine}2\n00:00:03;000 --> 00:00:04,000\nB\n"), "invalid_time", Some(6)),
        (format!("{fine}2\n00:00:03,000 -->\nB\n"), "invalid_time", Some(6)),
        (format!("{fine}2\n00:00:03,000 --> 00:00:02,000\nB\n"), "ends_before_it_begins", Some(6)),
        (format!("{fine}2\n00:00:03,000 --> 00:00:03,000\nB\n"), "ends_before_it_begins", Some(6)),
        (format!("{fine}2\n24:00:00,000 --> 24:00:00,001\nB\n"), "beyond_24_hours", Some(6)),
        (
            "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:01.000 --> 00:02.000\nA\n".into(),
            "piece_of_a_stream",
            Some(2),
        ),
        ("WEBVTT\n\nname\nA\n".into(), "times_missing", Some(4)),
        ("WEBVTT\n\n00:01.000 --> 00:01\nA\n".into(), "ends_before_it_begins", Some(3)),
        (many, "too_many_captions", Some(60_001)),
        (ttml("<p begin=\"1s\" end=\"soon\">A</p>"), "invalid_time", Some(3)),
        (ttml("\n<p begin=\"2s\" end=\"1s\">A</p>"), "ends_before_it_begins", Some(4)),
        (ttml("<p begin=\"1s\">A</p>"), "end_missing", Some(3)),
        (ttml("<p begin=\"1s\" end=\"25h\">A</p>"), "beyond_24_hours", Some(3)),
        (ttml("<p begin=\"1s\" end=\"2s\">A</q>"), "malformed_xml", Some(3)),
        (ttml("<p begin=\"1s\" end=\"2s\">A & <</p>"), "malformed_xml", Some(3)),
        (ttml("<p begin=\"1s\" end=\"2s\"><span begin=\"1s\">A</span></p>"), "unsupported", Some(3)),
        ("<tt timeContainer=\"seq\"/>".into(), "unsupported", Some(1)),
        ("<tt frameRate=\"0\"/>".into(), "invalid_rates", Some(1)),
        ("<tt>\n<body>".into(), "malformed_xml", Some(2)),
        ("<tt></tt><tt></tt>".into(), "malformed_xml", Some(1)),
        ("\n<!DOCTYPE tt [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><tt>&b;</tt>".into(), "document_type", Some(2)),
        ("<a>".repeat(100), "unknown_format", None),
        (format!("<tt>{}", "<div>".repeat(100)), "malformed_xml", Some(1)),
    ] {
        let (found, place, detail) = refused(&file);
        let shown: String = file.chars().take(120).collect();
        assert_eq!((found.as_str(), place), (code, line), "{shown}: {detail}");
        assert!(
            detail.ends_with('.') && line.is_none_or(|line| detail.starts_with(&format!("Line {line}: "))),
            "{detail}"
        );
    }
    let large = convert(&vec![b'a'; MOST_BYTES as usize + 1], &"en".parse().unwrap()).unwrap_err();
    assert_eq!(large.code, "too_large");
}

#[test]
fn a_reason_is_a_sentence_for_whoever_made_the_file() {
    let details: Vec<String> = [
        "1\nHi <b>there</b>\u{202e}, this is a very long line that nobody wants to read --> twice\n",
        "1\n\n --> ",
        "x --> 00:02\nA\n",
        "--",
    ]
    .into_iter()
    .map(|file| refused(file).2)
    .collect();
    assert_eq!(
        details,
        [
            "Line 2: “Hi <b>there</b>, this is a very long lin…” is no time; write it as 00:01:02,500.",
            "Line 2: expected times such as 00:01:02,500 --> 00:01:04,000, found nothing.",
            "Line 1: “x” is no time; write it as 00:01:02,500.",
            "The file is neither SubRip (.srt) nor WebVTT (.vtt) nor TTML (.ttml, .xml).",
        ]
    );
}

#[test]
fn the_largest_files_take_seconds_at_most() {
    let started = std::time::Instant::now();
    for piece in ["1\n", "-->\n", "00:01-->00:02\n", "a\n", "{\\", "<p>", "WEBVTT\n\nNOTE\n\n", "&lt;"] {
        for head in ["", "WEBVTT\n\n", "<tt>", "1\n00:01 --> 00:02\n"] {
            let _ = converted(&format!("{head}{}", piece.repeat(MOST_BYTES as usize / piece.len() - 20)));
        }
    }
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

fn piece() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "WEBVTT",
        "\n",
        "\n\n",
        "\r",
        "1",
        "00:00:01,000",
        " --> ",
        "00:00:02.000",
        "24:00:01.000",
        "NOTE",
        "<tt>",
        "</tt>",
        "<body>",
        "</body>",
        "<p begin=\"1s\" end='2s'>",
        "</p>",
        "<br/>",
        "<span style=\"a\">",
        "</span>",
        "<style xml:id=\"a\"",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?xml",
        "?>",
        "&amp;",
        "&#0;",
        "align:left",
        "{\\an8}",
        "\u{feff}",
        "X-TIMESTAMP-MAP=",
        "é",
        "<i>",
    ]);
    prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn any_bytes_are_captions_or_a_refusal(bytes in prop::collection::vec(any::<u8>(), 0..300), spoken in prop::sample::select(vec!["ru", "en"])) {
        let _ = convert(&bytes, &spoken.parse().unwrap());
    }

    #[test]
    fn whatever_is_accepted_is_accepted_again_as_it_is(pieces in prop::collection::vec(piece(), 0..40)) {
        match converted(&pieces.concat()) {
            Ok(first) => {
                let second = converted(&first.text);
                prop_assert_eq!(second, Ok(first));
            }
            Err(refusal) => {
                prop_assert!(refusal.line.is_none_or(|line| line >= 1 && line as usize <= pieces.concat().matches(['\n', '\r']).count() + 1), "{:?}", refusal);
            }
        }
    }
}
