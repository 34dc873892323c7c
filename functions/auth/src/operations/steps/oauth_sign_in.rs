//! What becomes of somebody who has come back from a provider.

use cinema_http::{HeaderValue, Origin, Problem, live::session_revoked};
use events::Outbox;
use kernel::{AccountId, Locale, World};
use proto::mail::OauthLinked;
use stores::PgPool;

use super::{
    happened::happened,
    refresh_token::REFRESH,
    second_factor::{self, WAITING},
    sign_in::SignIn,
};
use crate::{
    email::Email,
    mail::mail,
    oidc::{
        Identity, LinkTo, Ticket,
        link::{self, Decision, Known},
    },
    problems::outrun,
    proof::Proof,
    second_factor::Waiting,
    security_event::{Kind, SecurityEvent},
    store::{
        self, accounts,
        oauth_links::{self, ForeignAccount},
        security_events,
        sessions::{self, Login},
        totp,
    },
    transport::Transport,
};

/// RFC 8176 has no word for it; this one is what others use.
const METHOD: &str = "fed";
/// One retry when somebody was faster.
const ATTEMPTS: usize = 2;

runtime::wire! {
    /// Links, makes accounts and signs in.
    pub(crate) struct OauthSignIn {
        pool: PgPool,
        sign_in: SignIn,
        outbox: Outbox = store::outbox,
        world: World,
    }
}

/// What has become of it, and the cookie that the browser takes along.
pub(crate) enum SignedIn {
    /// An account that is signed in has one more way to do so.
    Linked,
    /// A session began, with its refresh token.
    Session(HeaderValue),
    /// The account has a second factor; the token to be sent with its code.
    NeedsCode(HeaderValue),
}

impl OauthSignIn {
    /// Carries out what [`link::decide`] says.
    pub async fn receive(
        &self,
        ticket: &Ticket,
        identity: &Identity,
        locale: &Locale,
        origin: &Origin,
    ) -> Result<SignedIn, Problem> {
        if let Some(link) = ticket.link {
            self.still_signed_in(link).await?;
        }
        let foreign = ForeignAccount { provider: &ticket.provider, subject: &identity.subject };
        for _ in 0..ATTEMPTS {
            let known = self.known(ticket, identity, foreign).await?;
            let account = match link::decide(&known) {
                Decision::Nothing => return Ok(SignedIn::Linked),
                Decision::SignIn(account) => Some(account),
                Decision::Link(account) => {
                    self.link(foreign, account, origin).await?;
                    return Ok(SignedIn::Linked);
                }
                Decision::LinkAndSignIn(account) => {
                    self.link(foreign, account, origin).await?;
                    Some(account)
                }
                Decision::Create(email) => self.create(foreign, (email, locale), origin).await?,
                Decision::Refuse(refusal) => return Err(refusal.into()),
            };
            if let Some(account) = account {
                return self.enter(account, identity, origin).await;
            }
        }
        Err(outrun("the holder of the address"))
    }

    async fn known<'a>(
        &self,
        ticket: &Ticket,
        identity: &'a Identity,
        foreign: ForeignAccount<'_>,
    ) -> Result<Known<'a>, Problem> {
        let email = identity.email.as_ref();
        let holder = match email {
            Some(email) => accounts::holder(&self.pool, email).await?,
            None => None,
        };
        let holder = holder.map(|(account, _, is_verified)| (account, is_verified));
        let signed_in = ticket.link.map(|link| link.account);
        Ok(Known { signed_in, linked: oauth_links::find(&self.pool, foreign).await?, email, holder })
    }

    async fn still_signed_in(&self, link: LinkTo) -> Result<(), Problem> {
        let login = sessions::find(&self.pool, link.session).await?;
        let is_live = |login: &Login| login.person.account == link.account && login.family.is_live(self.world.now());
        login.filter(is_live).map(drop).ok_or_else(session_revoked)
    }

    async fn link(&self, foreign: ForeignAccount<'_>, account: AccountId, origin: &Origin) -> Result<(), Problem> {
        let (email, locale) = accounts::contact(&self.pool, account).await?;
        let event = self.linked(account, foreign, origin);
        let linked = OauthLinked { provider: foreign.provider.to_owned() };
        let mail = mail(&self.world, &email, &locale, linked);
        self.outbox
            .transact(async |tx| {
                if !oauth_links::add(tx, foreign, account, event.at).await? {
                    // Also when the same sign-in was faster in another tab: the next one signs in.
                    let detail = "This account is linked with another account of the other service.";
                    return Err(Problem::conflict("already_linked", detail));
                }
                security_events::add(&mut **tx, &event).await?;
                Ok(tx.send(mail).await?)
            })
            .await
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
                && oauth_links::add(tx, foreign, account, now).await?;
            if !is_made {
                return Err(Overtaken::BySomebody);
            }
            // The first administrator proves the address here, not at a provider.
            if let Some((_, verified)) = accounts::verify(tx, email, &self.world).await? {
                tx.emit(&verified).await?;
            }
            security_events::add(&mut **tx, &self.linked(account, foreign, origin)).await?;
            Ok(account)
        });
        match created.await {
            Ok(account) => Ok(Some(account)),
            Err(Overtaken::BySomebody) => Ok(None),
            Err(Overtaken::Sql(error)) => Err(error.into()),
        }
    }

    fn linked(&self, account: AccountId, foreign: ForeignAccount<'_>, origin: &Origin) -> SecurityEvent {
        happened(&self.world, account, Kind::OauthLinked, origin).with(foreign.provider)
    }

    async fn enter(&self, account: AccountId, identity: &Identity, origin: &Origin) -> Result<SignedIn, Problem> {
        if totp::secret(&self.pool, account).await?.is_some() {
            // Somebody who wants two proofs here does not want one from elsewhere to do.
            let methods = vec![METHOD.to_owned()];
            let waiting = Waiting { account, methods, transport: Transport::Cookie, device_name: None };
            let token = second_factor::ask(&self.pool, &waiting, &self.world).await?;
            return Ok(SignedIn::NeedsCode(WAITING.set(&token).map_err(Problem::internal)?));
        }
        let person = accounts::person(&self.pool, account).await?;
        let person = person.ok_or_else(|| Problem::internal("a linked account is gone"))?;
        let now = self.world.now();
        // A provider's session may be old: what it says of its age counts.
        let proof = Proof::by(METHOD, identity.auth_time.map_or(now, |at| at.min(now)));
        let (_, refresh) = self.sign_in.begin(&person, &proof, (None, origin)).await?;
        Ok(SignedIn::Session(REFRESH.set(&refresh.reveal()).map_err(Problem::internal)?))
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
