//! TTML (W3C, 2018): paragraphs with their times; italics, bold and underlined text from attributes and styles.

mod time;

use std::collections::BTreeMap;

use xmlparser::{ElementEnd, Token, Tokenizer};

use self::time::Rates;
use super::{
    cue::Cues,
    refusal::{Fault, Refusal},
    text,
};

/// Elements inside each other: more is no document.
const DEEPEST: usize = 64;

/// How text is set.
#[derive(Debug, Clone, Copy, Default)]
struct Style {
    is_italic: bool,
    is_bold: bool,
    is_underlined: bool,
}

impl Style {
    /// The tags of WebVTT.
    fn tags(self) -> impl Iterator<Item = char> {
        [(self.is_italic, 'i'), (self.is_bold, 'b'), (self.is_underlined, 'u')]
            .into_iter()
            .filter_map(|(is_on, tag)| is_on.then_some(tag))
    }
}

/// An element whose end has not come.
struct Open<'a> {
    name: &'a str,
    /// The moment from which the times inside count, and the one at which everything inside has ended.
    begin_ms: u64,
    end_ms: Option<u64>,
    style: Style,
    keeps_space: bool,
}

/// A paragraph that is being read.
struct Paragraph {
    line: usize,
    /// WebVTT.
    text: String,
    /// Whether the next space is one too many.
    is_after_space: bool,
}

#[derive(Default)]
struct Document<'a> {
    rates: Rates,
    styles: BTreeMap<&'a str, Style>,
    open: Vec<Open<'a>>,
    paragraph: Option<Paragraph>,
    is_over: bool,
    cues: Cues,
}

type Attributes<'a> = Vec<(&'a str, &'a str, &'a str)>;

/// Reads a file without carriage returns.
pub(super) fn read(text: &str) -> Result<Cues, Refusal> {
    let line_starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    let line = |at: usize| line_starts.partition_point(|start| *start <= at);
    // A declaration is the first thing of a file.
    let skipped = text.len() - text.trim_start().len();
    let mut document = Document::default();
    let mut started: Option<(&str, usize, Attributes)> = None;
    for token in Tokenizer::from(&text[skipped..]) {
        let token = token.map_err(|error| {
            let row = usize::try_from(error.pos().row).unwrap_or(1);
            Fault::Xml.at(line(skipped) + row.saturating_sub(1))
        })?;
        let at = line(skipped + token.span().start());
        match token {
            Token::DtdStart { .. } | Token::EmptyDtd { .. } => return Err(Fault::DocumentType.at(at)),
            Token::ElementStart { local, .. } => started = Some((local.as_str(), at, Vec::new())),
            Token::Attribute { prefix, local, value, .. } => {
                if let Some((.., attributes)) = &mut started {
                    attributes.push((prefix.as_str(), local.as_str(), value.as_str()));
                }
            }
            Token::ElementEnd { end, .. } => match end {
                ElementEnd::Open | ElementEnd::Empty => {
                    let Some((name, at, attributes)) = started.take() else { return Err(Fault::Xml.at(at)) };
                    document.open(name, at, &attributes)?;
                    if end == ElementEnd::Empty {
                        document.close(name, at)?;
                    }
                }
                ElementEnd::Close(_, local) => document.close(local.as_str(), at)?,
            },
            Token::Text { text } => document.text(&text::decoded(text.as_str())),
            Token::Cdata { text, .. } => document.text(text.as_str()),
            _ => {}
        }
    }
    if document.is_over { Ok(document.cues) } else { Err(Fault::Xml.at(line(text.len()))) }
}

