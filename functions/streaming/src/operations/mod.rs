//! One file per Lambda.

use cinema_http::{Account, OpenApiRouter, Problem, live::session_revoked};
use stores::Table;
use time::{Duration, OffsetDateTime};
use tower_http::compression::CompressionLayer;

use crate::{session::Session, store::ended_logins};

cinema_http::operations! {
    http: [
        start_session: StartSession,
        get_master: GetMaster with compressed,
        get_playlist: GetPlaylist with compressed,
        heartbeat: Heartbeat,
        stop_session: StopSession,
        get_position: GetPosition,
        list_active: ListActive,
        kick: Kick,
    ],
    consumers: [
        project_grants: ProjectGrants,
        project_logins: ProjectLogins,
        project_titles: ProjectTitles,
        relay_sessions: RelaySessions,
        sweep_leases: SweepLeases,
        erase_account: EraseAccount,
        erase_history: EraseHistory,
        export_account: ExportAccount,
    ],
}

/// Playlists repeat themselves: packed they have a tenth of their size.
fn compressed(router: OpenApiRouter) -> OpenApiRouter {
    router.layer(CompressionLayer::new().gzip(true))
}

/// How long ago a person may have proved who they are to end what another profile plays.
const STEP_UP: Duration = Duration::minutes(10);

/// Who has a say in the end of a session: the profile that watches, and whoever has just proved that the account is theirs.
///
/// 403 `step_up_required` for another profile's session without a proof, whatever the caller's profile may see, and 401 `session_revoked` for a
/// proof whose login session has ended: the access token that carries it lives on for minutes.
async fn require_say(table: &Table, session: &Session, account: &Account, now: OffsetDateTime) -> Result<(), Problem> {
    if account.claims.pid == Some(session.profile) {
        return Ok(());
    }
    if ended_logins::contains(table, account.session).await? {
        return Err(session_revoked());
    }
    account.require_fresh(now, STEP_UP)
}
