//! One file per Lambda.

use cinema_http::{
    Account, LoginSessions, Problem, Viewer,
    live::{Standing, session_revoked},
};
use kernel::{SessionId, World};
use sqlx::{PgConnection, PgPool};
use stores::StoreError;
use time::OffsetDateTime;

use crate::{profile::STEP_UP, store::ended_sessions, viewpoint::Viewpoint};

cinema_http::operations! {
    http: [
        add_to_watchlist: AddToWatchlist, create_profile: CreateProfile, delete_profile: DeleteProfile,
        erase_history: EraseHistory => [erase_history, erase_title], export_data: ExportData, get_account: GetAccount,
        get_entitlements: GetEntitlements, get_export: GetExport,
        hide_continue_watching: HideContinueWatching => [hide_continue_watching, show_continue_watching],
        list_continue_watching: ListContinueWatching,
        list_history: ListHistory, list_profiles: ListProfiles, list_watchlist: ListWatchlist, rate_title: RateTitle,
        remove_from_watchlist: RemoveFromWatchlist, unrate_title: UnrateTitle, update_account: UpdateAccount,
        update_profile: UpdateProfile,
    ],
    consumers: [
        project_accounts: ProjectAccounts, project_sessions: ProjectSessions, project_subscriptions: ProjectSubscriptions,
        project_purchases: ProjectPurchases, project_playback: ProjectPlayback, project_titles: ProjectTitles,
        export_account: ExportAccount, relay_outbox: RelayOutbox, erase_account: EraseAccount,
    ],
}

/// What the viewer's lists show, and take in, at this moment.
fn viewpoint(viewer: Viewer, world: &World) -> Viewpoint {
    let Viewer { account, profile, policy, languages, .. } = viewer;
    Viewpoint { account, profile, audience: policy, languages, now: world.now() }
}

/// 403 or 401 unless the person proved who they are just now, in a session that has not ended: where only the stored state tells whether a proof
/// is needed. Where one always is, `proof` of the yaml asks for it.
async fn require_proof(connection: &mut PgConnection, account: &Account, now: OffsetDateTime) -> Result<(), Problem> {
    require_live_session(connection, account).await?;
    account.require_fresh(now, STEP_UP)
}

/// 401 once the login session has ended, although its access token still lives.
async fn require_live_session(connection: &mut PgConnection, account: &Account) -> Result<(), Problem> {
    let has_ended = ended_sessions::contains(connection, account.session).await?;
    if has_ended { Err(session_revoked()) } else { Ok(()) }
}

runtime::wire! {
    /// Login sessions, as far as this service hears of them.
    struct Sessions { pool: PgPool }
}

impl LoginSessions for Sessions {
    async fn standing(&self, session: SessionId) -> Result<Option<Standing>, StoreError> {
        let has_ended = ended_sessions::contains(&self.pool, session).await?;
        Ok((!has_ended).then_some(Standing { has_authenticator: None }))
    }
}

/// As answers tell lengths and places in a film.
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}
