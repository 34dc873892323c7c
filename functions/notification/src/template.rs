//! The mails themselves: English and Russian, as text and as HTML.

use mail_builder::{MessageBuilder, headers::raw::Raw};
use time::OffsetDateTime;

use crate::message::{Message, Template};

const SENDER: &str = "Online Cinema";

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
}

use Paragraph::{Code, Text};

impl Mail {
    /// In the reader's language, English when there is no translation.
    pub fn of(message: &Message) -> Result<Self, RenderError> {
        let is_russian = message.locale.language() == "ru";
        Ok(match (message.template, is_russian) {
            (Template::VerifyEmail, false) => Self {
                subject: "Your code for Online Cinema",
                paragraphs: vec![
                    Text("Welcome to Online Cinema. Enter this code to confirm your address:"),
                    Code(code(message)?),
                    Text("It is good for one hour and for five tries."),
                    Text("If you did not ask for it, do not give it to anybody: without it no account is made."),
                ],
            },
            (Template::VerifyEmail, true) => Self {
                subject: "Код для Online Cinema",
                paragraphs: vec![
                    Text("Добро пожаловать в Online Cinema. Введите этот код, чтобы подтвердить адрес:"),
                    Code(code(message)?),
                    Text("Код действует один час, у вас пять попыток."),
                    Text("Если вы его не запрашивали, никому его не сообщайте: без кода учётная запись не появится."),
                ],
            },
            (Template::AlreadyRegistered, false) => Self {
                subject: "You already have an account at Online Cinema",
                paragraphs: vec![
                    Text(
                        "Somebody has just tried to register this address at Online Cinema. It already has an account.",
                    ),
                    Text(
                        "If it was you, sign in with your password. If not, there is nothing you need to do: nothing has changed.",
                    ),
                ],
            },
            (Template::AlreadyRegistered, true) => Self {
                subject: "У вас уже есть учётная запись в Online Cinema",
                paragraphs: vec![
                    Text(
                        "Кто-то только что пытался зарегистрировать этот адрес в Online Cinema. У него уже есть учётная запись.",
                    ),
                    Text(
                        "Если это были вы, войдите с вашим паролем. Если нет, ничего делать не нужно: ничего не изменилось.",
                    ),
                ],
            },
        })
    }

    /// For readers of plain text.
    pub fn text(&self) -> String {
        let paragraphs = self.paragraphs.iter().map(|paragraph| match paragraph {
            Text(text) => format!("{text}\n"),
            Code(code) => format!("    {code}\n"),
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

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(template: &str, locale: &str) -> Message {
        let job = format!(
            r#"{{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","template":"{template}","to":"viewer@example.com","locale":"{locale}","variables":{{"code":"042917"}}}}"#
        );
        Message::parse(&job).unwrap()
    }

    #[test]
    fn every_mail_exists_in_both_languages_as_text_and_html() {
        for template in ["verify_email", "already_registered"] {
            let (english, russian) =
                (Mail::of(&message(template, "en-GB")).unwrap(), Mail::of(&message(template, "ru-RU")).unwrap());
            assert_ne!(english.subject, russian.subject);
            assert!(english.text().is_ascii() && !russian.text().is_ascii());
            for mail in [english, russian] {
                assert_eq!(mail.text().contains("042917"), template == "verify_email");
                assert_eq!(mail.html("ru").contains("042917"), template == "verify_email");
                assert!(!mail.subject.contains("042917"), "a locked screen shows the subject");
            }
        }
        assert_eq!(Mail::of(&message("verify_email", "de")).unwrap().subject, "Your code for Online Cinema");
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
