//! One file per Lambda.

cinema_http::operations! {
    http: [
        collect_events: CollectEvents,
        get_title_overview: GetTitleOverview,
        get_title_timeseries: GetTitleTimeseries,
        get_title_retention: GetTitleRetention,
        get_quality: GetQuality,
        get_concurrency: GetConcurrency,
        get_peak_hours: GetPeakHours,
        get_popular: GetPopular,
        get_trends: GetTrends,
        get_my_stats: GetMyStats,
        get_revenue: GetRevenue,
        get_royalties: GetRoyalties,
        get_experiment: GetExperiment,
    ],
    consumers: [
        ingest: Ingest,
        roll_up_hour: RollUpHour,
        roll_up_day: RollUpDay,
        evaluate_alerts: EvaluateAlerts,
        erase_account: EraseAccount,
        erase_history: EraseHistory,
        export_account: ExportAccount,
    ],
}
