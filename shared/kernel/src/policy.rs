//! Who may see and who may watch a title: the only place that decides it.
//!
//! The catalogue's SQL, the search engine's filter and playback derive from [`visibility`] through [`sql_predicate`],
//! [`search_filter`] and [`may_watch`]; tests compare each with the predicate on the real engines.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::{PurchaseId, PurchaseKind, TitleId, locale::Territory};

/// The age up to which an adult profile may watch.
pub const ADULT: u8 = 18;

/// How far a title is on its way to the public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Publication {
    /// Being edited.
    #[default]
    Draft,
    /// Complete, waiting for its window.
    Scheduled,
    /// Public.
    Published,
    /// Was public, is no longer.
    Withdrawn,
}

impl Publication {
    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A word that names no state of publication.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown publication {0:?}")]
pub struct UnknownPublication(String);

impl std::fmt::Display for Publication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Publication {
    type Err = UnknownPublication;

    fn from_str(text: &str) -> Result<Self, UnknownPublication> {
        let all = [Self::Draft, Self::Scheduled, Self::Published, Self::Withdrawn];
        all.into_iter().find(|state| state.as_str() == text).ok_or_else(|| UnknownPublication(text.to_owned()))
    }
}

crate::sql::as_text!(Publication);

/// When and where a title is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Territories; empty means everywhere.
    #[serde(default)]
    pub territories: Vec<Territory>,
    /// Plans that include the title; empty means every paid plan.
    #[serde(default)]
    pub plans: Vec<String>,
    /// First moment, RFC 3339; absent means from the beginning.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub from: Option<OffsetDateTime>,
    /// First moment after the window, RFC 3339; absent means for ever.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub until: Option<OffsetDateTime>,
}

impl Window {
    fn covers(&self, territory: &Territory) -> bool {
        self.territories.is_empty() || self.territories.contains(territory)
    }

    fn open_at(&self, now: OffsetDateTime) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    fn includes(&self, plan: &str) -> bool {
        self.plans.is_empty() || self.plans.iter().any(|included| included == plan)
    }

    /// Where, when and in which plans both are open; `None` for never.
    fn and(&self, other: &Self) -> Option<Self> {
        let window = Self {
            territories: both(&self.territories, &other.territories)?,
            plans: both(&self.plans, &other.plans)?,
            from: self.from.max(other.from),
            until: [self.until, other.until].into_iter().flatten().min(),
        };
        window.from.zip(window.until).is_none_or(|(from, until)| from < until).then_some(window)
    }
}

/// What is in both lists, of which an empty one means everything; `None` for nothing.
fn both<T: Clone + PartialEq>(one: &[T], other: &[T]) -> Option<Vec<T>> {
    match (one, other) {
        ([], all) | (all, []) => Some(all.to_vec()),
        _ => Some(one.iter().filter(|item| other.contains(item)).cloned().collect())
            .filter(|both: &Vec<T>| !both.is_empty()),
    }
}

/// What a title brings to the decision.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TitleRules {
    /// State of publication.
    pub publication: Publication,
    /// Lowest age (0–18) the title is meant for; unrated titles are never visible.
    pub rating: Option<u8>,
    /// No window means everywhere, from now on, in every paid plan.
    pub windows: Vec<Window>,
    /// Whether a verified asset is attached.
    pub has_asset: bool,
}

