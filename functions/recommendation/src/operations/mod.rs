//! One file per Lambda.

cinema_http::operations! {
    http: [
        get_home: GetHome,
        get_similar: GetSimilar,
        get_because: GetBecause,
        get_trending: GetTrending,
        give_feedback: GiveFeedback,
        set_tastes: SetTastes,
        explain: Explain,
        publish: Publish,
        put_experiment: PutExperiment,
        list_experiments: ListExperiments,
    ],
    consumers: [
        project_tastes: ProjectTastes,
        project_titles: ProjectTitles,
        snapshot_titles: SnapshotTitles,
        train: Train,
        erase_account: EraseAccount,
        export_account: ExportAccount,
    ],
}
