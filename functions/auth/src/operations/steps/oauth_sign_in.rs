//! What becomes of somebody who has come back from a provider.

use cinema_http::{HeaderValue, Origin, Problem};
use events::{Outbox, Transaction};
use kernel::{AccountId, Locale, World};
use stores::PgPool;

use super::{
    happened::happened,
    oauth_link,
    refresh_token::REFRESH,
    second_factor::{self, WAITING},
    sign_in::SignIn,
};
use crate::{
    email::Email,
    oidc::{
        Identity,
        link::{self, Decision, Known},
    },
    problems::outrun,
    proof::Proof,
    second_factor::Waiting,
    security_event::Kind,
    store::{
        self, accounts,
        oauth_links::{self, ForeignAccount},
        security_events, totp,
    },
    transport::Transport,
};

/// RFC 8176 has no word for it; this one is what others use.
pub(crate) const METHOD: &str = "fed";
/// One retry when somebody was faster.
const ATTEMPTS: usize = 2;

runtime::wire! {
    /// Makes accounts, links those of the same mailbox, and signs in.
    pub(crate) struct OauthSignIn {
        pool: PgPool,
        sign_in: SignIn,
        outbox: Outbox = store::outbox,
        world: World,
    }
}

/// What has become of it, and the cookie that the browser takes along.
pub(crate) enum SignedIn {
    /// A session began.
    Session {
        /// Its refresh token.
        refresh: HeaderValue,
        /// Of the account that the device is known to from now on.
        email: Email,
    },
    /// The account has a second factor; the token to be sent with its code.
    NeedsCode(HeaderValue),
}

/// Whether the account is linked with the one of the provider.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Linked {
    Already,
    /// Once nothing is left to be proven.
    WithTheSession,
}

impl OauthSignIn {
    /// Carries out what [`link::decide`] says.
    pub async fn receive(
        &self,
        provider: &str,
        identity: &Identity,
        locale: &Locale,
        origin: &Origin,
    ) -> Result<SignedIn, Problem> {
        let foreign = ForeignAccount { provider, subject: &identity.subject };
        for _ in 0..ATTEMPTS {
            let known = self.known(identity, foreign).await?;
            let (account, linked) = match link::decide(&known) {
                Decision::SignIn(account) => (Some(account), Linked::Already),
                Decision::LinkAndSignIn(account) => (Some(account), Linked::WithTheSession),
                Decision::Create(email) => (self.create(foreign, (email, locale), origin).await?, Linked::Already),
                Decision::Refuse(refusal) => return Err(refusal.into()),
            };
            if let Some(account) = account {
                return self.enter((account, linked), (identity, foreign), origin).await;
            }
        }
        Err(outrun("the holder of the address"))
    }

    async fn known<'a>(&self, identity: &'a Identity, foreign: ForeignAccount<'_>) -> Result<Known<'a>, Problem> {
        let email = identity.email.as_ref();
        let holder = match email {
            Some(email) => accounts::holder(&self.pool, email).await?,
            None => None,
        };
        let holder = holder.map(|(account, _, is_verified)| (account, is_verified));
        Ok(Known { linked: oauth_links::find(&self.pool, foreign).await?, email, holder })
    }

    /// Makes a verified account without a password, linked; `None`: somebody was faster.
    async fn create(
        &self,
        foreign: ForeignAccount<'_>,
        (email, locale): (&Email, &Locale),
        origin: &Origin,
    ) -> Result<Option<AccountId>, Problem> {
        let (account, now) = (self.world.id::<AccountId>(), self.world.now());
        let created = self.outbox.transact(async |tx| {
            let is_made = accounts::add(tx, (account, email, locale), now).await?
                && oauth_links::add_first(tx, foreign, account, now).await?;
            if !is_made {
                return Err(Overtaken::BySomebody);
            }
            // The first administrator proves the address here, not at a provider.
            if let Some((_, verified)) = accounts::verify(tx, email, &self.world).await? {
                tx.emit(&verified).await?;
            }
            let event = happened(&self.world, account, Kind::OauthLinked, origin).with(foreign.provider);
            security_events::add(&mut **tx, &event).await?;
            Ok(account)
        });
        match created.await {
            Ok(account) => Ok(Some(account)),
            Err(Overtaken::BySomebody) => Ok(None),
            Err(Overtaken::Sql(error)) => Err(error.into()),
        }
    }

    async fn enter(
        &self,
        (account, linked): (AccountId, Linked),
        (identity, foreign): (&Identity, ForeignAccount<'_>),
        origin: &Origin,
    ) -> Result<SignedIn, Problem> {
        if totp::secret(&self.pool, account).await?.is_some() {
            // Somebody who wants two proofs here does not want one from elsewhere to do, nor to be linked with it.
            let waiting = Waiting {
                account,
                methods: vec![METHOD.to_owned()],
                transport: Transport::Cookie,
                device_name: None,
                provider: Some(foreign.provider.to_owned()),
                link_subject: (linked == Linked::WithTheSession).then(|| foreign.subject.to_owned()),
            };
            let token = second_factor::ask(&self.pool, &waiting, &self.world).await?;
            return Ok(SignedIn::NeedsCode(WAITING.set(&token).map_err(Problem::internal)?));
        }
        let person = accounts::person(&self.pool, account).await?;
        let person = person.ok_or_else(|| Problem::internal("a linked account is gone"))?;
        let proof = Proof::by(METHOD, identity.proven_at());
        let begin = async |tx: &mut Transaction<'_>| {
            accounts::share(tx, account).await?;
            if linked == Linked::WithTheSession {
                oauth_link::link(tx, foreign, account, (origin, &self.world)).await?;
            }
            let begun = self.sign_in.begin_through(tx, foreign.provider, (&person, &proof), (None, origin)).await?;
            begun.ok_or_else(|| outrun("the link"))
        };
        let (email, _) = accounts::contact(&self.pool, account).await?;
        let (_, refresh) = self.outbox.transact(begin).await?;
        Ok(SignedIn::Session { refresh: REFRESH.set(&refresh.reveal()).map_err(Problem::internal)?, email })
    }
}

/// Nothing of a new account is kept.
enum Overtaken {
    BySomebody,
    Sql(sqlx::Error),
}

impl From<sqlx::Error> for Overtaken {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}
