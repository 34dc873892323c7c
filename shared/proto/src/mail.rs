//! Mails: which there are, by their messages.

use std::fmt;

pub use crate::notification::{account_erased::Receipt, mail::Template, *};

macro_rules! templates {
    ($($message:ident = $name:literal,)+) => {
        $(impl From<$message> for Template {
            fn from(message: $message) -> Self {
                Self::$message(message)
            }
        })+

        impl Template {
            /// The names of all, in the order of the contract.
            pub const NAMES: &[&str] = &[$($name),+];

            /// The field of the contract; what logs and records call the mail.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$message(_) => $name,)+
                }
            }
        }
    };
}

templates! {
    VerifyEmail = "verify_email",
    AlreadyRegistered = "already_registered",
    PasswordReset = "password_reset",
    ResetUnknownAccount = "reset_unknown_account",
    PasswordChanged = "password_changed",
    ConfirmEmail = "confirm_email",
    EmailChangeRequested = "email_change_requested",
    EmailChanged = "email_changed",
    MfaEnabled = "mfa_enabled",
    MfaDisabled = "mfa_disabled",
    OauthLinked = "oauth_linked",
    NewSignIn = "new_sign_in",
    AccountErased = "account_erased",
    Welcome = "welcome",
    SessionRevoked = "session_revoked",
    DataExportRequested = "data_export_requested",
    TrialStarted = "trial_started",
    SubscriptionActive = "subscription_active",
    PaymentFailed = "payment_failed",
    SubscriptionCancelled = "subscription_cancelled",
    SubscriptionEnded = "subscription_ended",
    Announcement = "announcement",
    TitleLeavingSoon = "title_leaving_soon",
    TitlesDigest = "titles_digest",
    SubscriptionResumed = "subscription_resumed",
    SubscriptionPaused = "subscription_paused",
    PlanChanged = "plan_changed",
    PaymentReceived = "payment_received",
    PaymentRefunded = "payment_refunded",
    PaymentDeclined = "payment_declined",
    TitlePurchased = "title_purchased",
    PurchaseReturned = "purchase_returned",
    TrialEnding = "trial_ending",
    SubscriptionSuspended = "subscription_suspended",
    PlanChangeScheduled = "plan_change_scheduled",
    PlanChangeWithdrawn = "plan_change_withdrawn",
    RentalEnding = "rental_ending",
    NewEpisodes = "new_episodes",
    DataExportReady = "data_export_ready",
}

impl Mail {
    /// A mail to one address, in a locale.
    pub fn new(
        message_id: impl fmt::Display,
        to: impl fmt::Display,
        locale: impl fmt::Display,
        template: impl Into<Template>,
    ) -> Self {
        Self {
            message_id: message_id.to_string(),
            to: to.to_string(),
            locale: locale.to_string(),
            account_id: String::new(),
            template: Some(template.into()),
        }
    }

    /// A mail to whoever has an account, in their language.
    pub fn to_account(
        message_id: impl fmt::Display,
        account: impl fmt::Display,
        template: impl Into<Template>,
    ) -> Self {
        let account_id = account.to_string();
        Self { message_id: message_id.to_string(), account_id, template: Some(template.into()), ..Self::default() }
    }
}

/// Neither addresses nor codes are ever printed.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message_id, self.template.as_ref().map_or("no template", Template::name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_json_with_one_template_and_prints_no_secret() {
        let mail = Mail::new("msg_1", "viewer@example.com", "en", VerifyEmail { code: "042917".to_owned() });
        let json = serde_json::to_string(&mail).unwrap();
        assert_eq!(
            json,
            r#"{"message_id":"msg_1","to":"viewer@example.com","locale":"en","account_id":"","verify_email":{"code":"042917"}}"#
        );
        assert_eq!(serde_json::from_str::<Mail>(&json).unwrap(), mail);
        assert_eq!(format!("{mail:?}"), "msg_1 (verify_email)");
        let twice = json.replace("\"locale\"", "\"password_changed\":{},\"locale\"");
        assert!(serde_json::from_str::<Mail>(&twice).is_err());
    }

    /// A message that is in no mail would be a template that nobody can send.
    #[test]
    fn every_message_is_a_template() {
        let contract = include_str!("../cinema/notification/v1/mail.proto");
        let messages = contract.lines().filter_map(|line| line.strip_prefix("message ")?.split_once(" {"));
        for (message, _) in messages.filter(|(message, _)| *message != "Mail") {
            assert!(contract.contains(&format!("\n    {message} ")), "{message} is in no mail");
        }
    }
}
