//! What lists without rows have in common.

use std::{collections::BTreeSet, time::Duration};

use kernel::{ProfileId, TitleId};
use serde::Deserialize;
use stores::Table;
use utoipa::IntoParams;

use crate::{
    answer::{Reader, RecommendedList},
    catalogue::Catalogue,
    library::answered,
    model::{Model, Reason},
    related::Related,
    store::tastes,
};

/// For callers without an account.
pub const MAX_AGE: Duration = Duration::from_secs(60);
const USUAL: u16 = 20;
const MOST: u16 = 50;

/// So many titles are in no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 1 to {MOST}")]
pub struct LimitError;

/// How many titles.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Size {
    /// Most titles.
    #[param(minimum = 1, maximum = 50, default = 20)]
    limit: Option<u16>,
}

impl Size {
    pub fn most(&self) -> Result<usize, LimitError> {
        most(self.limit)
    }
}

/// A limit that was asked for, or the usual one.
pub fn most(limit: Option<u16>) -> Result<usize, LimitError> {
    match limit.unwrap_or(USUAL) {
        limit @ 1..=MOST => Ok(limit.into()),
        _ => Err(LimitError),
    }
}

/// What is not to be shown to a profile; nothing is kept from nobody, nor while the profile's history cannot be read.
pub async fn excluded(table: &Table, profile: Option<ProfileId>, titles: &Catalogue) -> BTreeSet<TitleId> {
    let Some(profile) = profile else { return BTreeSet::new() };
    match answered(tastes::get(table, profile)).await {
        Ok(taste) => taste.excluded(titles),
        Err(error) => {
            tracing::warn!(%error, "a list is made for anybody");
            BTreeSet::new()
        }
    }
}

/// The answer; `asked` is the title that speaks for all of them.
pub fn list(
    reader: &Reader<'_>,
    titles: &Catalogue,
    model: Option<&Model>,
    found: Vec<Related>,
    asked: Option<TitleId>,
) -> RecommendedList {
    let item = |Related { title, score, .. }: Related| {
        let evidence = asked.map(|title_id| Reason { title_id, weight: score }).into_iter().collect();
        reader.recommended(titles, title, score, evidence)
    };
    RecommendedList {
        items: found.into_iter().filter_map(item).collect(),
        model_version: model.map(|model| model.version.clone()),
    }
}