impl TitleRules {
    /// Of a part of a series or a season: it is for nobody for whom the whole is not.
    #[must_use]
    pub fn within(&self, whole: &Self) -> Self {
        let publication = if self.publication == Publication::Published { whole.publication } else { self.publication };
        let rules = Self {
            publication,
            rating: self.rating.zip(whole.rating).map(|(own, whole)| own.max(whole)),
            ..self.clone()
        };
        match (&self.windows[..], &whole.windows[..]) {
            ([], windows) | (windows, []) => Self { windows: windows.to_vec(), ..rules },
            (own, whole) => {
                let windows: Vec<Window> =
                    own.iter().flat_map(|own| whole.iter().filter_map(|whole| own.and(whole))).collect();
                // No window would mean always.
                let is_never = windows.is_empty() && publication == Publication::Published;
                let publication = if is_never { Publication::Draft } else { publication };
                Self { publication, windows, ..rules }
            }
        }
    }
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audience {
    /// Where the request comes from.
    pub territory: Territory,
    /// Highest rating the profile may see; [`ADULT`] for anonymous callers.
    pub max_rating: u8,
}

/// What an account has paid for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entitlement {
    /// The plan's key.
    pub plan: String,
    /// Parallel streams.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
    /// End of the paid period.
    #[serde(with = "time::serde::rfc3339")]
    pub valid_to: OffsetDateTime,
    /// Until when playback goes on although a payment is late.
    #[serde(with = "time::serde::rfc3339")]
    pub grace_to: OffsetDateTime,
}

impl Entitlement {
    /// Whether it brings anything at this moment.
    pub fn is_running(&self, now: OffsetDateTime) -> bool {
        now < self.grace_to.max(self.valid_to)
    }
}

/// Streams for whoever has paid for a single title and has no plan.
pub const TITLE_STREAMS: u32 = 1;
/// Highest picture, in lines, of a title that was paid for by itself: every one that there is.
pub const TITLE_MAX_HEIGHT: u32 = 10_000;

/// A single title that an account has paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TitleGrant {
    /// Which title.
    pub title: TitleId,
    /// What it comes from.
    pub purchase: PurchaseId,
    /// Rented or bought.
    pub kind: PurchaseKind,
    /// First moment at which it brings nothing any more. Only what was bought may be without one.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<OffsetDateTime>,
}

impl TitleGrant {
    /// Whether it brings anything at this moment. A rental that does not say until when brings nothing.
    pub fn is_running(&self, now: OffsetDateTime) -> bool {
        self.valid_to.map_or(self.kind == PurchaseKind::Buy, |valid_to| now < valid_to)
    }
}

/// Everything that was paid for which concerns one title. Nothing is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paid<'a> {
    /// The plan.
    pub plan: Option<&'a Entitlement>,
    /// The title itself.
    pub title: Option<&'a TitleGrant>,
}

impl<'a> From<Option<&'a Entitlement>> for Paid<'a> {
    fn from(plan: Option<&'a Entitlement>) -> Self {
        Self { plan, title: None }
    }
}

/// By what somebody may watch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The plan includes the title.
    Plan,
    /// The title was paid for by itself, and no plan includes it.
    Title,
}

/// How much may be watched at once, and how well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Parallel streams of the account.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
}

/// Whether a title exists for somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Listed, found and shown.
    Visible,
    /// Was public once: answers 410.
    Gone,
    /// Does not exist for this audience: answers 404.
    Hidden,
}

/// Why a title cannot be watched, in the order in which the reasons are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Not public.
    NotFound,
    /// No longer public.
    Withdrawn,
    /// Above the profile's rating cap.
    RatingTooHigh,
    /// Not offered in this territory.
    TerritoryNotAllowed,
    /// Outside its window of time.
    NotAvailable,
    /// Nothing to play yet.
    NoAsset,
    /// No plan, or an expired one.
    SubscriptionRequired,
    /// The plan does not include the title.
    PlanTooLow,
}

/// Whether the title exists for the audience at this moment.
pub fn visibility(title: &TitleRules, audience: &Audience, now: OffsetDateTime) -> Visibility {
    match title.publication {
        Publication::Draft | Publication::Scheduled => return Visibility::Hidden,
        Publication::Withdrawn => return Visibility::Gone,
        Publication::Published => {}
    }
    let rated = title.rating.is_some_and(|rating| rating <= audience.max_rating);
    let offered = title.windows.is_empty()
        || title.windows.iter().any(|window| window.covers(&audience.territory) && window.open_at(now));
    if rated && offered { Visibility::Visible } else { Visibility::Hidden }
}

