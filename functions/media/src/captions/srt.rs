//! SubRip: blocks of a number, times and text, apart by blank lines.

use super::{
    clock,
    cue::{Cues, times},
    refusal::{Fault, Refusal},
};

/// `{\pos(192,280)\fad(200,200)\c&HFFFFFF&}`
const LONGEST_OVERRIDE: usize = 200;

/// Reads a file without carriage returns.
pub(super) fn read(text: &str) -> Result<Cues, Refusal> {
    let lines: Vec<&str> = text.split('\n').collect();
    let (mut cues, mut at) = (Cues::default(), 0);
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            at += 1;
            continue;
        }
        // The number is for people; some files have none.
        let is_number = line.trim().bytes().all(|byte| byte.is_ascii_digit());
        let head = if is_number { at + 1 } else { at };
        let found = lines.get(head).copied();
        let Some(timing) = found.filter(|line| line.contains("-->")) else {
            return Err(Fault::no_times(found).at(head.min(lines.len() - 1)));
        };
        let (span, _) = times(head, timing)?;
        let begin = head + 1;
        let is_text = |line: &&&str| !line.trim().is_empty() && !is_timing(line);
        let end = begin + lines[begin..].iter().take_while(is_text).count();
        // Where the blank line is missing, the next cue's number and times follow the text.
        let is_followed = lines.get(end).is_some_and(|line| is_timing(line));
        let has_number = end > begin && lines[end - 1].trim().bytes().all(|byte| byte.is_ascii_digit());
        let end = if is_followed && has_number { end - 1 } else { end };
        let (text, is_on_top) = without_overrides(&lines[begin..end].join("\n"));
        let settings = if is_on_top { " line:0".to_owned() } else { String::new() };
        cues.add(head, span, settings, &text)?;
        at = end;
    }
    Ok(cues)
}

fn is_timing(line: &str) -> bool {
    line.split_once("-->").is_some_and(|(start, _)| clock::parse(start.trim()).is_some())
}

/// Without the overrides that came from Advanced SubStation, such as `{\an8}`; whether one of them wants the text at the top.
fn without_overrides(text: &str) -> (String, bool) {
    let (mut plain, mut rest, mut is_on_top) = (String::with_capacity(text.len()), text, false);
    while let Some((before, after)) = rest.split_once("{\\") {
        plain.push_str(before);
        let end = after.bytes().take(LONGEST_OVERRIDE).position(|byte| matches!(byte, b'{' | b'}' | b'\n'));
        let Some(end) = end.filter(|end| after.as_bytes()[*end] == b'}') else {
            plain.push_str("{\\");
            rest = after;
            continue;
        };
        is_on_top |= ["an7", "an8", "an9"].contains(&&after[..end]);
        rest = &after[end + 1..];
    }
    plain.push_str(rest);
    (plain, is_on_top)
}
