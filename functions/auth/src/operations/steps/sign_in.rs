//! What every way of signing in ends with: a session with its tokens, an entry in the log, and a mail when the device or the territory is new.

use cinema_http::{Origin, Problem};
use events::{Message, Outbox, Transaction};
use kernel::World;
use proto::mail::NewSignIn;

use super::{happened::happened, signing::Signing};
use crate::{
    mail::mail,
    person::Person,
    profile,
    proof::Proof,
    rfc3339::rfc3339,
    security_event::Kind,
    session::{Family, RefreshToken},
    store::{
        self, oauth_links,
        security_events::{self, Familiar},
        sessions::{self, Device},
    },
    token::Token,
    user_agent,
};

runtime::wire! {
    /// Begins sessions.
    pub(crate) struct SignIn {
        signing: Signing,
        /// Of mails.
        pub outbox: Outbox = store::mail_outbox,
        world: World,
    }
}

impl SignIn {
    /// Begins a session in a transaction of its own.
    pub async fn begin(
        &self,
        person: &Person,
        proof: &Proof,
        (name, origin): (Option<&str>, &Origin),
    ) -> Result<(Token, RefreshToken), Problem> {
        self.outbox.transact(async |tx| self.begin_within(tx, person, proof, (name, origin)).await).await
    }

    /// Begins a session in the caller's transaction.
    pub async fn begin_within(
        &self,
        transaction: &mut Transaction<'_>,
        person: &Person,
        proof: &Proof,
        (name, origin): (Option<&str>, &Origin),
    ) -> Result<(Token, RefreshToken), Problem> {
        let (account, now) = (person.account, self.world.now());
        let client = origin.user_agent.as_deref().and_then(user_agent::short);
        let name = name.or(client.as_deref());
        let device = Device { name, address: &origin.address, territory: &origin.territory };
        let chosen = profile::without_asking(person.default.clone());
        let (family, refresh) = Family::begin(self.world.id(), self.world.bytes(), self.world.bytes(), now);
        // Signing first: without a key there is no session to leave behind.
        let token = self.signing.mint(person, chosen.as_ref(), family.session, proof).await?;
        let familiar = security_events::familiar(&mut **transaction, account, &device).await?;
        let chosen = chosen.map(|profile| profile.id);
        sessions::add(transaction, account, &family, (chosen, proof), device).await?;
        let event = happened(&self.world, account, Kind::SignedIn, origin).in_session(family.session);
        let event = name.map_or(event.clone(), |name| event.with(name));
        security_events::add(&mut **transaction, &event).await?;
        if is_new(&familiar) {
            transaction.send(self.mail(&familiar, person, device)).await?;
        }
        Ok((token, refresh))
    }

    /// Begins one with a provider's account; `None`: the account is not linked with one of this provider any more.
    pub async fn begin_through(
        &self,
        transaction: &mut Transaction<'_>,
        provider: &str,
        (person, proof): (&Person, &Proof),
        device: (Option<&str>, &Origin),
    ) -> Result<Option<(Token, RefreshToken)>, Problem> {
        if !oauth_links::hold(transaction, person.account, provider).await? {
            return Ok(None);
        }
        let (token, refresh) = self.begin_within(transaction, person, proof, device).await?;
        sessions::set_provider(transaction, refresh.session(), provider).await?;
        Ok(Some((token, refresh)))
    }

    fn mail(&self, familiar: &Familiar, person: &Person, device: Device<'_>) -> Message {
        let new_sign_in = NewSignIn {
            device: device.name.unwrap_or_default().to_owned(),
            territory: device.territory.to_string(),
            at: rfc3339(self.world.now()),
        };
        mail(&self.world, &familiar.email, &person.locale, new_sign_in)
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
