//! Where a mail leads to.

use proto::mail::Template;

use crate::workflow::Workflow;

/// A page of the web app on which a reader acts on what a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Plan, payments, ways to sign in, devices, data.
    Account,
    /// What there is to watch.
    Films,
}

impl Destination {
    /// Of a template. Absent where there is nothing to do behind a sign-in: a code is typed where it was asked for, and an announcement says itself
    /// where it leads.
    pub fn of(template: &Template) -> Option<Self> {
        match (template, Workflow::of(template)?) {
            // There is no account any more.
            (Template::AccountErased(_), _) | (_, Workflow::Marketing) => None,
            (Template::TitlePurchased(_) | Template::RentalEnding(_), _) => Some(Self::Films),
            (_, Workflow::Security | Workflow::Billing) => Some(Self::Account),
            (_, Workflow::Account | Workflow::Titles) => Some(Self::Films),
        }
    }

    /// Behind the public address.
    pub fn path(self) -> &'static str {
        match self {
            Self::Account => "/#/account",
            Self::Films => "/#/",
        }
    }
}
