//! One file per Lambda.

cinema_http::operations! {
    http: [collect_events: CollectEvents, get_title_overview: GetTitleOverview],
    consumers: [
        ingest: Ingest,
        roll_up_hour: RollUpHour,
        erase_account: EraseAccount,
        erase_history: EraseHistory,
        export_account: ExportAccount,
    ],
}