/// By what the title may be played, else the first reason against it.
///
/// Whoever has paid for the title itself needs no plan for it. Everything else counts for them as for anybody: publication, rating, territory
/// and window.
pub fn may_watch(
    title: &TitleRules,
    audience: &Audience,
    paid: Paid<'_>,
    now: OffsetDateTime,
) -> Result<Basis, Refusal> {
    match title.publication {
        Publication::Draft | Publication::Scheduled => return Err(Refusal::NotFound),
        Publication::Withdrawn => return Err(Refusal::Withdrawn),
        Publication::Published => {}
    }
    if title.rating.ok_or(Refusal::NotFound)? > audience.max_rating {
        return Err(Refusal::RatingTooHigh);
    }
    let everywhere = [Window { territories: vec![], plans: vec![], from: None, until: None }];
    let windows = if title.windows.is_empty() { &everywhere[..] } else { &title.windows };
    let here: Vec<_> = windows.iter().filter(|window| window.covers(&audience.territory)).collect();
    if here.is_empty() {
        return Err(Refusal::TerritoryNotAllowed);
    }
    let open: Vec<_> = here.into_iter().filter(|window| window.open_at(now)).collect();
    if open.is_empty() {
        return Err(Refusal::NotAvailable);
    }
    if !title.has_asset {
        return Err(Refusal::NoAsset);
    }
    let plan = paid.plan.filter(|plan| plan.is_running(now));
    if plan.is_some_and(|plan| open.iter().any(|window| window.includes(&plan.plan))) {
        return Ok(Basis::Plan);
    }
    if paid.title.is_some_and(|grant| grant.is_running(now)) {
        return Ok(Basis::Title);
    }
    Err(plan.map_or(Refusal::SubscriptionRequired, |_| Refusal::PlanTooLow))
}

/// What somebody who [`may_watch`] gets. A title that was paid for by itself brings one stream where the plan brings none, and its best picture.
pub fn limits(paid: Paid<'_>, basis: Basis, now: OffsetDateTime) -> Limits {
    let plan = paid.plan.filter(|plan| plan.is_running(now));
    let of_plan = plan.map(|plan| Limits { max_streams: plan.max_streams, max_height: plan.max_height });
    let of_plan = of_plan.unwrap_or_default();
    let bought = paid.title.is_some_and(|grant| grant.kind == PurchaseKind::Buy && grant.is_running(now));
    match basis {
        Basis::Plan if !bought => of_plan,
        Basis::Plan => Limits { max_height: TITLE_MAX_HEIGHT, ..of_plan },
        Basis::Title => Limits { max_streams: of_plan.max_streams.max(TITLE_STREAMS), max_height: TITLE_MAX_HEIGHT },
    }
}

/// [`may_watch`] apart from the plan, for lists: what somebody has paid for is known where playback starts.
pub fn may_watch_once_paid(title: &TitleRules, audience: &Audience, now: OffsetDateTime) -> Result<(), Refusal> {
    may_watch(title, audience, Paid::default(), now).map(drop).or_else(|refusal| match refusal {
        Refusal::SubscriptionRequired => Ok(()),
        other => Err(other),
    })
}

/// How long before its end a title is said to leave soon.
pub const LEAVING_SOON: Duration = Duration::days(30);

/// When the last window of a territory ends; `None` while one of them never ends, or when the title is offered there without any.
pub fn leaving_at(title: &TitleRules, territory: &Territory) -> Option<OffsetDateTime> {
    let here = title.windows.iter().filter(|window| window.covers(territory));
    let ends: Option<Vec<OffsetDateTime>> = here.map(|window| window.until).collect();
    ends?.into_iter().max()
}

/// [`leaving_at`], if that is within [`LEAVING_SOON`].
pub fn leaving_soon_at(title: &TitleRules, territory: &Territory, now: OffsetDateTime) -> Option<OffsetDateTime> {
    leaving_at(title, territory).filter(|end| now < *end && *end - now <= LEAVING_SOON)
}

