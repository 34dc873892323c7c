//! Mails as text and as HTML; what they say stands in a file per language.

mod english;
mod russian;

use std::collections::HashMap;

use kernel::{Locale, MessageId, Names, Period, VisibleLine, VisibleText, text::visible_part};
use mail_builder::{MessageBuilder, headers::raw::Raw};
use proto::mail::{Announcement, Receipt, RentalEnding, Template, TitleLeavingSoon, TitlesDigest};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use crate::{destination::Destination, language::Language};

const SENDER: &str = "Online Cinema";
/// Names of devices and providers come from anywhere: what is longer is cut.
pub(crate) const LONGEST_FACT: usize = 200;
/// In characters.
pub(crate) const LONGEST_SUBJECT: usize = 200;
/// Of an announcement: each paragraph in characters, and how many paragraphs.
const LONGEST_PARAGRAPH: usize = 2_000;
const MOST_PARAGRAPHS: usize = 20;

/// A mail cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// The code is neither six digits nor ten characters in two halves.
    #[error("variable code is missing or malformed")]
    Code,
    /// There is none, or one names no service.
    #[error("variable receipts is missing or malformed")]
    Receipts,
    /// There is none, or one has no last day.
    #[error("variable leaving is missing or malformed")]
    Titles,
    /// Not one line that can be seen, or longer than 200 characters.
    #[error("variable subject is missing or malformed")]
    Subject,
    /// There is none, there are too many, or one is no text.
    #[error("variable paragraphs is missing or malformed")]
    Paragraphs,
}

/// A mail in one language.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// One line.
    pub subject: String,
    language: Language,
    /// At most one of them is a code.
    paragraphs: Vec<Paragraph>,
}

#[derive(Clone, PartialEq, Eq)]
enum Paragraph {
    Text(&'static str),
    Own(String),
    Code(String),
    /// A name and its value.
    Fact(&'static str, String),
    /// A name and an address.
    Link(&'static str, String),
    List(Vec<String>),
}

use Paragraph::{Code, Fact, Link, List, Own, Text};

/// Subject and paragraphs.
type Parts<'a> = (&'a str, Vec<Paragraph>);

/// How a mail is sent, apart from what it says.
pub struct Envelope<'a> {
    /// The same in every copy.
    pub message_id: MessageId,
    /// One plain address.
    pub to: &'a str,
    /// The sender's address; a name in front of it gives way to ours.
    pub from: &'a str,
    /// When.
    pub now: OffsetDateTime,
    /// Of marketing: where one click ends it (RFC 8058). Absent: nobody can unsubscribe from it.
    pub unsubscribe: Option<&'a str>,
}

impl Content {
    /// In the reader's language, English when there is no translation.
    ///
    /// # Errors
    /// When a variable is not what its template needs.
    pub fn of(template: &Template, reader: &Locale) -> Result<Self, ContentError> {
        let language = Language::of(reader);
        let (subject, mut paragraphs) = match language {
            Language::Ru => russian::parts(template, reader)?,
            Language::En => english::parts(template, reader)?,
        };
        let mut subject = subject.to_owned();
        if let Some(name) = names(template).and_then(|names| name(names, reader)) {
            subject = format!("{subject}: {name}");
            paragraphs.insert(0, Own(name));
        }
        Ok(Self { subject, language, paragraphs })
    }

    /// Of a subject of one line and a text: paragraphs stand between empty lines, a paragraph of lines that begin with a dash is a list, and one
    /// that is the secret is shown as such.
    pub(crate) fn written(subject: String, text: &str, secret: Option<&str>, language: Language) -> Self {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let blocks = lines.split(|line| line.is_empty()).filter(|block| !block.is_empty());
        let paragraph = |block: &[&str]| match block {
            [line] if secret == Some(*line) => Code((*line).to_owned()),
            items if items.iter().all(|line| line.starts_with("- ")) => {
                List(items.iter().map(|line| line.trim_start_matches("- ").to_owned()).collect())
            }
            lines => Own(lines.join("\n")),
        };
        Self { subject, language, paragraphs: blocks.map(paragraph).collect() }
    }

