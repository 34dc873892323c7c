//! An import: titles that an editor asks a provider for, and what became of each.

use std::collections::BTreeSet;

use kernel::{MetadataImportId, TitleId, TitleKind};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    metadata::{LeftOut, ProviderName},
    text::ExternalId,
    violation::{InvalidDraft, Violation},
};

/// Most titles of one import.
pub const MOST_ITEMS: usize = 50;
/// How long an import can be looked at.
pub const KEPT: Duration = Duration::days(90);
/// A provider that is busy for longer is not waited for.
pub const PATIENCE: Duration = Duration::days(1);
/// Calls without an answer, after which nobody asks again: two hours.
pub const MOST_TRIES: u32 = 12;
/// SQS delays a message by 15 minutes at most.
const LONGEST_PAUSE: Duration = Duration::minutes(15);
/// After the first call without an answer; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::seconds(30);

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"provider": "tmdb", "items": [{"kind": "film", "external_id": "603"}]}))]
pub struct ImportRequest {
    /// Whom to ask.
    pub provider: ProviderName,
    /// For each title.
    #[schema(min_items = 1, max_items = 50)]
    pub items: Vec<WantedTitle>,
}

/// A title to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WantedTitle {
    /// Film or series.
    pub kind: TitleKind,
    /// What the provider calls it: a number for `tmdb`.
    pub external_id: ExternalId,
    /// The title to fill in. Absent: the one that came of this id before, else a new draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_id: Option<TitleId>,
}

impl ImportRequest {
    /// # Errors
    /// Every part that is wrong; `takes` says which ids the provider could have given.
    pub fn check(&self, takes: impl Fn(&ExternalId) -> bool) -> Result<(), InvalidDraft> {
        let mut found = Vec::new();
        if !(1..=MOST_ITEMS).contains(&self.items.len()) {
            return Err(InvalidDraft::at("/items", format!("must have 1 to {MOST_ITEMS} entries")));
        }
        let (mut ids, mut titles) = (BTreeSet::new(), BTreeSet::new());
        for (at, WantedTitle { kind, external_id, title_id }) in self.items.iter().enumerate() {
            let mut wrong = |member: &str, reason: &str| {
                found.push(Violation::new(format!("/items/{at}/{member}"), reason));
            };
            if kind.parent().is_some() {
                wrong("kind", "must be film or series");
            }
            if !takes(external_id) {
                wrong("external_id", "is no id of this provider");
            }
            if !ids.insert((kind.as_str(), external_id)) {
                wrong("external_id", "is there twice");
            }
            if title_id.is_some_and(|title| !titles.insert(title)) {
                wrong("title_id", "is there twice");
            }
        }
        InvalidDraft::unless_empty(found)
    }
}

/// What became of a title that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It will be asked for, or asked for again.
    Waiting,
    /// The title says what the provider said.
    Done,
    /// It came to nothing; `reason` says why.
    Failed,
}

impl ItemState {
    /// The word used in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of this word.
    pub fn of(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Done, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// Why a title waits or came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportReason {
    /// The provider says that it is asked too often.
    ProviderBusy,
    /// The provider does not answer.
    ProviderUnavailable,
    /// It has no key, or takes none of ours.
    ProviderRefuses,
    /// The provider knows no such title.
    NotFound,
    /// The answer cannot be read.
    Unreadable,
    /// The answer names no title.
    Nameless,
    /// Another title came of this id.
    OtherTitle,
    /// The title to fill in is there no more.
    NoTitle,
    /// The title would become one that cannot be kept.
    DoesNotFit,
}

impl ImportReason {
    const ALL: [Self; 9] = [
        Self::ProviderBusy,
        Self::ProviderUnavailable,
        Self::ProviderRefuses,
        Self::NotFound,
        Self::Unreadable,
        Self::Nameless,
        Self::OtherTitle,
        Self::NoTitle,
        Self::DoesNotFit,
    ];

    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProviderBusy => "provider_busy",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderRefuses => "provider_refuses",
            Self::NotFound => "not_found",
            Self::Unreadable => "unreadable",
            Self::Nameless => "nameless",
            Self::OtherTitle => "other_title",
            Self::NoTitle => "no_title",
            Self::DoesNotFit => "does_not_fit",
        }
    }

    /// The reason of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// What an editor can do about it.
    fn detail(self) -> &'static str {
        match self {
            Self::ProviderBusy => "The provider is asked too often. Import the title again later.",
            Self::ProviderUnavailable => "The provider does not answer. Import the title again later.",
            Self::ProviderRefuses => "The provider does not take the platform's key. Tell whoever runs the platform.",
            Self::NotFound => "The provider knows no such title. Look at the id.",
            Self::Unreadable => "The provider's answer cannot be read. Write the title by hand.",
            Self::Nameless => "The provider does not say what the title is called. Write it by hand.",
            Self::OtherTitle => "Another title came of this id. Import it without naming a title.",
            Self::NoTitle => "The title was deleted. Import it without naming a title.",
            Self::DoesNotFit => "The title would not keep the rules. Take something from it, and import it again.",
        }
    }
}

