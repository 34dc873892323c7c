//! `DELETE /v1/history` and `/v1/history/{title_id}`: what was watched is forgotten here at once, and elsewhere soon.

use cinema_http::{Json, Path, Problem, State, StatusCode, Viewer};
use events::{Event, Outbox};
use kernel::{TitleId, World};
use proto::{types, user::HistoryErased};
use serde::Serialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::{
    problems::no_such_profile,
    store::{history, profiles, records, viewings},
};

runtime::wire! { pub(super) struct EraseHistory { outbox: Outbox, world: World } }

/// How far an erasure is.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum EraseHistoryStatus {
    /// Gone from the profile's lists; figures and recommendations follow.
    Erasing,
}

/// An erasure that has begun.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EraseHistoryAnswer {
    status: EraseHistoryStatus,
    /// What was watched until then is forgotten, however late it is told.
    #[serde(with = "time::serde::rfc3339")]
    erased_at: OffsetDateTime,
}

type Accepted = (StatusCode, Json<EraseHistoryAnswer>);

/// Forgets all that the profile has watched.
#[utoipa::path(
    delete, path = "/v1/history", tag = "user", responses((status = 202, body = EraseHistoryAnswer), Problem)
)]
pub(super) async fn erase_history(State(state): State<EraseHistory>, viewer: Viewer) -> Result<Accepted, Problem> {
    state.erase(&viewer, None).await
}

/// Forgets that the profile has watched a title.
#[utoipa::path(
    delete, path = "/v1/history/{title_id}", tag = "user", params(("title_id" = TitleId, Path)),
    responses((status = 202, body = EraseHistoryAnswer), Problem)
)]
pub(super) async fn erase_title(
    State(state): State<EraseHistory>,
    viewer: Viewer,
    Path(title): Path<TitleId>,
) -> Result<Accepted, Problem> {
    state.erase(&viewer, Some(title)).await
}

impl EraseHistory {
    async fn erase(&self, viewer: &Viewer, title: Option<TitleId>) -> Result<Accepted, Problem> {
        let (account, profile) = (viewer.account, viewer.profile);
        let erased_at = self
            .outbox
            .transact(async |tx| {
                // In the order of everybody who changes lists and history.
                profiles::lock(tx, account, profile).await?.ok_or_else(no_such_profile)?;
                viewings::lock_history(tx, profile).await?;
                // After the wait, in microseconds as Postgres keeps it: the event and the table must name the same moment.
                let now = self.world.now();
                let now = now.replace_microsecond(now.microsecond()).unwrap_or(now);
                let (sequence, imported) = history::erase(tx, (account, profile), title, now).await?;
                records::tell(tx, &self.world, (account, profile), &imported).await?;
                let erased = HistoryErased {
                    profile_id: profile.to_string(),
                    account_id: account.to_string(),
                    title_id: title.map(|title| title.to_string()).unwrap_or_default(),
                    erased_at: now.format(&Rfc3339).map_err(Problem::internal)?,
                };
                tx.emit(&Event::new(&self.world, types::HISTORY_ERASED, profile, sequence, &erased)).await?;
                Ok::<_, Problem>(now)
            })
            .await?;
        let answer = EraseHistoryAnswer { status: EraseHistoryStatus::Erasing, erased_at };
        Ok((StatusCode::ACCEPTED, Json(answer)))
    }
}
