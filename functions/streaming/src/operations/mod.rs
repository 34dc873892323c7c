//! One file per Lambda; `hls` is what both playlists share.

mod hls;

cinema_http::operations! {
    http: [
        start_session: StartSession,
        get_master: GetMaster with hls::compressed,
        get_playlist: GetPlaylist with hls::compressed,
        heartbeat: Heartbeat,
        stop_session: StopSession,
        get_position: GetPosition,
    ],
    consumers: [
        project_grants: ProjectGrants,
        project_titles: ProjectTitles,
        relay_sessions: RelaySessions,
        erase_account: EraseAccount,
        erase_history: EraseHistory,
        export_account: ExportAccount,
    ],
}
