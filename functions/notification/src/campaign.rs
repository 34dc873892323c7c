//! Campaigns: what editors tell everybody of a segment who agreed to marketing (docs/architecture/0067-campaigns.md).

use std::collections::BTreeMap;

use kernel::{AccountId, CampaignId, VisibleLine};
use proto::mail::{Announcement, Template};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::{
    content::{Content, ContentError},
    language::Language,
    notice::Notice,
};

/// Clocks differ, and people think while they write.
const LATE: Duration = Duration::minutes(5);
const FARTHEST: Duration = Duration::days(366);
/// Of a plan's key.
const LONGEST_KEY: usize = 32;

/// What editors call a campaign.
pub(crate) type Name = VisibleLine<100>;

/// A campaign as an editor wants it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CampaignDraft {
    /// For editors.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub name: Name,
    pub words: Words,
    /// Absent: everybody who agreed to marketing.
    #[serde(default)]
    pub segment: Segment,
    #[serde(default)]
    pub cap: Cap,
    /// Not in the past, and at most a year ahead. Absent: now.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub starts_at: Option<OffsetDateTime>,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// Also for everybody whose language is none of these.
    pub en: Text,
    /// Absent: readers of Russian read English.
    #[serde(default)]
    pub ru: Option<Text>,
}

/// What it says in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    /// One line.
    #[schema(min_length = 1, max_length = 200)]
    pub subject: String,
    /// Each of at most 2,000 characters.
    #[schema(min_items = 1, max_items = 20)]
    pub paragraphs: Vec<String>,
}

/// Whom a campaign is for, as far as this service knows: everything that is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Segment {
    /// Readers of these languages; `en` is also everybody whose language is none of these.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 2)]
    pub languages: Option<Vec<Language>>,
    /// Whoever has one of these plans.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 20)]
    pub plans: Option<Vec<String>>,
    /// Whoever has a plan, or whoever has none.
    #[serde(default)]
    pub is_subscribed: Option<bool>,
}

/// Whoever was told `at_most` things of marketing within so many days is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cap {
    #[schema(minimum = 1, maximum = 100)]
    pub at_most: i16,
    #[schema(minimum = 1, maximum = 365)]
    pub days: i16,
}

impl Default for Cap {
    fn default() -> Self {
        Self { at_most: 2, days: 7 }
    }
}

/// How far a campaign is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CampaignState {
    /// Its time has not come.
    Scheduled,
    /// People are told.
    Running,
    /// Everybody was told.
    Done,
    /// Nobody is told any more, and no mail of it is sent.
    Stopped,
}

impl CampaignState {
    const ALL: [Self; 4] = [Self::Scheduled, Self::Running, Self::Done, Self::Stopped];

    /// The word of the record.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    /// By the word of the record.
    pub(crate) fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|state| state.as_str() == word).unwrap_or(Self::Stopped)
    }
}

/// A campaign.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Campaign {
    pub id: CampaignId,
    /// For editors.
    pub name: String,
    pub words: Words,
    pub segment: Segment,
    pub cap: Cap,
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    pub state: CampaignState,
    /// How many accounts were told.
    pub told: i64,
    /// How many accounts the cap left out.
    pub capped: i64,
    /// Who made it; null when the account is gone.
    pub editor: Option<AccountId>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When everybody was told, or when it was stopped.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ended_at: Option<OffsetDateTime>,
}

/// A campaign and what became of its mails and push messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignProgress {
    #[serde(flatten)]
    pub campaign: Campaign,
    /// How many there are of each: `queued`, `held` for quiet hours, `sending`, `sent`, `failed`, `unknown`, `suppressed`, `unwanted`, `stopped`.
    pub deliveries: BTreeMap<String, i64>,
}

impl Words {
    /// What a reader of a language is told.
    pub(crate) fn template(&self, language: Language) -> Template {
        let text = match language {
            Language::Ru => self.ru.as_ref().unwrap_or(&self.en),
            Language::En => &self.en,
        };
        Announcement { subject: text.subject.clone(), paragraphs: text.paragraphs.clone() }.into()
    }
}

impl Campaign {
    /// An account hears of a campaign once.
    pub(crate) fn notice(&self, language: Language) -> Notice {
        Notice { fact: fact(self.id), template: self.words.template(language), stale_at: None }
    }
}

/// What the notifications of a campaign have in common.
pub(crate) fn fact(id: CampaignId) -> String {
    format!("campaign {id}")
}

