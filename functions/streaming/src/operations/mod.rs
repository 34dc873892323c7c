//! One file per Lambda.

use cinema_http::OpenApiRouter;
use tower_http::compression::CompressionLayer;

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