    /// For readers of plain text.
    pub fn text(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Text(text) => format!("{text}\n"),
            Own(text) => format!("{text}\n"),
            Code(code) => format!("    {code}\n"),
            Fact(name, value) | Link(name, value) => format!("{name}: {value}\n"),
            List(lines) => lines.iter().map(|line| format!("- {line}\n")).collect(),
        });
        paragraphs.collect::<Vec<_>>().join("\n")
    }

    /// For everyone else; needs nothing from outside.
    pub fn html(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Own(text) => format!("<p>{}</p>\n", escaped(text).replace('\n', "<br>\n")),
            Code(code) => {
                format!("<p style=\"font:700 32px monospace;letter-spacing:6px;margin:24px 0\">{}</p>\n", escaped(code))
            }
            Fact(name, value) => format!("<p>{}: <b>{}</b></p>\n", escaped(name), escaped(value)),
            Link(name, url) => format!("<p><a href=\"{}\">{}</a></p>\n", escaped(url), escaped(name)),
            List(lines) => {
                let items = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line)));
                format!("<ul>\n{}</ul>\n", items.collect::<String>())
            }
        });
        format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font:16px/1.5 sans-serif;color:#222;max-width:480px;margin:32px auto;padding:0 16px\">\n{}</body></html>\n",
            self.language,
            escaped(&self.subject),
            paragraphs.collect::<String>()
        )
    }

    /// With a paragraph that leads to where the reader acts on what is said: its name, and its address.
    #[must_use]
    pub fn with_destination(mut self, destination: Destination, url: &str) -> Self {
        let name = match (destination, self.language) {
            (Destination::Account, Language::Ru) => "Ваша учётная запись",
            (Destination::Account, Language::En) => "Your account",
            (Destination::Films | Destination::Title(_), Language::Ru) => "Смотреть в Online Cinema",
            (Destination::Films | Destination::Title(_), Language::En) => "Watch at Online Cinema",
        };
        self.paragraphs.push(Link(name, url.to_owned()));
        self
    }

    /// With a last paragraph that says how to get no more of the kind.
    #[must_use]
    pub fn with_way_out(mut self, url: &str) -> Self {
        let name = match self.language {
            Language::Ru => "Больше не получать новости и предложения",
            Language::En => "Get no more news and offers",
        };
        self.paragraphs.push(Link(name, url.to_owned()));
        self
    }

    /// The complete message (RFC 5322, MIME).
    pub fn mime(&self, envelope: &Envelope) -> Vec<u8> {
        let Envelope { message_id, to, from, now, unsubscribe } = envelope;
        let from = from.split_once('<').map_or(*from, |(_, address)| address.trim_end_matches('>'));
        let domain = from.rsplit('@').next().unwrap_or("localhost");
        let mut builder = MessageBuilder::new()
            .message_id(format!("{message_id}@{domain}"))
            .date(now.unix_timestamp())
            .from((SENDER, from))
            .to(*to)
            .subject(&*self.subject)
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("Content-Language", Raw::new(self.language.as_str()))
            .text_body(self.text())
            .html_body(self.html());
        if let Some(url) = unsubscribe {
            builder = builder
                .header("List-Unsubscribe", Raw::new(format!("<{url}>")))
                .header("List-Unsubscribe-Post", Raw::new("List-Unsubscribe=One-Click"));
        }
        // Writing into memory does not fail.
        builder.write_to_vec().unwrap_or_default()
    }
}

fn code(code: &str) -> Result<Paragraph, ContentError> {
    let is_half =
        |half: &str| half.len() == 5 && half.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
    let is_short = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    let is_long = code.split_once('-').is_some_and(|(first, second)| is_half(first) && is_half(second));
    if is_short || is_long { Ok(Code(code.to_owned())) } else { Err(ContentError::Code) }
}

/// Whatever cannot be shown does not keep a warning from its reader.
fn fact(name: &'static str, value: &str, otherwise: &str) -> Paragraph {
    let value = visible_part(value, LONGEST_FACT);
    Fact(name, if value.is_empty() { otherwise.to_owned() } else { value })
}

/// `2026-11-26 10:00 UTC` of RFC 3339. What is no time is shown as it is.
pub(crate) fn moment(text: &str) -> String {
    let Ok(at) = OffsetDateTime::parse(text, &Rfc3339) else { return text.to_owned() };
    hour(at.to_offset(UtcOffset::UTC))
}

/// Where the moment was written: `2026-11-26 13:00 UTC+03:00`.
fn hour(at: OffsetDateTime) -> String {
    let (hours, minutes, _) = at.offset().as_hms();
    let sign = if at.offset().is_negative() { '-' } else { '+' };
    let zone = match (hours, minutes) {
        (0, 0) => "UTC".to_owned(),
        _ => format!("UTC{sign}{:02}:{:02}", hours.unsigned_abs(), minutes.unsigned_abs()),
    };
    format!("{} {:02}:{:02} {zone}", at.date(), at.hour(), at.minute())
}

/// When a rental ends, where the person is: a day would be wrong for most of its hours. What is no time is shown as it is.
pub(crate) fn end_of_rental(RentalEnding { at: text, .. }: &RentalEnding) -> String {
    OffsetDateTime::parse(text, &Rfc3339).map_or_else(|_| text.clone(), hour)
}

/// What a plan is called for a reader, its key where nobody has said.
pub(crate) fn plan_name(key: &str, names: &HashMap<String, String>, reader: &Locale) -> String {
    name(names, reader).unwrap_or_else(|| key.to_owned())
}

/// The description of an invoice for a reader: what was sold by its name, then a word for how long or how.
pub(crate) fn goods(description: &str, names: &HashMap<String, String>, reader: &Locale) -> String {
    let Some((goods, word)) = description.rsplit_once(", ") else { return description.to_owned() };
    let goods = name(names, reader).unwrap_or_else(|| goods.to_owned());
    format!("{goods}, {}", word_of(word, reader))
}

