//! Which titles a list has, and in which order.

use kernel::{Territory, TitleId, TitleKind};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::text::Slug;

/// Which titles to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Filter {
    /// What it is; films and series when absent.
    #[serde(rename = "type")]
    #[param(inline)]
    pub kind: Option<TitleKind>,
    /// Slug of a genre.
    pub genre: Option<Slug>,
    /// When it first appeared.
    #[param(minimum = -32768, maximum = 32767)]
    pub year: Option<i16>,
    /// Where it was made.
    pub country: Option<Territory>,
    /// The order.
    #[serde(default)]
    #[param(inline)]
    pub sort: Sort,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Last published first.
    #[default]
    Newest,
    /// By name.
    Title,
    /// Latest year first.
    Year,
}

/// Where a page ends: the sort key and the id of its last title.
pub(crate) type Place = (String, TitleId);

impl Filter {
    /// What a list shows: seasons and episodes only to those who ask for them.
    pub(crate) fn kinds(&self) -> Vec<TitleKind> {
        self.kind.map_or_else(|| vec![TitleKind::Film, TitleKind::Series], |kind| vec![kind])
    }
}
