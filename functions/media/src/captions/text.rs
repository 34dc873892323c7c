//! The text of a cue: whatever it was, it becomes lines of WebVTT with `<i>`, `<b>`, `<u>` and `<v speaker>`, and nothing that a page could run.

use kernel::text::visible_part;

/// Of a speaker's name, in characters.
const LONGEST_SPEAKER: usize = 80;
/// Nobody sets text in more ways at once.
const DEEPEST: usize = 8;
/// `&#1114111;`
const LONGEST_ENTITY: usize = 10;

/// A tag as far as it matters.
enum Tag {
    Open(char, String),
    Close(char),
    /// Known to nobody, or to nobody's good.
    Dropped,
}

/// The text with the tags that are kept, each closed, and everything else escaped. Doing it twice changes nothing.
pub(super) fn sanitised(raw: &str) -> String {
    let (mut text, mut open) = (String::with_capacity(raw.len()), Vec::new());
    let mut rest = raw;
    while let Some(letter) = rest.chars().next() {
        if letter == '<'
            && let Some((tag, after)) = tag(rest)
        {
            match tag {
                Tag::Open(name, speaker) if open.len() < DEEPEST => {
                    open.push(name);
                    text.push('<');
                    text.push(name);
                    if !speaker.is_empty() {
                        text.push(' ');
                        speaker.chars().for_each(|letter| escape(letter, &mut text));
                    }
                    text.push('>');
                }
                Tag::Close(name) if open.contains(&name) => {
                    while let Some(inner) = open.pop() {
                        close(inner, &mut text);
                        if inner == name {
                            break;
                        }
                    }
                }
                Tag::Open(..) | Tag::Close(_) | Tag::Dropped => {}
            }
            rest = after;
        } else if letter == '&'
            && let Some((meant, after)) = entity(rest)
        {
            escape(meant, &mut text);
            rest = after;
        } else {
            escape(letter, &mut text);
            rest = &rest[letter.len_utf8()..];
        }
    }
    while let Some(inner) = open.pop() {
        close(inner, &mut text);
    }
    // A blank line would end the cue.
    let lines: Vec<&str> = text.split('\n').map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Whether nothing is left of it but tags and space.
pub(super) fn is_blank(sanitised: &str) -> bool {
    let mut is_inside = false;
    !sanitised.chars().any(|letter| {
        match letter {
            '<' => is_inside = true,
            '>' => is_inside = false,
            other => return !is_inside && !other.is_whitespace(),
        }
        false
    })
}

fn close(name: char, text: &mut String) {
    text.push_str("</");
    text.push(name);
    text.push('>');
}

/// Escapes what WebVTT would read as markup. An arrow cannot be left: it would begin another cue.
pub(super) fn escape(letter: char, text: &mut String) {
    match letter {
        '&' => text.push_str("&amp;"),
        '<' => text.push_str("&lt;"),
        '>' => text.push_str("&gt;"),
        '\n' => text.push('\n'),
        '\t' => text.push(' '),
        control if control.is_control() => {}
        // Line and paragraph separators end no line in WebVTT, but in some editors.
        '\u{2028}' | '\u{2029}' => text.push(' '),
        other => text.push(other),
    }
}

/// The tag at the beginning, and what follows it; `None` for a bracket that is only a bracket.
fn tag(text: &str) -> Option<(Tag, &str)> {
    let inside = text.strip_prefix('<')?;
    let end = inside.find(['<', '>']).filter(|end| inside.as_bytes()[*end] == b'>')?;
    let (inside, after) = (&inside[..end], &inside[end + 1..]);
    let (is_close, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
    // WebVTT's time stamps inside a cue begin with a digit.
    let is_named = inside.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let is_empty_close = is_close && inside.is_empty();
    if !is_named && !is_empty_close {
        return None;
    }
    let name_end = inside.find(|letter: char| !letter.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let name = match inside[..name_end].to_ascii_lowercase().as_str() {
        "i" => 'i',
        "b" => 'b',
        "u" => 'u',
        "v" => 'v',
        _ => return Some((Tag::Dropped, after)),
    };
    if is_close {
        return Some((Tag::Close(name), after));
    }
    // Classes and attributes go; a voice has a name.
    let annotation = inside.split_once(char::is_whitespace).map_or("", |(_, annotation)| annotation);
    let speaker = if name == 'v' { visible_part(&decoded(annotation), LONGEST_SPEAKER) } else { String::new() };
    let tag = if name == 'v' && speaker.is_empty() { Tag::Dropped } else { Tag::Open(name, speaker) };
    Some((tag, after))
}

/// The text with its entities as letters.
pub(super) fn decoded(text: &str) -> String {
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(letter) = rest.chars().next() {
        let (meant, after) = entity(rest).unwrap_or((letter, &rest[letter.len_utf8()..]));
        plain.push(meant);
        rest = after;
    }
    plain
}

/// The letter that an entity at the beginning stands for, and what follows it.
fn entity(text: &str) -> Option<(char, &str)> {
    let inside = text.strip_prefix('&')?;
    let end = inside.bytes().take(LONGEST_ENTITY).position(|byte| byte == b';')?;
    let (name, after) = (&inside[..end], &inside[end + 1..]);
    let meant = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => digits.parse().ok()?,
            };
            char::from_u32(code).filter(|letter| !letter.is_control())?
        }
    };
    Some((meant, after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_webvtt_knows_stays() {
        for (raw, expected) in [
            ("<i>Hello</i>", "<i>Hello</i>"),
            ("<I class=\"x\" onclick='run()'>Hello</I>", "<i>Hello</i>"),
            ("<i.loud>Hello", "<i>Hello</i>"),
            ("<b><i>both</b> plain</i>", "<b><i>both</i></b> plain"),
            ("<v.first Anna &amp; Bob>Hi", "<v Anna &amp; Bob>Hi</v>"),
            ("<v>Hi", "Hi"),
            ("<font color=\"#ff0\">yellow</font>", "yellow"),
            ("<script>alert(1)</script>", "alert(1)"),
            ("<img src=x onerror=alert(1)>", ""),
            ("<00:00:01.000>later", "later"),
            ("a < b > c & d", "a &lt; b &gt; c &amp; d"),
            ("1 <3", "1 &lt;3"),
            ("never <closed", "never &lt;closed"),
            ("00:00 --> 00:01", "00:00 --&gt; 00:01"),
            ("&lt;i&gt; &#60;b&#62; &#x3c;", "&lt;i&gt; &lt;b&gt; &lt;"),
            ("&copy; &;", "&amp;copy; &amp;;"),
            ("one\n\n  two \u{1b}[0m\t!", "one\ntwo [0m !"),
            ("</i></>x", "x"),
        ] {
            assert_eq!(sanitised(raw), expected, "{raw}");
        }
        assert!(is_blank(&sanitised("<i> </i>")) && is_blank("") && !is_blank("<v A>b</v>"));
    }

    #[test]
    fn many_brackets_take_no_longer_than_their_length() {
        let started = std::time::Instant::now();
        for piece in ["<", "<i", "<i>", "&", "</i>", "<v "] {
            sanitised(&piece.repeat(2_000_000 / piece.len()));
        }
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    /// What a browser would see: its tags.
    fn tags(text: &str) -> Vec<&str> {
        text.split('<').skip(1).map(|rest| rest.split('>').next().unwrap_or_default()).collect()
    }

    proptest! {
        #[test]
        fn whatever_comes_in_nothing_else_comes_out(pieces in prop::collection::vec(prop_oneof![
            "\\PC{0,6}",
            prop::sample::select(vec!["<i>", "</i>", "<b", "<v Bob>", "<v <i>>", "</v>", "&lt;", "&#60;", "-->", "\n", "<script>", "<u/>", "\0", "&#10;"]).prop_map(str::to_owned),
        ], 0..20)) {
            let text = sanitised(&pieces.concat());
            prop_assert_eq!(sanitised(&text), text.clone());
            prop_assert!(!text.contains("-->") && !text.contains("\n\n") && !text.contains('\0'));
            let mut open = Vec::new();
            for tag in tags(&text) {
                match tag.strip_prefix('/') {
                    Some(name) => prop_assert_eq!(open.pop(), Some(name)),
                    None => {
                        let name = tag.split(' ').next().unwrap_or_default();
                        prop_assert!(["i", "b", "u"].contains(&tag) || (name == "v" && tag.len() > 2), "{}", tag);
                        open.push(name);
                    }
                }
            }
            prop_assert!(open.is_empty());
        }
    }
}
