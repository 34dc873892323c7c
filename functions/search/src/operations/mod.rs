//! One file per Lambda.

use std::time::Duration;

/// For a call to the engine that nobody waits for in front of a screen.
const PATIENCE: Duration = Duration::from_secs(8);

cinema_http::operations! {
    http: [
        titles: SearchTitles => [search_titles],
        suggest: Suggest,
        record_click: RecordClick,
        set_synonyms: SetSynonyms,
        reindex: Reindex,
        roll_back_index: RollBackIndex,
    ],
    consumers: [index_title: IndexTitle, report_relevance: ReportRelevance, verify_index: VerifyIndex],
}
