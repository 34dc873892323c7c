//! `GET /v1/auth/security-events`: what happened to the account, for its owner.

use cinema_http::{Json, Page, PageParams, Pages, Problem, State};
use kernel::{EventId, SessionId};
use serde::Serialize;
use stores::PgPool;
use time::{OffsetDateTime, error::ComponentRange};
use utoipa::ToSchema;

use super::steps::live_account::{LiveAccount, wire_with_sessions};
use crate::{
    security_event::{Kind, SecurityEvent},
    store::security_events,
};

/// Something that happened.
#[derive(Serialize, ToSchema)]
pub(super) struct Happened {
    event_id: EventId,
    kind: Kind,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    /// In or to which session.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    /// Network address.
    #[schema(example = "192.0.2.7")]
    address: String,
    /// Country.
    #[schema(example = "DE")]
    territory: String,
    /// Depends on the kind: the device of a sign-in, the role that was granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Whether staff did it; then address and territory are left empty.
    by_staff: bool,
}

wire_with_sessions! {
    pub(super) struct ListSecurityEvents {
        pool: PgPool,
    }
}

/// Newest first, of the last 400 days.
#[utoipa::path(get, path = "/v1/auth/security-events", tag = "auth", params(PageParams),
    responses((status = 200, body = Page<Happened>), Problem))]
pub(super) async fn list_security_events(
    State(state): State<ListSecurityEvents>,
    account: LiveAccount,
    pages: Pages,
) -> Result<Json<Page<Happened>>, Problem> {
    let after = pages.after::<(i128, EventId)>()?.map(place).transpose().map_err(Problem::internal)?;
    let events = security_events::list(&state.pool, account.id, after, pages.rows()).await?;
    Ok(Json(pages.page(events, |event| (event.at.unix_timestamp_nanos(), event.id), Happened::from)))
}

fn place((nanoseconds, id): (i128, EventId)) -> Result<security_events::Place, ComponentRange> {
    Ok((OffsetDateTime::from_unix_timestamp_nanos(nanoseconds)?, id))
}

impl From<SecurityEvent> for Happened {
    fn from(event: SecurityEvent) -> Self {
        let by_staff = event.actor.is_some();
        let own = |text: String| if by_staff { String::new() } else { text };
        Self {
            event_id: event.id,
            kind: event.kind,
            at: event.at,
            session_id: event.session,
            address: own(event.address),
            territory: own(event.territory),
            detail: event.detail,
            by_staff,
        }
    }
}
