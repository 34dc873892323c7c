//! One file per Lambda.

use cinema_http::Viewer;
use events::EndedSessions;
use kernel::World;

use crate::viewpoint::Viewpoint;

cinema_http::operations! {
    sessions: EndedSessions,
    http: [
        add_to_watchlist: AddToWatchlist, confirm_import: ConfirmImport, create_profile: CreateProfile, delete_profile: DeleteProfile,
        erase_history: EraseHistory => [erase_history, erase_title], export_data: ExportData, get_account: GetAccount,
        get_entitlements: GetEntitlements, get_export: GetExport,
        get_import: GetImport => [get_import, list_imports], get_rating: GetRating,
        hide_continue_watching: HideContinueWatching => [hide_continue_watching, show_continue_watching],
        import_history: ImportHistory,
        list_continue_watching: ListContinueWatching,
        list_history: ListHistory, list_profiles: ListProfiles, list_watchlist: ListWatchlist, rate_title: RateTitle,
        remove_from_watchlist: RemoveFromWatchlist, undo_import: UndoImport, unrate_title: UnrateTitle, update_account: UpdateAccount,
        update_profile: UpdateProfile,
    ],
    consumers: [
        project_accounts: ProjectAccounts, project_sessions: ProjectSessions, project_subscriptions: ProjectSubscriptions,
        project_purchases: ProjectPurchases, project_playback: ProjectPlayback, project_titles: ProjectTitles,
        export_account: ExportAccount, finish_exports: FinishExports, match_import: MatchImport, relay_outbox: RelayOutbox, erase_account: EraseAccount,
    ],
}

/// What the viewer's lists show, and take in, at this moment.
fn viewpoint(viewer: Viewer, world: &World) -> Viewpoint {
    let Viewer { account, profile, policy, languages, .. } = viewer;
    Viewpoint { account, profile, audience: policy, languages, now: world.now() }
}

/// As answers tell lengths and places in a film.
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
