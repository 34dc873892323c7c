//! SubRip: blocks of a number, times and text, apart by blank lines.

use super::{
    clock,
    cue::{Cues, times},
    refusal::{Fault, Refusal},
};

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
        let end = begin + lines[begin..].iter().take_while(|line| !line.trim().is_empty()).count();
        // Where the blank line is missing, the next cue's number and times follow the text.
        let next = (begin..end).find(|at| is_timing(lines[*at]));
        let end = next.map_or(end, |next| {
            let has_number = next > begin && lines[next - 1].trim().bytes().all(|byte| byte.is_ascii_digit());
            if has_number { next - 1 } else { next }
        });
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
        let Some(end) = after.find(['}', '\n']).filter(|end| after.as_bytes()[*end] == b'}') else {
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
