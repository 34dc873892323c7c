//! Linking with an account of a provider: adding a way to sign in is as hard as taking one away.

use cinema_http::{
    NeededProof, Origin, Problem,
    live::{session_revoked, step_up_required},
};
use events::{Outbox, Transaction};
use kernel::{AccountId, World};
use proto::mail::OauthLinked;

use super::happened::happened;
use crate::{
    mail::mail,
    oidc::Begun,
    problems::{already_linked, linked_elsewhere},
    proof::TOGETHER,
    security_event::Kind,
    store::{
        self, accounts,
        oauth_links::{self, ForeignAccount},
        security_events, sessions, totp,
    },
};

runtime::wire! {
    /// Links accounts that are signed in.
    pub(crate) struct OauthLink {
        outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

impl OauthLink {
    /// Links the account of the session that has begun it.
    ///
    /// # Errors
    /// 401 `session_revoked` when the session has ended, 403 `step_up_required` unless its proof and the one of the token are still as
    /// fresh as at the start, 409 `linked_elsewhere` or `already_linked`.
    pub async fn link(&self, begun: &Begun, foreign: ForeignAccount<'_>, origin: &Origin) -> Result<(), Problem> {
        self.outbox
            .transact(async |tx| {
                accounts::share(tx, begun.account).await?;
                self.require_proof(tx, begun).await?;
                link(tx, foreign, begun.account, (origin, &self.world)).await
            })
            .await
    }

    async fn require_proof(&self, tx: &mut Transaction<'_>, begun: &Begun) -> Result<(), Problem> {
        let now = self.world.now();
        let login =
            sessions::live(&mut **tx, (begun.account, begun.session), now).await?.ok_or_else(session_revoked)?;
        let has_authenticator = totp::secret(&mut **tx, begun.account).await?.is_some();
        let are_fresh = [&begun.proof, &login.proof].iter().all(|proof| proof.is_fresh(now, has_authenticator));
        if are_fresh { Ok(()) } else { Err(step_up_required(NeededProof::within(TOGETHER, has_authenticator))) }
    }
}

/// Links in the caller's transaction, and tells; what is linked already is not told again.
///
/// # Errors
/// 409 `linked_elsewhere` or `already_linked`.
pub(crate) async fn link(
    tx: &mut Transaction<'_>,
    foreign: ForeignAccount<'_>,
    account: AccountId,
    (origin, world): (&Origin, &World),
) -> Result<(), Problem> {
    if !oauth_links::add(tx, foreign, account, world.now()).await? {
        // The same may have been faster in another tab.
        return match oauth_links::find(&mut **tx, foreign).await? {
            Some(holder) if holder == account => Ok(()),
            Some(_) => Err(linked_elsewhere()),
            None => Err(already_linked()),
        };
    }
    let (email, locale) = accounts::contact(&mut **tx, account).await?;
    let event = happened(world, account, Kind::OauthLinked, origin).with(foreign.provider);
    security_events::add(&mut **tx, &event).await?;
    let linked = OauthLinked { provider: foreign.provider.to_owned() };
    Ok(tx.send(mail(world, &email, &locale, linked)).await?)
}
