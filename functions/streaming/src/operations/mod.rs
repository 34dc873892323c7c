//! One file per Lambda.

cinema_http::operations! {
    http: [start_session, get_master, get_playlist, heartbeat, stop_session, get_position],
    consumers: [project_grants, project_titles, relay_sessions, erase_account, erase_history, export_account],
}
