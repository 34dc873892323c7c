//! `GET /v1/recommendations/home`: rows of what the profile may want to watch, each title once and with what speaks for it.

use cinema_http::{Json, Problem, State, Viewer};
use kernel::{ImpressionId, TitleId, World};
use runtime::{Access, PublicUrl};
use serde::Serialize;
use stores::Table;
use utoipa::ToSchema;

use crate::{
    answer::{Reader, Recommended},
    exposures::Exposures,
    home::{Inputs, Row, RowKind},
    library::{Library, answered},
    store::{impressions, opinions::Owner, tastes},
};

runtime::wire! {
    pub(super) struct GetHome {
        table: Table = |boot| boot.table("tastes", Access::ReadWrite),
        library: Library,
        exposures: Exposures,
        world: World,
        public_url: PublicUrl,
    }
}

/// A row of titles.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HomeRow {
    /// What it is about.
    kind: RowKind,
    /// The title that a row `because` is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    title_id: Option<TitleId>,
    /// Slug of the genre that a row `genre` is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    genre: Option<String>,
    items: Vec<Recommended>,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Home {
    /// No title is in two of them.
    rows: Vec<HomeRow>,
    /// Names this page when it is explained; absent when it cannot be.
    #[serde(skip_serializing_if = "Option::is_none")]
    impression_id: Option<ImpressionId>,
    /// The version of the model; absent while there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    model_version: Option<String>,
    /// What is known of the profile could not be read: the page is for anybody.
    degraded: bool,
}

/// What the profile may want to watch. Nothing in it was seen (but what is to be watched on), refused, or is not offered to the profile.
#[utoipa::path(
    get, path = "/v1/recommendations/home", tag = "recommendation", responses((status = 200, body = Home), Problem)
)]
pub(super) async fn get_home(State(state): State<GetHome>, viewer: Viewer) -> Result<Json<Home>, Problem> {
    let GetHome { table, library, exposures, world, public_url } = &state;
    let now = world.now();
    let owner = Owner { account: viewer.account, profile: viewer.profile };
    let taste = answered(tastes::get(table, owner.profile));
    let (titles, model, taste, experiment) =
        futures::join!(library.titles(now), library.model(now), taste, library.experiment(now));
    let titles = titles?;
    let (taste, is_degraded) = match taste {
        Ok(taste) => (taste, false),
        Err(error) => {
            tracing::warn!(%error, "a page is made for anybody");
            (Default::default(), true)
        }
    };
    // Only a page that was ranked for the profile says something about how it was mixed.
    let experiment = experiment.filter(|_| model.is_some() && !is_degraded);
    let variant = experiment.as_deref().and_then(|experiment| experiment.variant_of(owner.profile));
    let serving = variant.map(|variant| variant.serving).unwrap_or_default();
    let inputs = Inputs::of(&taste, &titles, model.as_deref(), &viewer.policy, now).served_by(serving);
    let rows = inputs.rows(model.as_deref());
    let noted = async { if is_degraded { None } else { note(&state, owner, &inputs).await } };
    let told = async {
        if let (Some(experiment), Some(variant), false) = (&experiment, variant, rows.is_empty()) {
            exposures.tell(owner.profile, experiment, variant).await;
        }
    };
    let (impression_id, ()) = futures::join!(noted, told);
    let reader = Reader { audience: &viewer.policy, languages: &viewer.languages, now, public_url };
    let row = |row: Row| {
        let picks = row.picks.into_iter();
        let items = picks.filter_map(|pick| reader.recommended(&titles, pick.title, pick.score, pick.reasons));
        HomeRow { kind: row.kind, title_id: row.because, genre: row.genre, items: items.collect() }
    };
    Ok(Json(Home {
        rows: rows.into_iter().map(row).collect(),
        impression_id,
        model_version: model.map(|model| model.version.clone()),
        degraded: is_degraded,
    }))
}

/// A page that cannot be explained is better than none.
async fn note(GetHome { table, world, .. }: &GetHome, owner: Owner, inputs: &Inputs) -> Option<ImpressionId> {
    let impression = world.id();
    match answered(impressions::put(table, owner, impression, inputs, world.now())).await {
        Ok(()) => Some(impression),
        Err(error) => {
            tracing::warn!(%error, "a page cannot be explained later");
            None
        }
    }
}
