//! A mail in an editor's words: a subject and a body that name the variables of its template (docs/architecture/0066-wordings.md).
//!
//! The body is plain text; the HTML is made of it, and escaped, where that of every mail is. So no wording holds markup, and no value becomes any.

mod samples;
mod syntax;
mod variables;

use std::io;

use kernel::{Locale, VisibleLine, VisibleText, text::visible_part};
use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use proto::mail::Template;
use serde_json::{Map, Value};

pub use self::{
    samples::sample,
    syntax::Fault,
    variables::{VariableKind, Variables, cleaned_values},
};
use crate::{
    content::{Content, LONGEST_SUBJECT},
    language::Language,
};

/// One line.
pub type Subject = VisibleLine<LONGEST_SUBJECT>;
/// Paragraphs between empty lines.
pub type Body = VisibleText<10_000>;

/// Of a body with its values, in characters.
const LONGEST_TEXT: usize = 20_000;
/// UTF-8 has at most four bytes for a character.
const LONGEST_BYTES: usize = 4 * LONGEST_TEXT;
/// Instructions of one rendering: some hundred titles of a digest need 5,000.
const FUEL: u64 = 50_000;
/// What proves something and is for the reader's eyes: a body must show it, and a subject must not, because a locked screen would.
const SECRET: &str = "code";

/// What an editor wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Names variables.
    pub subject: Subject,
    /// Names variables, and says with `if` and `for` what depends on them.
    pub body: Body,
}

/// A wording makes no mail of these values.
#[derive(Debug, thiserror::Error)]
pub enum WordingError {
    /// A variable is not there any more, or it took too long.
    #[error("the wording cannot be rendered: {0}")]
    Engine(minijinja::ErrorKind),
    /// Nothing to be seen, or what would be shown as something else (RFC 2047).
    #[error("the wording makes no subject")]
    Subject,
    /// Empty, or longer than 20,000 characters.
    #[error("the wording makes no body")]
    Body,
    /// What the mail is for is not in it.
    #[error("the wording does not show the code")]
    Secret,
}

impl Wording {
    /// What is wrong with it as a wording of a template: where in the request, and why.
    pub fn faults(&self, template: &Template) -> Vec<(&'static str, Fault)> {
        let context = variables::context(template, &Locale::english());
        let known = Variables::of(&context);
        let check = |pointer, source| syntax::check(source, &known).err().map(|fault| (pointer, fault));
        let faults = [check("/subject", self.subject.as_str()), check("/body", self.body.as_str())];
        let mut faults: Vec<_> = faults.into_iter().flatten().collect();
        if !faults.is_empty() {
            return faults;
        }
        let secret = context.get(SECRET).and_then(Value::as_str);
        match render(self.subject.as_str(), &context) {
            Ok(subject) if secret.is_some_and(|secret| subject.contains(secret)) => {
                faults.push(("/subject", Fault::Revealed(SECRET)));
            }
            Ok(subject) if is_shown_as_written(&subject) => {}
            _ => faults.push(("/subject", Fault::Unreadable)),
        }
        match render(self.body.as_str(), &context) {
            // Whoever copies the example shows everybody the same.
            Ok(body) if secret.is_some_and(|secret| self.body.as_str().contains(secret) || !body.contains(secret)) => {
                faults.push(("/body", Fault::Missing(SECRET)));
            }
            Ok(body) if is_bounded(&body) => {}
            _ => faults.push(("/body", Fault::Unreadable)),
        }
        faults
    }

    /// The mail with the values of a template.
    ///
    /// # Errors
    /// When a value does not fit any more. Whoever sends it then falls back on the words that came with the program.
    pub fn content(&self, template: &Template, reader: &Locale) -> Result<Content, WordingError> {
        self.with_values(&variables::context(template, reader), Language::of(reader))
    }

    /// The mail with any values.
    ///
    /// # Errors
    /// As for [`Self::content`].
    pub fn with_values(&self, values: &Map<String, Value>, language: Language) -> Result<Content, WordingError> {
        let subject = render(self.subject.as_str(), values).map_err(WordingError::Engine)?;
        // Line breaks and whatever else cannot be seen go: no value adds a header.
        let subject = visible_part(&subject, LONGEST_SUBJECT);
        if !is_shown_as_written(&subject) {
            return Err(WordingError::Subject);
        }
        let body = render(self.body.as_str(), values).map_err(WordingError::Engine)?;
        if !is_bounded(&body) {
            return Err(WordingError::Body);
        }
        let secret = values.get(SECRET).and_then(Value::as_str);
        if secret.is_some_and(|secret| !body.contains(secret)) {
            return Err(WordingError::Secret);
        }
        Ok(Content::written(subject, &body, secret, language))
    }
}

/// An encoded word (RFC 2047) would be shown as something else.
fn is_shown_as_written(subject: &str) -> bool {
    !subject.contains("=?") && Subject::new(subject).is_ok()
}

fn is_bounded(body: &str) -> bool {
    !body.trim().is_empty() && body.chars().count() <= LONGEST_TEXT
}

/// Plain text: what makes HTML of it escapes it.
fn render(source: &str, values: &Map<String, Value>) -> Result<String, minijinja::ErrorKind> {
    let mut engine = Environment::empty();
    engine.set_fuel(Some(FUEL));
    engine.set_undefined_behavior(UndefinedBehavior::Strict);
    // `if` and `for` on lines of their own leave no empty lines.
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    engine.set_syntax(syntax.map_err(|error| error.kind())?);
    let template = engine.template_from_str(source).map_err(|error| error.kind())?;
    let mut text = Bounded(Vec::new());
    template.render_captured_to(Serde(values), &mut text).map_err(|error| error.kind())?;
    String::from_utf8(text.0).map_err(|_| minijinja::ErrorKind::WriteFailure)
}

/// Takes as much as a mail may have: what goes on and on ends before it fills the memory.
struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