impl<'a> Document<'a> {
    fn open(&mut self, name: &'a str, line: usize, attributes: &[(&'a str, &'a str, &'a str)]) -> Result<(), Refusal> {
        if self.open.len() >= DEEPEST || self.is_over {
            return Err(Fault::Xml.at(line));
        }
        let attribute =
            |wanted: &str| attributes.iter().find(|(_, local, _)| *local == wanted).map(|(.., value)| *value);
        if self.open.is_empty() {
            if name != "tt" {
                return Err(Fault::UnknownFormat.whole());
            }
            let rates = Rates::read(attribute("frameRate"), attribute("frameRateMultiplier"), attribute("tickRate"));
            self.rates = rates.ok_or_else(|| Fault::Rates.at(line))?;
        }
        if attribute("timeContainer") == Some("seq") {
            return Err(Fault::Unsupported("a sequence of texts without times (timeContainer)").at(line));
        }
        let (begin_ms, end_ms, outer, kept) = self.open.last().map_or((0, None, Style::default(), false), |open| {
            (open.begin_ms, open.end_ms, open.style, open.keeps_space)
        });
        let time = |name: &str| {
            let Some(text) = attribute(name) else { return Ok(None) };
            self.rates.parse(text).map(Some).ok_or_else(|| Fault::bad_time(text).at(line))
        };
        let (begin, end, duration) = (time("begin")?, time("end")?, time("dur")?);
        if self.paragraph.is_some() && begin.or(end).or(duration).is_some() {
            return Err(Fault::Unsupported("a time inside a paragraph").at(line));
        }
        let own_begin = begin_ms.saturating_add(begin.unwrap_or(0));
        // Both may be given; the earlier one counts (TTML2, 12.2.3).
        let ends = [
            end.map(|end| begin_ms.saturating_add(end)),
            duration.map(|length| own_begin.saturating_add(length)),
            end_ms,
        ];
        let style = self.style(outer, attributes);
        if name == "style"
            && let Some(id) = attribute("id")
        {
            self.styles.insert(id, self.style(Style::default(), attributes));
        }
        let keeps_space = match attributes.iter().find(|(prefix, local, _)| (*prefix, *local) == ("xml", "space")) {
            Some((.., value)) => *value == "preserve",
            None => kept,
        };
        self.open.push(Open {
            name,
            begin_ms: own_begin,
            end_ms: ends.into_iter().flatten().min(),
            style,
            keeps_space,
        });
        match name {
            "p" if self.paragraph.is_some() => return Err(Fault::Xml.at(line)),
            "p" => self.paragraph = Some(Paragraph { line, text: String::new(), is_after_space: true }),
            "br" => self.line_break(),
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, name: &str, line: usize) -> Result<(), Refusal> {
        let open = self.open.pop().filter(|open| open.name == name).ok_or_else(|| Fault::Xml.at(line))?;
        self.is_over = self.open.is_empty();
        if name == "p"
            && let Some(paragraph) = self.paragraph.take()
            && !paragraph.text.trim().is_empty()
        {
            let end = open.end_ms.ok_or_else(|| Fault::NoEnd.at(paragraph.line))?;
            self.cues.add(paragraph.line, (open.begin_ms, end), String::new(), &paragraph.text)?;
        }
        Ok(())
    }

    fn style(&self, outer: Style, attributes: &[(&'a str, &'a str, &'a str)]) -> Style {
        let mut style = outer;
        for named in
            attributes.iter().filter(|(_, local, _)| *local == "style").flat_map(|(.., ids)| ids.split_whitespace())
        {
            let Some(named) = self.styles.get(named) else { continue };
            style.is_italic |= named.is_italic;
            style.is_bold |= named.is_bold;
            style.is_underlined |= named.is_underlined;
        }
        for (_, local, value) in attributes {
            match *local {
                "fontStyle" => style.is_italic = ["italic", "oblique"].contains(value),
                "fontWeight" => style.is_bold = *value == "bold",
                "textDecoration" => style.is_underlined = value.split_whitespace().any(|word| word == "underline"),
                _ => {}
            }
        }
        style
    }

    fn line_break(&mut self) {
        if let Some(paragraph) = &mut self.paragraph {
            paragraph.text.push('\n');
            paragraph.is_after_space = true;
        }
    }

    fn text(&mut self, text: &str) {
        let Some(open) = self.open.last() else { return };
        // What a paragraph says of itself is not said on the picture.
        let is_shown =
            self.open.iter().rev().map(|open| open.name).take_while(|name| *name != "p").all(|name| name == "span");
        let Some(paragraph) = self.paragraph.as_mut().filter(|_| is_shown) else { return };
        let mut shown = String::with_capacity(text.len());
        for letter in text.chars() {
            let is_space = matches!(letter, ' ' | '\t' | '\n');
            if open.keeps_space || !is_space {
                text::escape(letter, &mut shown);
            } else if !paragraph.is_after_space {
                shown.push(' ');
            }
            paragraph.is_after_space = is_space;
        }
        if shown.trim().is_empty() {
            paragraph.text.push_str(&shown);
            return;
        }
        let tags: Vec<char> = open.style.tags().collect();
        tags.iter().for_each(|tag| paragraph.text.push_str(&format!("<{tag}>")));
        paragraph.text.push_str(&shown);
        tags.iter().rev().for_each(|tag| paragraph.text.push_str(&format!("</{tag}>")));
    }
}
