//! Where a mail leads to.

use kernel::TitleId;
use proto::mail::{NewEpisodes, RentalEnding, Template, TitleLeavingSoon, TitlePurchased};

use crate::workflow::Workflow;

/// A page of the web app on which a reader acts on what a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Plan, payments, ways to sign in, devices, data.
    Account,
    /// What there is to watch.
    Films,
    /// The one that the mail is about.
    Title(TitleId),
}

impl Destination {
    /// Of a template. Absent where there is nothing to do behind a sign-in: a code is typed where it was asked for, and an announcement says itself
    /// where it leads.
    pub fn of(template: &Template) -> Option<Self> {
        match (template, Workflow::of(template)?) {
            // There is no account any more.
            (Template::AccountErased(_), _) | (_, Workflow::Marketing) => None,
            (
                Template::TitlePurchased(TitlePurchased { title_id, .. })
                | Template::RentalEnding(RentalEnding { title_id, .. })
                | Template::TitleLeavingSoon(TitleLeavingSoon { title_id, .. })
                | Template::NewEpisodes(NewEpisodes { title_id, .. }),
                _,
            ) => Some(title_id.parse().map_or(Self::Films, Self::Title)),
            (_, Workflow::Security | Workflow::Billing) => Some(Self::Account),
            (_, Workflow::Account | Workflow::Titles) => Some(Self::Films),
        }
    }

    /// Behind the public address.
    pub fn path(self) -> String {
        match self {
            Self::Account => "/#/account".to_owned(),
            Self::Films => "/#/".to_owned(),
            Self::Title(id) => format!("/#/titles/{id}"),
        }
    }
}
