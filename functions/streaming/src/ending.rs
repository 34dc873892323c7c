//! Who has a say in the end of a session: the profile that watches, and whoever has just proved that the account is theirs.

use cinema_http::{Account, Problem, live::session_revoked};
use stores::Table;
use time::{Duration, OffsetDateTime};

use crate::{session::Session, store::ended_logins};

/// How long ago a person may have proved who they are to end what another profile plays.
const STEP_UP: Duration = Duration::minutes(10);

/// 403 `step_up_required` for another profile's session without a proof, whatever the caller's profile may see, and 401 `session_revoked` for a
/// proof whose login session has ended: the access token that carries it lives on for minutes.
pub async fn require_say(
    table: &Table,
    session: &Session,
    account: &Account,
    now: OffsetDateTime,
) -> Result<(), Problem> {
    if account.claims.pid == Some(session.profile) {
        return Ok(());
    }
    if ended_logins::contains(table, account.session).await? {
        return Err(session_revoked());
    }
    account.require_fresh(now, STEP_UP)
}