/// [`leaving_at`] as a Postgres expression (`timestamptz`) over the column `windows jsonb` of the table or alias `table`; `territory` is a
/// placeholder such as `$2` (`text`).
pub fn sql_leaving_at(table: &str, territory: &str) -> String {
    let covers = sql_covers(territory);
    format!(
        "(select case when bool_and(w->>'until' is not null) then max((w->>'until')::timestamptz) end \
         from jsonb_array_elements({table}.windows) as w where {covers})"
    )
}

/// Whether the window `w` covers the territory.
fn sql_covers(territory: &str) -> String {
    format!("(jsonb_array_length(coalesce(w->'territories', '[]'::jsonb)) = 0 or w->'territories' ? {territory})")
}

/// [`visibility`]` == Visible` as a Postgres condition over the columns `publication text`, `rating smallint` and
/// `windows jsonb` (a JSON array of [`Window`]) of the table or alias `table`. The three arguments are placeholders such as `$1` for the highest
/// rating (`smallint`), the territory (`text`) and the present (`timestamptz`).
pub fn sql_predicate(table: &str, max_rating: &str, territory: &str, now: &str) -> String {
    let covers = sql_covers(territory);
    format!(
        "({table}.publication = 'published' and {table}.rating <= {max_rating} and ({table}.windows = '[]'::jsonb or exists (\
         select 1 from jsonb_array_elements({table}.windows) as w where {covers} \
         and coalesce((w->>'from')::timestamptz <= {now}, true) \
         and coalesce({now} < (w->>'until')::timestamptz, true))))"
    )
}

/// The fields of a search document that [`search_filter`] looks at; `windows` is a nested field.
pub fn search_fields(title: &TitleRules) -> Value {
    let windows: Vec<_> = title
        .windows
        .iter()
        .map(|window| {
            let mut document =
                json!({ "everywhere": window.territories.is_empty(), "territories": window.territories });
            if let Some(from) = window.from {
                document["from"] = json!(millis(from));
            }
            if let Some(until) = window.until {
                document["until"] = json!(millis(until));
            }
            document
        })
        .collect();
    json!({
        "publication": title.publication.as_str(),
        "rating": title.rating,
        "always": title.windows.is_empty(),
        "windows": windows,
    })
}

/// The index mapping of [`search_fields`].
pub fn search_mapping() -> Value {
    json!({
        "publication": { "type": "keyword" },
        "rating": { "type": "integer" },
        "always": { "type": "boolean" },
        "windows": { "type": "nested", "properties": {
            "everywhere": { "type": "boolean" },
            "territories": { "type": "keyword" },
            "from": { "type": "long" },
            "until": { "type": "long" },
        } },
    })
}

/// [`visibility`]` == Visible` as an OpenSearch filter over [`search_fields`].
pub fn search_filter(audience: &Audience, now: OffsetDateTime) -> Value {
    let now = millis(now);
    let absent = |field: &str| json!({ "bool": { "must_not": { "exists": { "field": field } } } });
    json!({ "bool": { "filter": [
        { "term": { "publication": Publication::Published.as_str() } },
        { "range": { "rating": { "lte": audience.max_rating } } },
        { "bool": { "minimum_should_match": 1, "should": [
            { "term": { "always": true } },
            { "nested": { "path": "windows", "query": { "bool": { "filter": [
                { "bool": { "minimum_should_match": 1, "should": [
                    { "term": { "windows.everywhere": true } },
                    { "term": { "windows.territories": audience.territory } },
                ] } },
                { "bool": { "minimum_should_match": 1, "should": [
                    absent("windows.from"), { "range": { "windows.from": { "lte": now } } },
                ] } },
                { "bool": { "minimum_should_match": 1, "should": [
                    absent("windows.until"), { "range": { "windows.until": { "gt": now } } },
                ] } },
            ] } } } },
        ] } },
    ] } })
}

/// Milliseconds since 1970; every surface decides at this precision.
fn millis(time: OffsetDateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
