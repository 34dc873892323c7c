//! A job of the queue `email`: one mail, by its contract `cinema/notification/v1/mail.proto`.

use std::fmt;

use kernel::{AccountId, Locale, MessageId};
use proto::mail::{Mail, Template};

/// RFC 5321: 256 with the angle brackets around it.
const LONGEST_ADDRESS: usize = 254;

/// A mail to be sent. It prints as its id: address and variables are secret.
#[derive(Clone)]
pub struct MailJob {
    /// The same in every copy.
    pub message_id: MessageId,
    /// To whom.
    pub recipient: Recipient,
    /// Which mail, with its variables.
    pub template: Template,
}

/// To whom a mail goes.
#[derive(Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An address that its writer knows.
    Address(Reader),
    /// Whoever has the account, at their address of that moment.
    Account(AccountId),
}

/// Who reads a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Reader {
    /// One address.
    pub address: String,
    /// Their language; English where it is none that we can write.
    pub locale: Locale,
}

/// The job cannot be done; says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JobError {
    /// Not by the contract.
    #[error("not a mail: {kind} error at column {column}")]
    Contract {
        /// `data` or `syntax`.
        kind: &'static str,
        /// Where, from 1.
        column: usize,
    },
    /// No id by which a second copy would be known.
    #[error("not a mail: no message_id")]
    Nameless,
    /// To an account of which there is none, or to an account and an address at once.
    #[error("not a mail: no recipient, or two")]
    Recipient,
    /// No template, or one that this version does not know.
    #[error("not a mail: no known template")]
    UnknownTemplate,
}

impl MailJob {
    /// Reads a job.
    ///
    /// # Errors
    /// What does not fit; no retry helps.
    pub fn read(body: &str) -> Result<Self, JobError> {
        // The parser's own text quotes values.
        let mail: Mail = serde_json::from_str(body).map_err(|error| JobError::Contract {
            kind: match error.classify() {
                serde_json::error::Category::Data => "data",
                _ => "syntax",
            },
            column: error.column(),
        })?;
        let message_id = mail.message_id.parse().map_err(|_| JobError::Nameless)?;
        let recipient = match (mail.to.as_str(), mail.account_id.as_str()) {
            (_, "") => {
                let locale = mail.locale.parse().unwrap_or_else(|_| Locale::english());
                Recipient::Address(Reader { address: mail.to, locale })
            }
            ("", account) => Recipient::Account(account.parse().map_err(|_| JobError::Recipient)?),
            _ => return Err(JobError::Recipient),
        };
        Ok(Self { message_id, recipient, template: mail.template.ok_or(JobError::UnknownTemplate)? })
    }
}

impl Reader {
    /// Whether the address is one plain address and nothing else that a mail header could read.
    pub fn has_valid_address(&self) -> bool {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>()[],;:\\\"".contains(&byte);
        match self.address.split_once('@') {
            Some((local, domain)) => {
                self.address.len() <= LONGEST_ADDRESS
                    && !local.is_empty()
                    && domain.contains('.')
                    && !domain.contains('@')
                    && self.address.bytes().all(is_plain)
            }
            None => false,
        }
    }
}

impl fmt::Debug for MailJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message_id, self.template.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = r#"{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","to":"viewer@example.com","locale":"en","verify_email":{"code":"042917"},"later":1}"#;

    #[test]
    fn a_job_is_read_and_prints_nothing_of_its_content() {
        let job = MailJob::read(JOB).unwrap();
        assert!(matches!(&job.template, Template::VerifyEmail(mail) if mail.code == "042917"));
        let printed = format!("{job:?}");
        assert_eq!(printed, "msg_01jd3k5m7n9pqrstvwxyz01234 (verify_email)");
        let klingon = JOB.replace(r#""en""#, r#""tlh-piqaD""#);
        let english = Reader { address: "viewer@example.com".to_owned(), locale: Locale::english() };
        assert!(MailJob::read(&klingon).unwrap().recipient == Recipient::Address(english));
    }

    #[test]
    fn a_mail_goes_to_an_address_or_to_an_account_never_to_both() {
        let account = "acc_01jd3k5m7n9pqrstvwxyz01234";
        let to_account = JOB.replace(r#""to":"viewer@example.com""#, &format!(r#""account_id":"{account}""#));
        let job = MailJob::read(&to_account).unwrap();
        assert!(job.recipient == Recipient::Account(account.parse().unwrap()));
        let both = JOB.replace(r#""locale""#, &format!(r#""account_id":"{account}","locale""#));
        for wrong in [both, to_account.replace("acc_", "prf_")] {
            assert_eq!(MailJob::read(&wrong).unwrap_err(), JobError::Recipient);
        }
    }

    #[test]
    fn errors_do_not_quote_the_job() {
        for (broken, says) in [
            (JOB.replace("verify_email", "secret_template"), "no known template"),
            (JOB.replace("msg_", "042917"), "no message_id"),
            (JOB.replace(r#""042917""#, "[42917]"), "data error"),
            (JOB[..90].to_owned(), "syntax error"),
            (String::new(), "syntax error"),
        ] {
            let error = MailJob::read(&broken).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("42917") && !error.contains("viewer") && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn one_plain_address_only() {
        let valid = |to: &str| Reader { address: to.to_owned(), locale: Locale::english() }.has_valid_address();
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
