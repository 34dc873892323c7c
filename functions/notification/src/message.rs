//! A job of the queue `email`.

use std::{collections::BTreeMap, fmt};

use kernel::{Locale, MessageId};
use serde::Deserialize;

const MAX_ADDRESS: usize = 254;

/// A mail to be sent. What it carries is secret: it prints as its id.
#[derive(Clone, Deserialize)]
pub struct Message {
    /// The same in every copy.
    pub message_id: MessageId,
    /// Which mail.
    pub template: Template,
    /// One address.
    pub to: String,
    /// The reader's language.
    pub locale: Locale,
    /// What the template needs.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
}

/// The mails there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Template {
    /// Carries the code that proves an address.
    VerifyEmail,
    /// Somebody registered an address that has an account.
    AlreadyRegistered,
    /// Carries the code that allows a new password.
    PasswordReset,
    /// Somebody wanted a new password for an address without an account.
    ResetUnknownAccount,
    /// The password is another one now.
    PasswordChanged,
    /// Carries the code that proves the new address of an account.
    ConfirmEmail,
    /// To the old address: a new one was named.
    EmailChangeRequested,
    /// To the old address: the new one was proven.
    EmailChanged,
    /// Signing in takes a second factor now.
    MfaEnabled,
    /// Signing in takes a password only again.
    MfaDisabled,
    /// An account of another provider can sign in.
    OauthLinked,
    /// From a device that was not seen before.
    NewSignIn,
    /// Nothing is left; with a line from every service.
    AccountErased,
}

impl Template {
    /// As in the queue.
    pub fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::AlreadyRegistered => "already_registered",
            Self::PasswordReset => "password_reset",
            Self::ResetUnknownAccount => "reset_unknown_account",
            Self::PasswordChanged => "password_changed",
            Self::ConfirmEmail => "confirm_email",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaDisabled => "mfa_disabled",
            Self::OauthLinked => "oauth_linked",
            Self::NewSignIn => "new_sign_in",
            Self::AccountErased => "account_erased",
        }
    }
}

/// The job cannot be done; says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a mail job: {kind} error at column {column}")]
pub struct MessageError {
    kind: &'static str,
    column: usize,
}

impl Message {
    /// Reads a job.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        // The parser's own text quotes values.
        serde_json::from_str(body).map_err(|error| MessageError {
            kind: match error.classify() {
                serde_json::error::Category::Data => "data",
                _ => "syntax",
            },
            column: error.column(),
        })
    }

    /// Whether `to` is one plain address and nothing else that a mail header could read.
    pub fn has_valid_address(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte);
        match self.to.split_once('@') {
            Some((local, domain)) => {
                self.to.len() <= MAX_ADDRESS
                    && !local.is_empty()
                    && domain.contains('.')
                    && !domain.contains('@')
                    && self.to.bytes().all(is_plain)
            }
            None => false,
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message_id, self.template.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = r#"{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","template":"verify_email","to":"viewer@example.com","locale":"en","variables":{"code":"042917"},"later":1}"#;

    #[test]
    fn a_job_is_read_and_prints_nothing_of_its_content() {
        let message = Message::parse(JOB).unwrap();
        assert_eq!((message.template, message.variables["code"].as_str()), (Template::VerifyEmail, "042917"));
        let printed = format!("{message:?}");
        assert!(!printed.contains("042917") && !printed.contains("viewer"), "{printed}");
    }

    #[test]
    fn errors_do_not_quote_the_job() {
        for broken in [
            JOB.replace("verify_email", "secret_template"),
            JOB.replace("msg_", "042917"),
            JOB[..90].to_owned(),
            String::new(),
        ] {
            let error = Message::parse(&broken).unwrap_err().to_string();
            assert!(!error.contains("042917") && !error.contains("viewer") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn one_plain_address_only() {
        let valid = |to: &str| Message { to: to.to_owned(), ..Message::parse(JOB).unwrap() }.has_valid_address();
        assert!(valid("a.b+c@example.co.uk"));
        for wrong in [
            "",
            "a",
            "a@b",
            "@example.com",
            "a@b@example.com",
            "a@example.com,b@example.com",
            "a <b@example.com>",
            "a@example.com\r\nBcc: b@example.com",
            "а@example.com",
        ] {
            assert!(!valid(wrong), "{wrong}");
        }
    }
}
