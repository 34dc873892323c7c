//! WebVTT (W3C, 2019): only cues are taken; notes, styles and regions are for another player.

use super::{
    cue::{Cues, times},
    refusal::{Fault, Refusal},
};

/// The words of `align`.
const ALIGNMENTS: [&str; 5] = ["start", "center", "end", "left", "right"];

/// Whether a file says that it is WebVTT.
pub(super) fn is_one(text: &str) -> bool {
    text.strip_prefix("WEBVTT").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n']))
}

/// Reads a file without carriage returns.
pub(super) fn read(text: &str) -> Result<Cues, Refusal> {
    let lines: Vec<&str> = text.split('\n').collect();
    let block = |from: usize| from + lines[from..].iter().take_while(|line| !line.trim().is_empty()).count();
    let mut cues = Cues::default();
    // Without a blank line after it, the header ends where the first cue begins.
    let header = 1 + lines[1..].iter().take_while(|line| !line.trim().is_empty() && !line.contains("-->")).count();
    if let Some(line) = (1..header).find(|line| is_shifted(lines[*line])) {
        return Err(Fault::PieceOfAStream.at(line));
    }
    let mut at = header;
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        let is_other = |word: &str| {
            line.strip_prefix(word).is_some_and(|rest| rest.trim_start().len() < rest.len() || rest.is_empty())
        };
        if !line.contains("-->") && ["NOTE", "STYLE", "REGION"].into_iter().any(is_other) {
            at = block(at);
            continue;
        }
        let head = if line.contains("-->") { at } else { at + 1 };
        let found = lines.get(head).copied();
        let Some(timing) = found.filter(|line| line.contains("-->")) else {
            return Err(Fault::no_times(found).at(head.min(lines.len() - 1)));
        };
        let (span, said) = times(head, timing)?;
        let begin = head + 1;
        let text = lines[begin..].iter().take_while(|line| !line.trim().is_empty() && !line.contains("-->")).count();
        cues.add(head, span, settings(said), &lines[begin..begin + text].join("\n"))?;
        at = begin + text;
    }
    Ok(cues)
}

/// Whether a line of the header counts the times from elsewhere than the film's beginning (RFC 8216, 3.5).
fn is_shifted(line: &str) -> bool {
    let Some(map) = line.strip_prefix("X-TIMESTAMP-MAP") else { return false };
    let number = |name: &str| map.split([',', '=']).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix(':'));
    let is_zero = |text: &str| text.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'));
    !(number("MPEGTS").is_some_and(is_zero) && number("LOCAL").is_some_and(is_zero))
}

/// The settings that are well-formed, once each and as they are written in a file.
fn settings(said: &str) -> String {
    let (mut names, mut kept) = (Vec::new(), String::new());
    for setting in said.split_whitespace() {
        let Some((name, value)) = setting.split_once(':') else { continue };
        let (place, anchor) = value.split_once(',').map_or((value, None), |(place, anchor)| (place, Some(anchor)));
        let anchored = |words: &[&str]| anchor.is_none_or(|anchor| words.contains(&anchor));
        let is_good = match name {
            "vertical" => ["rl", "lr"].contains(&value),
            "line" => (is_percentage(place) || is_line(place)) && anchored(&["start", "center", "end"]),
            "position" => is_percentage(place) && anchored(&["line-left", "center", "line-right"]),
            "size" => is_percentage(value),
            "align" => ALIGNMENTS.contains(&value),
            _ => false,
        };
        if is_good && !names.contains(&name) {
            names.push(name);
            kept.push(' ');
            kept.push_str(setting);
        }
    }
    kept
}

fn is_percentage(text: &str) -> bool {
    let Some(number) = text.strip_suffix('%').filter(|number| number.len() <= 8) else { return false };
    let is_plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && number.starts_with(|first: char| first.is_ascii_digit())
        && !number.ends_with('.');
    is_plain && number.parse::<f32>().is_ok_and(|number| (0.0..=100.0).contains(&number))
}

fn is_line(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (1..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
}
