//! Sessions that end before their time: every service hears of it, since a proof ends with the session that it was given in.

use events::{Event, Transaction};
use kernel::{AccountId, SessionId, World};
use proto::{auth::SessionEnded, types};

use crate::{
    rfc3339::rfc3339,
    store::{email_changes, mfa_tokens, sessions},
};

/// Ends a session of an account; `false`: it is unknown, or has ended before.
pub(crate) async fn end(
    transaction: &mut Transaction<'_>,
    (account, session): (AccountId, SessionId),
    reason: &str,
    world: &World,
) -> Result<bool, sqlx::Error> {
    let has_ended = sessions::end(transaction, account, session, reason, world.now()).await?;
    if has_ended {
        transaction.emit(&event(world, account, session)).await?;
    }
    Ok(has_ended)
}

/// Ends all sessions of an account but one; how many there were.
pub(crate) async fn end_all(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    (kept, reason): (Option<SessionId>, &str),
    world: &World,
) -> Result<usize, sqlx::Error> {
    let ended = sessions::end_all(transaction, account, (kept, reason), world.now()).await?;
    tell(transaction, account, &ended, world).await?;
    Ok(ended.len())
}

/// Ends whatever was begun with a provider's account: sessions, and sign-ins that wait for a code.
pub(crate) async fn end_provider(
    transaction: &mut Transaction<'_>,
    (account, provider): (AccountId, &str),
    reason: &str,
    world: &World,
) -> Result<(), sqlx::Error> {
    let ended = sessions::end_provider(transaction, account, (provider, reason), world.now()).await?;
    tell(transaction, account, &ended, world).await?;
    mfa_tokens::forget_provider(transaction, account, provider).await
}

async fn tell(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    ended: &[SessionId],
    world: &World,
) -> Result<(), sqlx::Error> {
    for session in ended {
        transaction.emit(&event(world, account, *session)).await?;
    }
    Ok(())
}

fn event(world: &World, account: AccountId, session: SessionId) -> Event {
    let data = SessionEnded {
        session_id: session.to_string(),
        account_id: account.to_string(),
        ended_at: rfc3339(world.now()),
    };
    Event::new(world, types::SESSION_ENDED, session, 1, &data)
}

/// Ends all sessions but one, and whatever else somebody who knew the old password has begun: sign-ins that wait for a code, a change of the
/// address.
pub(crate) async fn end_whatever_began(
    transaction: &mut Transaction<'_>,
    account: AccountId,
    (kept, reason): (Option<SessionId>, &str),
    world: &World,
) -> Result<(), sqlx::Error> {
    end_all(transaction, account, (kept, reason), world).await?;
    mfa_tokens::forget(transaction, account).await?;
    email_changes::forget(transaction, account).await
}