/// How long or how something is sold, as a reader says it.
pub(crate) fn word_of<'w>(word: &'w str, reader: &Locale) -> &'w str {
    match Language::of(reader) {
        Language::Ru => russian::word(word),
        Language::En => english::word(word),
    }
}

/// What is paid, and how often: `299.00 RUB a month`, or `149.50 RUB, later 299.00 RUB a month`. `words` are those of the reader's language for a
/// month, a year and what comes later.
fn price(amount: &str, then: &str, period: &str, words: [&str; 3]) -> String {
    let all = if then.is_empty() { amount.to_owned() } else { format!("{amount}, {} {then}", words[2]) };
    match period.parse() {
        Ok(Period::Month) => format!("{all} {}", words[0]),
        Ok(Period::Year) => format!("{all} {}", words[1]),
        Err(_) => all,
    }
}

/// A line for each title, named for the reader. `until` and `nameless` are words of their language.
fn digest(digest: &TitlesDigest, reader: &Locale, (until, nameless): (&str, &str)) -> Result<Paragraph, ContentError> {
    let line = |leaving: &TitleLeavingSoon| {
        let day = visible_part(&leaving.until, LONGEST_FACT);
        let name = name(&leaving.names, reader).unwrap_or_else(|| nameless.to_owned());
        (!day.is_empty()).then(|| format!("{name} ({until} {day})"))
    };
    let lines: Option<Vec<String>> = digest.leaving.iter().map(line).collect();
    lines.filter(|lines| !lines.is_empty()).map(List).ok_or(ContentError::Titles)
}

/// The names of the title that a mail is about.
fn names(template: &Template) -> Option<&HashMap<String, String>> {
    match template {
        Template::TitleLeavingSoon(leaving) => Some(&leaving.names),
        Template::NewEpisodes(episodes) => Some(&episodes.names),
        Template::TitlePurchased(purchased) => Some(&purchased.names),
        Template::PurchaseReturned(returned) => Some(&returned.names),
        Template::RentalEnding(ending) => Some(&ending.names),
        _ => None,
    }
}

/// What a title is called for a reader. An encoded word (RFC 2047) would be shown as something else in a subject.
pub(crate) fn name(names: &HashMap<String, String>, reader: &Locale) -> Option<String> {
    let by_locale = names.iter().filter_map(|(locale, name)| Some((locale.parse().ok()?, name.clone())));
    let original = names.get("").cloned().unwrap_or_default();
    let names = Names { by_locale: by_locale.collect(), original };
    let name = visible_part(names.for_reader(&reader.clone().into()), LONGEST_FACT);
    (!name.is_empty() && !name.contains("=?")).then_some(name)
}

/// What was paid: how much, for what and, where there is an invoice, its number. The names are words of the reader's language.
fn bill([of_amount, of_goods, of_invoice]: [&'static str; 3], [amount, goods, invoice]: [&str; 3]) -> Vec<Paragraph> {
    let given = |(name, value): (_, &str)| (!value.is_empty()).then(|| fact(name, value, ""));
    [(of_amount, amount), (of_goods, goods), (of_invoice, invoice)].into_iter().filter_map(given).collect()
}

/// One line per service, in their order: its name for the reader, `records` in the words of their language, how many, and when.
fn receipts(receipts: &[Receipt], called: fn(&str) -> &str, records: &str) -> Result<Paragraph, ContentError> {
    let line = |receipt: &Receipt| {
        let service = visible_part(called(&receipt.service), LONGEST_FACT);
        let at = visible_part(&moment(&receipt.erased_at), LONGEST_FACT);
        (!service.is_empty()).then(|| format!("{service}, {records} {} ({at})", receipt.records))
    };
    let lines: Option<Vec<_>> = receipts.iter().map(line).collect();
    lines.filter(|lines| !lines.is_empty()).map(List).ok_or(ContentError::Receipts)
}

/// An editor's own words. What would not be shown as it is written is refused, not mended.
fn announcement(announcement: &Announcement) -> Result<Parts<'_>, ContentError> {
    let Announcement { subject, paragraphs } = announcement;
    // Measured first: cleaning two megabytes is work. An encoded word (RFC 2047) would be shown as something else.
    let is_short = subject.len() <= 4 * LONGEST_SUBJECT;
    if !is_short || subject.contains("=?") || VisibleLine::<LONGEST_SUBJECT>::new(subject).is_err() {
        return Err(ContentError::Subject);
    }
    let own = |text: &String| {
        let is_shown = |letter: char| letter == '\n' || !letter.is_control();
        let is_plain = text.len() <= 4 * LONGEST_PARAGRAPH && text.chars().all(is_shown);
        let text = is_plain.then(|| VisibleText::<LONGEST_PARAGRAPH>::new(text).ok()).flatten()?.to_string();
        (!text.trim().is_empty()).then_some(Own(text))
    };
    let own: Option<Vec<Paragraph>> = paragraphs.iter().take(MOST_PARAGRAPHS + 1).map(own).collect();
    let own = own.filter(|own| (1..=MOST_PARAGRAPHS).contains(&own.len())).ok_or(ContentError::Paragraphs)?;
    Ok((subject, own))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
