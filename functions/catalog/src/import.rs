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
/// Most seasons of a series, each of which is an item too.
pub const MOST_SEASONS: usize = 100;
/// How long an import can be looked at.
pub const KEPT: Duration = Duration::days(90);
/// A provider that is busy for longer is not waited for.
pub const PATIENCE: Duration = Duration::days(1);
/// Calls without an answer, after which nobody asks again: two hours.
pub const MOST_TRIES: u32 = 12;
/// A title that was due so long ago, and of which nothing was heard, is not being worked on: after its last delivery the queue is done with it
/// within minutes (five of one minute each), and a long queue has gone by.
pub const SILENCE: Duration = Duration::hours(1);
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
    /// Another title of the provider has its number in the series or season.
    NumberTaken,
    /// The title would become one that cannot be kept.
    DoesNotFit,
    /// It was begun, and nobody has said what became of it.
    Unfinished,
}

impl ImportReason {
    const ALL: [Self; 11] = [
        Self::ProviderBusy,
        Self::ProviderUnavailable,
        Self::ProviderRefuses,
        Self::NotFound,
        Self::Unreadable,
        Self::Nameless,
        Self::OtherTitle,
        Self::NoTitle,
        Self::NumberTaken,
        Self::DoesNotFit,
        Self::Unfinished,
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
            Self::NumberTaken => "number_taken",
            Self::DoesNotFit => "does_not_fit",
            Self::Unfinished => "unfinished",
        }
    }

    /// The reason of this word.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// What an editor can do about it.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::ProviderBusy => "The provider is asked too often. Import the title again later.",
            Self::ProviderUnavailable => "The provider does not answer. Import the title again later.",
            Self::ProviderRefuses => "The provider does not take the platform's key. Tell whoever runs the platform.",
            Self::NotFound => "The provider knows no such title. Look at the id.",
            Self::Unreadable => "The provider's answer cannot be read. Write the title by hand.",
            Self::Nameless => "The provider does not say what the title is called. Write it by hand.",
            Self::OtherTitle => "Another title came of this id. Import it without naming a title.",
            Self::NoTitle => "The title was deleted. Import it without naming a title.",
            Self::NumberTaken => {
                "Another title of the provider has this number here. Give one of them another number, and import the series again."
            }
            Self::DoesNotFit => "The title would not keep the rules. Take something from it, and import it again.",
            Self::Unfinished => {
                "Nobody has finished it for an hour. Import the title again; if that is not finished either, tell whoever runs the platform."
            }
        }
    }
}

/// What became of one title that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportItem {
    pub kind: TitleKind,
    /// What the provider calls it; a season has its series' id.
    pub external_id: ExternalId,
    /// Of a season. Its episodes are fetched with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 9999)]
    pub number: Option<u16>,
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
    /// The item as it is told at a moment; what can be done follows from its reason.
    ///
    /// One of which nothing was heard for too long has failed. That is written nowhere, so whoever finishes it after all is believed: a message that
    /// went to the dead letters can be sent again.
    pub(crate) fn told(mut self, begun_at: OffsetDateTime, now: OffsetDateTime) -> Self {
        let due_at = self.next_try_at.unwrap_or(begun_at);
        if self.state == ItemState::Waiting && now - due_at > SILENCE {
            (self.state, self.reason, self.next_try_at) = (ItemState::Failed, Some(ImportReason::Unfinished), None);
        }
        let failed = self.reason.filter(|_| self.state == ItemState::Failed);
        self.detail = failed.map(|reason| reason.detail().to_owned());
        self
    }
}

impl From<WantedTitle> for ImportItem {
    fn from(WantedTitle { kind, external_id, title_id }: WantedTitle) -> Self {
        Self {
            kind,
            external_id,
            number: None,
            title_id,
            state: ItemState::Waiting,
            reason: None,
            detail: None,
            next_try_at: None,
            left_out: vec![],
        }
    }
}

/// An import, and what became of each title. It is over when none waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Import {
    pub id: MetadataImportId,
    pub provider: ProviderName,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// In the order in which they were asked for; then the seasons of series, once those are done.
    pub items: Vec<ImportItem>,
}

/// One title of an import, as the queue has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportJob {
    pub import_id: MetadataImportId,
    pub place: i16,
}

impl ImportJob {
    /// The jobs of a series' seasons: their places are behind all that can be asked for, and follow from the series' own.
    pub fn of_seasons(self, numbers: &[u16]) -> impl Iterator<Item = (Self, u16)> {
        let places = MOST_ITEMS + usize::try_from(self.place).unwrap_or_default() * MOST_SEASONS..;
        let numbers = numbers.iter().copied().take(MOST_SEASONS);
        places
            .zip(numbers)
            .filter_map(move |(place, number)| Some((Self { place: i16::try_from(place).ok()?, ..self }, number)))
    }
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

    use kernel::World;
    use manifest::Plan;
    use serde_json::json;
    use time::macros::datetime;

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
    fn silence_is_a_failure_once_the_title_was_due_for_long() {
        let wanted = json!({"kind": "film", "external_id": "1"});
        let waiting = ImportItem::from(serde_json::from_value::<WantedTitle>(wanted).unwrap());
        let begun = datetime!(2026-01-01 12:00 UTC);
        assert_eq!(waiting.clone().told(begun, begun + SILENCE), waiting);
        let silent = waiting.clone().told(begun, begun + SILENCE + Duration::SECOND);
        assert_eq!((silent.state, silent.reason), (ItemState::Failed, Some(ImportReason::Unfinished)));
        assert!(silent.detail.is_some_and(|detail| detail.contains("again")));
        // A busy provider is asked later: until then there is nothing to hear.
        let next_try_at = Some(begun + Duration::hours(2));
        let put_off = ImportItem { reason: Some(ImportReason::ProviderBusy), next_try_at, ..waiting };
        assert_eq!(put_off.clone().told(begun, begun + Duration::hours(3)), put_off);
        let silent = put_off.clone().told(begun, begun + Duration::hours(4));
        assert_eq!((silent.state, silent.next_try_at), (ItemState::Failed, None));
        let done = ImportItem { state: ItemState::Done, reason: None, next_try_at: None, ..put_off };
        assert_eq!(done.clone().told(begun, begun + KEPT), done);
    }

    #[test]
    fn every_season_of_every_series_has_a_place_of_its_own() {
        let import_id = World::system().id();
        let numbers: Vec<u16> = (0..200).collect();
        let of_series = |place| ImportJob { import_id, place }.of_seasons(&numbers).collect::<Vec<_>>();
        let all: Vec<_> = (0..50).flat_map(of_series).map(|(job, _)| job.place).collect();
        assert_eq!(all, (50..5_050).collect::<Vec<i16>>());
        assert_eq!(of_series(1)[7], (ImportJob { import_id, place: 157 }, 7));
    }

    #[test]
    fn the_queue_is_done_with_a_title_before_it_is_called_unfinished() {
        let plan = Plan::read(&testkit::root()).unwrap();
        let queue = &plan.queues["imports"];
        let deliveries = i64::from(queue.visibility_seconds) * i64::from(queue.redrive.max_receives);
        assert!(Duration::seconds(deliveries) < SILENCE / 2, "{deliveries} s");
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
