//! Kinds of messages, as people choose among them.

use std::fmt;

use proto::mail::Template;

/// What a message is about. Codes and answers to somebody in front of the screen belong to none: nobody can switch them off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// Who can get into the account.
    Security,
    /// What is paid, and what for.
    Billing,
    /// The account itself.
    Account,
    /// What people have put on their lists and left half seen.
    Titles,
    /// What we would like to sell.
    Marketing,
}

impl Workflow {
    /// The workflow of a template, if it has one.
    pub fn of(template: &Template) -> Option<Self> {
        Some(match template {
            Template::VerifyEmail(_)
            | Template::AlreadyRegistered(_)
            | Template::PasswordReset(_)
            | Template::ResetUnknownAccount(_)
            | Template::ConfirmEmail(_) => return None,
            Template::PasswordChanged(_)
            | Template::EmailChangeRequested(_)
            | Template::EmailChanged(_)
            | Template::MfaEnabled(_)
            | Template::MfaDisabled(_)
            | Template::OauthLinked(_)
            | Template::NewSignIn(_)
            | Template::SessionRevoked(_)
            | Template::DataExportRequested(_)
            | Template::DataExportReady(_)
            | Template::AccountErased(_) => Self::Security,
            Template::TrialStarted(_)
            | Template::SubscriptionActive(_)
            | Template::PaymentFailed(_)
            | Template::SubscriptionCancelled(_)
            | Template::SubscriptionResumed(_)
            | Template::SubscriptionPaused(_)
            | Template::PlanChanged(_)
            | Template::PaymentReceived(_)
            | Template::PaymentRefunded(_)
            | Template::PaymentDeclined(_)
            | Template::TitlePurchased(_)
            | Template::PurchaseReturned(_)
            | Template::SubscriptionEnded(_)
            | Template::TrialEnding(_)
            | Template::SubscriptionSuspended(_)
            | Template::PlanChangeScheduled(_)
            | Template::PlanChangeWithdrawn(_)
            | Template::RentalEnding(_) => Self::Billing,
            Template::Welcome(_) => Self::Account,
            Template::TitleLeavingSoon(_) | Template::TitlesDigest(_) | Template::NewEpisodes(_) => Self::Titles,
            Template::Announcement(_) => Self::Marketing,
        })
    }

    /// The word that preferences and records use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Billing => "billing",
            Self::Account => "account",
            Self::Titles => "titles",
            Self::Marketing => "marketing",
        }
    }

    /// Whether its mails come whatever the person prefers.
    pub fn is_obligatory(self) -> bool {
        matches!(self, Self::Security | Self::Billing)
    }

    /// Whether it may wake somebody up.
    pub fn breaks_quiet(self) -> bool {
        self == Self::Security
    }
}

impl fmt::Display for Workflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a mail is sent again when nobody knows if the provider took it. A code or a warning that is missing costs more than one that comes
/// twice; everything else is not worth a second mail.
pub fn may_repeat(template: &Template) -> bool {
    Workflow::of(template).is_none_or(Workflow::is_obligatory)
}