impl CampaignDraft {
    /// What is wrong with it at a moment: where, and why.
    pub(crate) fn violations(&self, now: OffsetDateTime) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |pointer: &str, reason: &str| found.push((pointer.to_owned(), reason.to_owned()));
        for language in Language::ALL {
            let template = self.words.template(language);
            let is_there = language == Language::En || self.words.ru.is_some();
            match Content::of(&template, &language.reader()) {
                Err(ContentError::Subject) if is_there => {
                    say(
                        &format!("/words/{language}/subject"),
                        "must be one line of 1 to 200 characters that can be seen",
                    );
                }
                Err(_) if is_there => {
                    say(&format!("/words/{language}/paragraphs"), "must be 1 to 20 texts of 1 to 2000 characters");
                }
                _ => {}
            }
        }
        let Segment { languages, plans, is_subscribed } = &self.segment;
        if languages.as_ref().is_some_and(|languages| !(1..=Language::ALL.len()).contains(&languages.len())) {
            say("/segment/languages", "must be 1 or 2 languages");
        }
        let is_key = |key: &String| {
            (1..=LONGEST_KEY).contains(&key.len())
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        if plans.as_ref().is_some_and(|plans| !(1..=20).contains(&plans.len()) || !plans.iter().all(is_key)) {
            say("/segment/plans", "must be 1 to 20 keys of plans");
        }
        if plans.is_some() && *is_subscribed == Some(false) {
            say("/segment/is_subscribed", "must not be false where plans are named: nobody would be told");
        }
        if !(1..=100).contains(&self.cap.at_most) {
            say("/cap/at_most", "must be 1 to 100");
        }
        if !(1..=365).contains(&self.cap.days) {
            say("/cap/days", "must be 1 to 365");
        }
        if self.starts_at.is_some_and(|starts_at| starts_at < now - LATE || starts_at > now + FARTHEST) {
            say("/starts_at", "must not be in the past, and at most a year ahead");
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-29 12:00 UTC);

    fn pointers(change: impl FnOnce(&mut Value)) -> Vec<String> {
        let mut draft =
            json!({ "name": "News", "words": { "en": { "subject": "News", "paragraphs": ["Much is new."] } } });
        change(&mut draft);
        let draft: CampaignDraft = serde_json::from_value(draft).unwrap();
        draft.violations(NOW).into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn everything_that_is_wrong_is_named() {
        assert_eq!(pointers(|_| {}), Vec::<String>::new());
        let wrong = pointers(|draft| {
            draft["words"]["en"]["subject"] = json!("a\r\nBcc: b@example.com");
            draft["words"]["ru"] = json!({ "subject": "а", "paragraphs": [] });
            draft["segment"] = json!({ "languages": [], "plans": ["a b"], "is_subscribed": false });
            draft["cap"] = json!({ "at_most": 0, "days": 366 });
            draft["starts_at"] = json!("2025-11-29T12:00:00Z");
        });
        let expected = [
            "/words/en/subject",
            "/words/ru/paragraphs",
            "/segment/languages",
            "/segment/plans",
            "/segment/is_subscribed",
            "/cap/at_most",
            "/cap/days",
            "/starts_at",
        ];
        assert_eq!(wrong, expected);
        for (moment, is_right) in [
            ("2026-11-29T11:56:00Z", true),
            ("2026-11-29T11:54:00Z", false),
            ("2027-11-29T12:00:00Z", true),
            ("2036-11-29T12:00:00Z", false),
        ] {
            assert_eq!(pointers(|draft| draft["starts_at"] = json!(moment)).is_empty(), is_right, "{moment}");
        }
    }

    #[test]
    fn readers_of_russian_read_english_where_there_is_nothing_else() {
        let text = |subject: &str| Text { subject: subject.to_owned(), paragraphs: vec!["a".to_owned()] };
        let subject = |words: &Words, language| match words.template(language) {
            Template::Announcement(words) => words.subject,
            other => panic!("{}", other.name()),
        };
        let words = Words { en: text("News"), ru: None };
        assert_eq!(subject(&words, Language::Ru), "News");
        let words = Words { ru: Some(text("Новости")), ..words };
        assert_eq!((subject(&words, Language::Ru), subject(&words, Language::En)), ("Новости".into(), "News".into()));
    }

    #[test]
    fn a_state_is_read_as_it_is_written() {
        assert!(CampaignState::ALL.into_iter().all(|state| CampaignState::of(state.as_str()) == state));
    }
}
