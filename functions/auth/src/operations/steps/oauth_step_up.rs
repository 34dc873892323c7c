//! A proof by a provider: it has just asked who somebody is, and it is the person whose session began it.

use cinema_http::{Origin, Problem, live::session_revoked};
use kernel::World;
use sqlx::PgConnection;
use stores::{PgPool, postgres};

use super::{happened::happened, oauth_sign_in::METHOD};
use crate::{
    oidc::{Begun, Identity, Ticket},
    problems::{another_account, proof_too_old},
    security_event::Kind,
    store::{
        accounts,
        oauth_links::{self, ForeignAccount},
        security_events, sessions,
    },
};

runtime::wire! {
    /// Renews proofs.
    pub(crate) struct OauthStepUp {
        pool: PgPool,
        world: World,
    }
}

impl OauthStepUp {
    /// Renews the proof of the session that has begun it; the next refresh carries it.
    ///
    /// # Errors
    /// 401 `session_revoked`, 403 `another_account`, or 403 `proof_too_old` when the provider does not say that it has asked since the start.
    pub async fn renew(
        &self,
        (ticket, begun): (&Ticket, &Begun),
        identity: &Identity,
        origin: &Origin,
    ) -> Result<(), Problem> {
        let foreign = ForeignAccount { provider: &ticket.provider, subject: &identity.subject };
        let now = self.world.now();
        postgres::transact(&self.pool, async |connection: &mut PgConnection| {
            accounts::share(connection, begun.account).await?;
            let login = sessions::live(&mut *connection, (begun.account, begun.session), now).await?;
            let login = login.ok_or_else(session_revoked)?;
            if oauth_links::find(&mut *connection, foreign).await? != Some(begun.account) {
                return Err(another_account());
            }
            let at = identity.proven_since(ticket.started_at).ok_or_else(proof_too_old)?;
            let proof = login.proof.renewed(METHOD, at.max(login.proof.at));
            if !sessions::renew_proof(connection, begun.session, &proof).await? {
                return Err(session_revoked());
            }
            let event = happened(&self.world, begun.account, Kind::StepUp, origin);
            let event = event.in_session(begun.session).with(foreign.provider);
            Ok(security_events::add(connection, &event).await?)
        })
        .await
    }
}
