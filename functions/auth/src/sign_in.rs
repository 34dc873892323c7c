//! What every way of signing in ends with: a session with its tokens, an entry in the log, and a mail when the device or the territory is new.

use cinema_http::Problem;
use events::{Outbox, outbox::Posted};
use kernel::World;
use runtime::{Boot, BootError};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use time::format_description::well_known::Rfc3339;

use crate::{
    letter::{self, letter},
    profile,
    security_event::{Kind, SecurityEvent},
    session::{Family, RefreshToken},
    signing::Signing,
    store::{Device, Familiar, Person, Proof, SecurityLog, Sessions},
    token::Token,
};

/// Begins sessions.
#[derive(Clone)]
pub struct SignIn {
    pool: PgPool,
    sessions: Sessions,
    log: SecurityLog,
    signing: Signing,
    outbox: Outbox,
    world: World,
}

/// A session that has begun as soon as the transaction commits; then its mail is to be published.
pub struct Begun {
    /// The access token.
    pub token: Token,
    /// The first refresh token.
    pub refresh: RefreshToken,
    /// The mail, if there is one.
    pub posted: Posted,
}

impl SignIn {
    /// Postgres, the signing key, and the queue of mails.
    pub fn wire(boot: &Boot) -> Result<Self, BootError> {
        let pool = boot.postgres()?;
        Ok(Self {
            sessions: Sessions::new(pool.clone()),
            log: SecurityLog::new(pool.clone()),
            pool,
            signing: Signing::wire(boot)?,
            outbox: letter::outbox(boot)?,
            world: boot.world(),
        })
    }

    /// Begins a session in a transaction of its own.
    pub async fn enter(
        &self,
        person: &Person,
        proof: &Proof,
        device: Device<'_>,
    ) -> Result<(Token, RefreshToken), Problem> {
        let mut transaction = self.pool.begin().await?;
        let begun = self.begin(&mut transaction, person, proof, device).await?;
        transaction.commit().await?;
        self.outbox.publish(begun.posted).await;
        Ok((begun.token, begun.refresh))
    }

    /// Begins a session in the caller's transaction.
    pub async fn begin(
        &self,
        transaction: &mut PgConnection,
        person: &Person,
        proof: &Proof,
        device: Device<'_>,
    ) -> Result<Begun, Problem> {
        let (account, now) = (person.account, self.world.now());
        let chosen = profile::without_asking(person.default.clone());
        let (family, refresh) = Family::begin(self.world.id(), self.world.bytes(), self.world.bytes(), now);
        // Signing first: without a key there is no session to leave behind.
        let token = self.signing.mint(person, chosen.as_ref(), family.session, proof).await?;
        let familiar = self.log.familiar(transaction, account, &device).await?;
        let chosen = chosen.map(|profile| profile.id);
        self.sessions.begin(transaction, account, &family, (chosen, proof), device).await?;
        let event = SecurityEvent::new(&self.world, account, Kind::SignedIn, device.origin).in_session(family.session);
        let event = device.name.map_or(event.clone(), |name| event.with(name));
        self.log.record(transaction, &event).await?;
        let mail = is_new(&familiar).then(|| self.mail(&familiar, person, device));
        let posted = self.outbox.post(transaction, mail).await?;
        Ok(Begun { token, refresh, posted })
    }

    /// Publishes what was begun in a transaction that has committed.
    pub async fn publish(&self, posted: Posted) {
        self.outbox.publish(posted).await;
    }

    fn mail(&self, familiar: &Familiar, person: &Person, device: Device<'_>) -> events::Letter {
        let at = self.world.now().format(&Rfc3339).unwrap_or_default();
        let mut variables = json!({ "territory": device.origin.territory, "at": at });
        if let Some(name) = device.name {
            variables["device"] = name.into();
        }
        letter(&self.world, "new_sign_in", &familiar.email, &person.locale, variables)
    }
}

/// The first sign-in of all surprises nobody.
fn is_new(familiar: &Familiar) -> bool {
    familiar.has_signed_in && !(familiar.knows_device && familiar.knows_territory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_device_or_a_new_territory_is_told_and_the_first_sign_in_is_not() {
        for (has_signed_in, knows_device, knows_territory, is_told) in [
            (false, false, false, false),
            (true, true, true, false),
            (true, false, true, true),
            (true, true, false, true),
            (true, false, false, true),
        ] {
            let email = "a@example.com".parse().unwrap();
            let familiar = Familiar { email, has_signed_in, knows_device, knows_territory };
            assert_eq!(is_new(&familiar), is_told);
        }
    }
}