/// What became of one title that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportItem {
    pub kind: TitleKind,
    pub external_id: ExternalId,
    /// The title that it is, or is to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title_id: Option<TitleId>,
    pub state: ItemState,
    /// Why it waits for longer, or failed: for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<ImportReason>,
    /// What can be done about a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// When the provider is asked again.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub next_try_at: Option<OffsetDateTime>,
    /// Parts of the provider's answer that are not kept, and why: at most 50.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 50)]
    pub left_out: Vec<LeftOut>,
}

impl ImportItem {
    /// The item as it is told; what can be done follows from its reason.
    pub(crate) fn told(mut self) -> Self {
        let failed = self.reason.filter(|_| self.state == ItemState::Failed);
        self.detail = failed.map(|reason| reason.detail().to_owned());
        self
    }
}

impl From<WantedTitle> for ImportItem {
    fn from(WantedTitle { kind, external_id, title_id }: WantedTitle) -> Self {
        let (state, left_out) = (ItemState::Waiting, vec![]);
        Self { kind, external_id, title_id, state, reason: None, detail: None, next_try_at: None, left_out }
    }
}

/// An import, and what became of each title. It is over when none waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    pub id: MetadataImportId,
    pub provider: ProviderName,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// In the order in which they were asked for.
    pub items: Vec<ImportItem>,
}

/// One title of an import, as the queue has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJob {
    pub import_id: MetadataImportId,
    pub place: i16,
}

/// How long not to ask a provider that is busy: as long as it says, and never so short or so long that it means nothing.
pub fn pause(said: Option<std::time::Duration>) -> Duration {
    let said = said.and_then(|said| Duration::try_from(said).ok()).unwrap_or(FIRST_PAUSE);
    said.clamp(Duration::SECOND, LONGEST_PAUSE)
}

/// How long to wait after so many calls without an answer, at least one.
pub fn back_off(tries: u32) -> Duration {
    let doublings = tries.saturating_sub(1).min(10);
    (FIRST_PAUSE * 2_i32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration as Said;

    use serde_json::json;

    use super::*;

    #[test]
    fn words_and_their_columns_agree() {
        for reason in ImportReason::ALL {
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert_eq!(ImportReason::of(reason.as_str()), Some(reason));
        }
        assert_eq!(serde_json::to_value(ItemState::Waiting).unwrap(), ItemState::Waiting.as_str());
        assert_eq!((ImportReason::of(""), ItemState::of("")), (None, None));
        assert_eq!(serde_json::to_value(ProviderName::Tmdb).unwrap(), ProviderName::Tmdb.as_str());
        assert_eq!(ProviderName::of("tmdb"), Some(ProviderName::Tmdb));
    }

    #[test]
    fn a_pause_is_what_was_said_within_reason() {
        assert_eq!(pause(Some(Said::from_secs(7))), Duration::seconds(7));
        assert_eq!(pause(Some(Said::ZERO)), Duration::SECOND);
        assert_eq!(pause(Some(Said::MAX)), FIRST_PAUSE);
        assert_eq!(pause(Some(Said::from_secs(1 << 40))), LONGEST_PAUSE);
        assert_eq!(pause(None), FIRST_PAUSE);
        let waits: Vec<_> = (0..=MOST_TRIES).map(back_off).collect();
        assert!(waits.is_sorted() && waits[1] == FIRST_PAUSE && waits[12] == LONGEST_PAUSE, "{waits:?}");
        assert!(waits[1..].iter().sum::<Duration>() < Duration::hours(3));
        assert_eq!(back_off(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn every_part_that_is_wrong_is_named() {
        let check = |items: serde_json::Value| {
            let request: ImportRequest = serde_json::from_value(json!({"provider": "tmdb", "items": items})).unwrap();
            let wrong = request.check(|id| id.as_str() != "none").err();
            wrong
                .map(|wrong| [wrong.first].into_iter().chain(wrong.others).map(|part| part.pointer).collect::<Vec<_>>())
        };
        let film = |id: &str| json!({"kind": "film", "external_id": id});
        assert_eq!(check(json!([film("1"), {"kind": "series", "external_id": "1"}])), None);
        assert_eq!(check(json!([])), Some(vec!["/items".to_owned()]));
        assert_eq!(check((0..51).map(|id| film(&id.to_string())).collect()), Some(vec!["/items".to_owned()]));
        let wrong = check(json!([film("1"), {"kind": "episode", "external_id": "none"}, film("1")])).unwrap();
        assert_eq!(wrong, ["/items/1/kind", "/items/1/external_id", "/items/2/external_id"]);
    }
}
