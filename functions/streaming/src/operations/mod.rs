//! One file per Lambda.

use cinema_http::{OpenApiRouter, Problem, live::session_revoked};
use kernel::SessionId;
use stores::Table;
use tower_http::compression::CompressionLayer;

use crate::store::ended_logins;

cinema_http::operations! {
    http: [
        start_session: StartSession,
        get_master: GetMaster with compressed,
        get_playlist: GetPlaylist with compressed,
        heartbeat: Heartbeat,
        stop_session: StopSession,
        get_position: GetPosition,
    ],
    consumers: [
        project_grants: ProjectGrants,
        project_logins: ProjectLogins,
        project_titles: ProjectTitles,
        relay_sessions: RelaySessions,
        erase_account: EraseAccount,
        erase_history: EraseHistory,
        export_account: ExportAccount,
    ],
}

/// 401 once the login session has ended, although its access token lives on for minutes.
async fn require_live(table: &Table, session: SessionId) -> Result<(), Problem> {
    if ended_logins::contains(table, session).await? { Err(session_revoked()) } else { Ok(()) }
}

/// Playlists repeat themselves: packed they have a tenth of their size.
fn compressed(router: OpenApiRouter) -> OpenApiRouter {
    router.layer(CompressionLayer::new().gzip(true))
}
