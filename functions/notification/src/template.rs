//! Mails as text and as HTML; what they say stands in a file per language.

mod english;
mod russian;

use mail_builder::{MessageBuilder, headers::raw::Raw};
use time::OffsetDateTime;

use crate::message::Message;

const SENDER: &str = "Online Cinema";
/// More than the longest name of a device, address or list of receipts that is honest.
const MAX_VALUE_CHARACTERS: usize = 2_000;

/// A mail cannot be written: a variable is missing or is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("variable {0} is missing or malformed")]
pub struct RenderError(&'static str);

/// A mail in one language.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: &'static str,
    /// Paragraphs; at most one of them is a code.
    paragraphs: Vec<Paragraph>,
}

#[derive(Clone, PartialEq, Eq)]
enum Paragraph {
    Text(&'static str),
    Code(String),
    /// A name and its value, which may have come from anywhere.
    Fact(&'static str, String),
    /// One line each.
    Lines(Vec<String>),
}

use Paragraph::{Code, Fact, Lines, Text};

type Parts = (&'static str, Vec<Paragraph>);

impl Mail {
    /// In the reader's language, English when there is no translation.
    pub fn of(message: &Message) -> Result<Self, RenderError> {
        let (subject, paragraphs) = match message.locale.language() {
            "ru" => russian::mail(message)?,
            _ => english::mail(message)?,
        };
        Ok(Self { subject, paragraphs })
    }

    /// For readers of plain text.
    pub fn text(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Text(text) => format!("{text}\n"),
            Code(code) => format!("    {code}\n"),
            Fact(name, value) => format!("{name}: {value}\n"),
            Lines(lines) => lines.iter().map(|line| format!("- {line}\n")).collect(),
        });
        paragraphs.collect::<Vec<_>>().join("\n")
    }

    /// For everyone else; needs nothing from outside.
    pub fn html(&self, language: &str) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Code(code) => {
                format!("<p style=\"font:700 32px monospace;letter-spacing:6px;margin:24px 0\">{}</p>\n", escaped(code))
            }
            Fact(name, value) => format!("<p>{}: <b>{}</b></p>\n", escaped(name), escaped(value)),
            Lines(lines) => {
                let items = lines.iter().map(|line| format!("<li>{}</li>\n", escaped(line)));
                format!("<ul>\n{}</ul>\n", items.collect::<String>())
            }
        });
        format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"font:16px/1.5 sans-serif;color:#222;max-width:480px;margin:32px auto;padding:0 16px\">\n{}</body></html>\n",
            escaped(language),
            escaped(self.subject),
            paragraphs.collect::<String>()
        )
    }

    /// The complete message (RFC 5322, MIME). Not marketing: nobody can unsubscribe from it.
    pub fn mime(&self, message: &Message, from: &str, now: OffsetDateTime) -> Vec<u8> {
        let domain = from.rsplit('@').next().unwrap_or("localhost");
        let builder = MessageBuilder::new()
            .message_id(format!("{}@{domain}", message.message_id))
            .date(now.unix_timestamp())
            .from((SENDER, from))
            .to(message.to.as_str())
            .subject(self.subject)
            .header("Auto-Submitted", Raw::new("auto-generated"))
            .header("Content-Language", Raw::new(message.locale.language().to_owned()))
            .text_body(self.text())
            .html_body(self.html(message.locale.language()));
        // Writing into memory does not fail.
        builder.write_to_vec().unwrap_or_default()
    }
}

fn code(message: &Message) -> Result<String, RenderError> {
    let code = message.variables.get("code").ok_or(RenderError("code"))?;
    if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(code.clone())
    } else {
        Err(RenderError("code"))
    }
}

/// One line of a mail; a missing or empty variable reads `otherwise`.
fn line(message: &Message, name: &'static str, otherwise: &str) -> Result<String, RenderError> {
    let value = message.variables.get(name).map_or("", |value| value.trim());
    if value.chars().count() > MAX_VALUE_CHARACTERS || value.chars().any(char::is_control) {
        return Err(RenderError(name));
    }
    Ok(if value.is_empty() { otherwise } else { value }.to_owned())
}

