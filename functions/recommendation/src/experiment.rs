//! Experiments: which variant serves a profile, and what may become of an experiment. Pure.

use std::collections::BTreeSet;

use kernel::{ProfileId, sha256};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{serving::Serving, slug::is_slug};

/// A hundredth of a percent each.
const PLACES: u64 = 10_000;
const PLACES_PER_PERCENT: u64 = PLACES / 100;
const LEAST_VARIANTS: usize = 2;
const MOST_VARIANTS: usize = 4;

/// One way to serve pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// A slug that no other variant has.
    #[schema(pattern = "^[0-9a-z-]{1,100}$")]
    pub name: String,
    /// Of the profiles, in percent. All of them sum to 100; of three variants none but the first has more than 50, of four none more than 33.
    #[schema(minimum = 1, maximum = 99)]
    pub share: u8,
    /// Absent: as usual.
    #[serde(default)]
    pub serving: Serving,
}

/// Whether an experiment decides pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExperimentStatus {
    /// Not yet: its variants may be changed.
    Draft,
    /// Now: its variants stay as they are.
    Running,
    /// No more, for good.
    Stopped,
}

/// An experiment on the home page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Experiment {
    /// Its name in addresses.
    pub key: String,
    pub status: ExperimentStatus,
    /// The first is the control, with which the others are compared.
    pub variants: Vec<Variant>,
    /// Since when it has decided pages; absent before.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<OffsetDateTime>,
    /// When it was stopped; absent before.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<OffsetDateTime>,
    /// Counts its changes; in quotes it is its ETag.
    pub version: i64,
}

/// What is to be of an experiment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExperimentRequest {
    /// Absent: as it is, or a draft.
    #[serde(default)]
    #[schema(inline)]
    pub status: Option<ExperimentStatus>,
    /// The first is the control. Absent: as they are.
    #[serde(default)]
    #[schema(min_items = 2, max_items = 4)]
    pub variants: Option<Vec<Variant>>,
}

/// Why an experiment does not become what somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Places of the request, each with what it must be; at least one.
    Invalid(Vec<(String, String)>),
    /// Profiles were served by it: its variants stay as they are.
    Started,
    /// It does not run again.
    Stopped,
}

impl Experiment {
    /// Whether it decides pages, or did.
    pub fn is_started(&self) -> bool {
        self.started_at.is_some()
    }

    /// Which variant serves a profile: always the same. `None` only without variants.
    ///
    /// "Hash and partition" (Kohavi, Longbotham, Sommerfield and Henne: Controlled experiments on the web, 2009, section 4.1.2): the digest of key and
    /// profile names one of 10,000 places. It keeps nothing, and a cryptographic hash makes the places of two experiments independent.
    ///
    /// Each variant but the control has a stretch of the places to itself and takes the beginning of it; what nobody takes is the control's. So a
    /// variant that gets more of the control's share takes profiles of nobody else, which ranges side by side would not do.
    pub fn variant_of(&self, profile: ProfileId) -> Option<&Variant> {
        let (control, others) = self.variants.split_first()?;
        let stretch = stretch(others.len());
        let place = place(&self.key, profile);
        let other = usize::try_from(place / stretch).ok().and_then(|at| others.get(at));
        let is_taken = |variant: &&Variant| place % stretch < u64::from(variant.share) * PLACES_PER_PERCENT;
        Some(other.filter(is_taken).unwrap_or(control))
    }

    /// What becomes of an experiment; of nothing, a draft. What changes nothing keeps the version.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn changed(
        before: Option<&Self>,
        key: &str,
        request: &ExperimentRequest,
        now: OffsetDateTime,
    ) -> Result<Self, Refusal> {
        let missing = || Refusal::Invalid(vec![("/variants".to_owned(), "is missing".to_owned())]);
        let known = before.map(|before| &before.variants);
        let variants = request.variants.as_ref().or(known).ok_or_else(missing)?;
        if before.is_some_and(Self::is_started) && known != Some(variants) {
            return Err(Refusal::Started);
        }
        let violations = violations(variants);
        if !violations.is_empty() {
            return Err(Refusal::Invalid(violations));
        }
        let was = before.map_or(ExperimentStatus::Draft, |before| before.status);
        let status = request.status.unwrap_or(was);
        match (was, status) {
            (ExperimentStatus::Stopped, ExperimentStatus::Draft | ExperimentStatus::Running) => {
                return Err(Refusal::Stopped);
            }
            (ExperimentStatus::Running, ExperimentStatus::Draft) => return Err(Refusal::Started),
            _ => {}
        }
        let since = |known: Option<OffsetDateTime>, is_so: bool| known.or_else(|| is_so.then_some(now));
        let after = Self {
            key: key.to_owned(),
            status,
            variants: variants.clone(),
            started_at: since(before.and_then(|it| it.started_at), status == ExperimentStatus::Running),
            stopped_at: since(before.and_then(|it| it.stopped_at), status == ExperimentStatus::Stopped),
            version: before.map_or(0, |before| before.version),
        };
        Ok(if before == Some(&after) { after } else { Self { version: after.version + 1, ..after } })
    }
}

/// Of the places, so many are a variant's alone.
fn stretch(others: usize) -> u64 {
    PLACES / u64::try_from(others).unwrap_or(PLACES).clamp(1, PLACES)
}

/// From 0 to 9,999. That 2⁶⁴ is no multiple of 10,000 makes some places more likely by 10⁻¹⁵.
fn place(key: &str, profile: ProfileId) -> u64 {
    let digest = sha256(format!("{key} {profile}"));
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first)) % PLACES
}

/// Places of a request's variants that are wrong, each with what it must be.
fn violations(variants: &[Variant]) -> Vec<(String, String)> {
    if !(LEAST_VARIANTS..=MOST_VARIANTS).contains(&variants.len()) {
        let reason = format!("must be {LEAST_VARIANTS} to {MOST_VARIANTS} variants");
        return vec![("/variants".to_owned(), reason)];
    }
    let mut found = Vec::new();
    let most = stretch(variants.len() - 1).min(PLACES - PLACES_PER_PERCENT) / PLACES_PER_PERCENT;
    let mut names = BTreeSet::new();
    for (at, variant) in variants.iter().enumerate() {
        let mut wrong = |field: &str, reason: String| found.push((format!("/variants/{at}/{field}"), reason));
        if !is_slug(&variant.name) {
            wrong("name", "must be small letters, digits and dashes".to_owned());
        }
        if !names.insert(&variant.name) {
            wrong("name", "is the name of another variant".to_owned());
        }
        let most = if at == 0 { 99 } else { most };
        if !(1..=most).contains(&u64::from(variant.share)) {
            wrong("share", format!("must be from 1 to {most}"));
        }
        for (field, reason) in variant.serving.violations() {
            wrong(&format!("serving/{field}"), reason);
        }
    }
    let sum: u32 = variants.iter().map(|variant| u32::from(variant.share)).sum();
    if sum != 100 {
        found.push(("/variants".to_owned(), format!("must have shares that sum to 100, not {sum}")));
    }
    found
}

#[cfg(test)]
mod tests;
