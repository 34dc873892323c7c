//! The inbox: what somebody was told, in the language in which they look at it.

use kernel::{Locale, NotificationId};
use proto::mail::Template;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::content::Content;

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has seen it.
    Unread,
    /// Somebody has.
    Read,
    /// Put away.
    Archived,
}

impl State {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Unread, Self::Read, Self::Archived];

    /// The word of the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unread => "unread",
            Self::Read => "read",
            Self::Archived => "archived",
        }
    }
}

/// A notification as it is kept.
#[derive(Clone)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// The word of its workflow.
    pub workflow: String,
    /// What it says; absent where nobody can read it any more.
    pub template: Option<Template>,
    /// What became of it.
    pub state: State,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// Something that the account was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Item {
    id: NotificationId,
    /// What it is about: `security`, `billing`, `account`, `titles` or `marketing`.
    workflow: String,
    /// What happened, for programs: `welcome`, `payment_failed`…
    kind: String,
    /// One line.
    title: String,
    /// The rest, in paragraphs.
    text: String,
    state: State,
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
}

impl Item {
    /// A notification in a language.
    pub fn of(notification: Notification, locale: &Locale) -> Self {
        let Notification { id, workflow, template, state, created_at } = notification;
        let content = template.as_ref().and_then(|template| Content::of(template, locale).ok());
        let (title, text) = content.map(|content| (content.subject.clone(), content.text())).unwrap_or_default();
        let kind = template.map_or("unknown", |template| template.name()).to_owned();
        Self { id, workflow, kind, title, text, state, created_at }
    }
}
