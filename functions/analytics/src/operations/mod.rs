//! One file per Lambda.

cinema_http::operations! {
    http: [collect_events, get_title_overview],
    consumers: [ingest, roll_up_hour, erase_account, erase_history, export_account],
}