/// Some lines, at least one.
fn lines(message: &Message, name: &'static str) -> Result<Vec<String>, RenderError> {
    let value = message.variables.get(name).ok_or(RenderError(name))?;
    let lines: Vec<String> = value.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    let is_plain = |line: &String| !line.chars().any(char::is_control);
    if lines.is_empty() || value.chars().count() > MAX_VALUE_CHARACTERS || !lines.iter().all(is_plain) {
        return Err(RenderError(name));
    }
    Ok(lines)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEMPLATES: [&str; 13] = [
        "verify_email",
        "already_registered",
        "password_reset",
        "reset_unknown_account",
        "password_changed",
        "confirm_email",
        "email_change_requested",
        "email_changed",
        "mfa_enabled",
        "mfa_disabled",
        "oauth_linked",
        "new_sign_in",
        "account_erased",
    ];

    fn message(template: &str, locale: &str) -> Message {
        let job = format!(
            r#"{{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","template":"{template}","to":"viewer@example.com","locale":"{locale}",
            "variables":{{"code":"042917","new":"n***@example.org","device":"<TV> & co","provider":"local","territory":"DE","at":"2026-11-26T10:00:00Z",
            "receipts":"auth: 3\nuser: 5"}}}}"#
        );
        Message::parse(&job).unwrap()
    }

    #[test]
    fn every_mail_exists_in_both_languages_as_text_and_html() {
        for template in TEMPLATES {
            let (english, russian) =
                (Mail::of(&message(template, "en-GB")).unwrap(), Mail::of(&message(template, "ru-RU")).unwrap());
            assert_ne!(english.subject, russian.subject);
            assert!(english.text().is_ascii() && !russian.text().is_ascii());
            for mail in [english, russian] {
                let has_code = matches!(template, "verify_email" | "password_reset" | "confirm_email");
                assert_eq!(mail.text().contains("042917"), has_code, "{template}");
                assert_eq!(mail.html("ru").contains("042917"), has_code, "{template}");
                assert!(!mail.subject.contains("042917"), "a locked screen shows the subject");
            }
        }
        assert_eq!(Mail::of(&message("verify_email", "de")).unwrap().subject, "Your code for Online Cinema");
    }

    #[test]
    fn names_of_devices_are_text_and_nothing_else() {
        let mail = Mail::of(&message("new_sign_in", "en")).unwrap();
        assert!(mail.text().contains("<TV> & co") && mail.html("en").contains("&lt;TV&gt; &amp; co"));
        let mut nameless = message("new_sign_in", "en");
        nameless.variables.remove("device");
        assert!(Mail::of(&nameless).unwrap().text().contains("unknown"));
        for wrong in ["a\u{0}", "a\nb", &"x".repeat(2_001)] {
            nameless.variables.insert("device".into(), wrong.into());
            assert_eq!(Mail::of(&nameless).err(), Some(RenderError("device")), "{wrong:?}");
        }
    }

    #[test]
    fn receipts_are_a_list_of_at_least_one_line() {
        let mut message = message("account_erased", "en");
        assert!(Mail::of(&message).unwrap().html("en").contains("<li>auth: 3</li>\n<li>user: 5</li>"));
        message.variables.insert("receipts".into(), " \n".into());
        assert_eq!(Mail::of(&message).err(), Some(RenderError("receipts")));
    }

    #[test]
    fn a_code_that_is_none_is_refused() {
        for code in ["", "12345", "<b>1</b>", "1234567"] {
            let mut message = message("verify_email", "en");
            message.variables.insert("code".into(), code.into());
            assert_eq!(Mail::of(&message).err(), Some(RenderError("code")));
        }
    }

    #[test]
    fn the_message_has_both_parts_and_its_own_id() {
        let message = message("verify_email", "en");
        let mime = Mail::of(&message).unwrap().mime(&message, "cinema@example.com", OffsetDateTime::UNIX_EPOCH);
        let text = String::from_utf8(mime).unwrap();
        for expected in [
            "Message-ID: <msg_01jd3k5m7n9pqrstvwxyz01234@example.com>",
            "From: \"Online Cinema\" <cinema@example.com>",
            "To: <viewer@example.com>",
            "Subject: Your code for Online Cinema",
            "Auto-Submitted: auto-generated",
            "Date: Thu, 1 Jan 1970 00:00:00",
            "multipart/alternative",
            "text/plain",
            "text/html",
            "042917",
        ] {
            assert!(text.contains(expected), "{expected} is not in\n{text}");
        }
        assert!(!text.contains("List-Unsubscribe"));
    }
}
