//! `GET /v1/auth/security-events`: what happened to the account, for its owner.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use cinema_http::{Account, Json, Limit, OpenApiRouter, Page, Problem, Query, State, routes};
use kernel::{AccountId, Cursor, CursorKey, EventId, SessionId, World};
use runtime::{Boot, BootError};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use crate::{
    security_event::{Kind, SecurityEvent},
    store::{SecurityLog, Sessions},
};

/// Which page.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wanted {
    /// From the page before.
    cursor: Option<String>,
    /// Most events on a page.
    #[serde(default)]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Limit,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
struct Happened {
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

#[derive(Clone)]
struct Lister {
    sessions: Sessions,
    log: SecurityLog,
    cursors: CursorKey,
    world: World,
}

/// Newest first, of the last 400 days.
#[utoipa::path(get, path = "/v1/auth/security-events", tag = "auth", security(("account" = [])), params(Wanted),
    responses((status = 200, body = Page<Happened>), Problem))]
async fn list_security_events(
    State(lister): State<Lister>,
    account: Account,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Page<Happened>>, Problem> {
    lister.sessions.live(&account, lister.world.now()).await?;
    lister.page(account.id, wanted.cursor.as_deref(), wanted.limit).await.map(Json)
}

impl Lister {
    async fn page(&self, account: AccountId, cursor: Option<&str>, limit: Limit) -> Result<Page<Happened>, Problem> {
        let list = format!("auth-list-security-events {account}");
        let open = |cursor| Cursor::open::<(i128, String)>(&self.cursors, &list, cursor);
        let invalid = |error: &dyn std::fmt::Display| {
            Problem::bad_request("invalid_cursor", "The cursor is not valid for this list.").because(error)
        };
        let place = cursor.map(open).transpose().map_err(|error| invalid(&error))?;
        let time = |(nanos, id)| Ok((OffsetDateTime::from_unix_timestamp_nanos(nanos)?, id));
        let after = place.map(time).transpose().map_err(|error: time::error::ComponentRange| invalid(&error))?;
        let mut events = self.log.list(account, after, i64::from(limit.0) + 1).await?;
        let has_more = events.len() > usize::from(limit.0);
        events.truncate(usize::from(limit.0));
        let seal = |event: &SecurityEvent| {
            Cursor::seal(&self.cursors, &list, &(event.at.unix_timestamp_nanos(), event.id.to_string()))
        };
        let next_cursor = events.last().filter(|_| has_more).map(seal);
        Ok(Page { items: events.into_iter().map(Happened::of).collect(), next_cursor })
    }
}

impl Happened {
    fn of(event: SecurityEvent) -> Self {
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

/// Postgres and the key of cursors.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let invalid =
        |error: base64::DecodeError| BootError::Invalid { name: "CURSOR_KEY".to_owned(), reason: error.to_string() };
    let key = BASE64_STANDARD.decode(boot.required("CURSOR_KEY")?).map_err(invalid)?;
    let pool = boot.postgres()?;
    let lister = Lister {
        sessions: Sessions::new(pool.clone()),
        log: SecurityLog::new(pool),
        cursors: CursorKey::new(&key),
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(list_security_events)).with_state(lister))
}
