//! What happens to somebody who has come back from a provider.

use cinema_http::{HeaderValue, Origin, Problem};
use events::Outbox;
use kernel::{AccountId, Locale, World};
use runtime::{Boot, BootError};
use serde_json::json;

use crate::{
    letter::{self, letter},
    oidc::{
        Arriving, LinkTo, Ticket,
        link::{self, Decision, Known},
    },
    second_factor::{self, WAITING},
    security_event::{Kind, SecurityEvent},
    sign_in::SignIn,
    store::{Accounts, Arrival, Device, Links, Login, Proof, SecondFactors, Sessions, Waiting, ended},
    transport::{REFRESH, Transport},
};

/// RFC 8176 has no word for it; this one is what others use.
const METHOD: &str = "fed";
/// One retry when somebody was faster.
const ATTEMPTS: usize = 2;

/// Links, makes accounts and signs in.
#[derive(Clone)]
pub struct Welcome {
    accounts: Accounts,
    links: Links,
    sessions: Sessions,
    factors: SecondFactors,
    sign_in: SignIn,
    outbox: Outbox,
    world: World,
}

/// What has become of a journey, and the cookie that the browser takes along.
pub enum Entered {
    /// An account that is signed in has one more way to do so.
    Linked,
    /// A session began, with its refresh token.
    SignedIn(HeaderValue),
    /// The account has a second factor; the token to be sent with its code.
    NeedsCode(HeaderValue),
}

impl Welcome {
    /// Postgres, the signing key, the queue of mails, and the stream of events.
    pub fn wire(boot: &Boot) -> Result<Self, BootError> {
        let pool = boot.postgres()?;
        Ok(Self {
            accounts: Accounts::new(pool.clone()),
            links: Links::new(pool.clone()),
            sessions: Sessions::new(pool.clone()),
            factors: SecondFactors::new(pool),
            sign_in: SignIn::wire(boot)?,
            outbox: letter::outbox(boot)?.stream("domain-events", boot.stream("domain-events")?),
            world: boot.world(),
        })
    }

    /// Carries out what [`link::decide`] says.
    pub async fn receive(
        &self,
        ticket: &Ticket,
        arriving: &Arriving,
        locale: &Locale,
        origin: &Origin,
    ) -> Result<Entered, Problem> {
        if let Some(link) = ticket.link {
            self.still_signed_in(link).await?;
        }
        let arrival = Arrival { provider: &ticket.provider, subject: &arriving.subject };
        for _ in 0..ATTEMPTS {
            let known = self.known(ticket, arriving, arrival).await?;
            let account = match link::decide(&known) {
                Decision::Nothing => return Ok(Entered::Linked),
                Decision::SignIn(account) => Some(account),
                Decision::Link(account) => {
                    self.link(arrival, account, origin).await?;
                    return Ok(Entered::Linked);
                }
                Decision::LinkAndSignIn(account) => {
                    self.link(arrival, account, origin).await?;
                    Some(account)
                }
                Decision::Create(email) => {
                    let event = |account| self.linked(account, arrival, origin);
                    let made = self.links.create(&self.outbox, arrival, (email, locale), event, &self.world).await?;
                    match made {
                        Some((account, posted)) => {
                            self.outbox.publish(posted).await;
                            Some(account)
                        }
                        None => None,
                    }
                }
                Decision::Refuse(refusal) => return Err(refusal.into()),
            };
            if let Some(account) = account {
                return self.enter(account, arriving, origin).await;
            }
        }
        Err(Problem::unavailable("temporarily_unavailable", "the address was registered by others in each attempt"))
    }

    async fn known<'a>(
        &self,
        ticket: &Ticket,
        arriving: &'a Arriving,
        arrival: Arrival<'_>,
    ) -> Result<Known<'a>, Problem> {
        let email = arriving.email.as_ref();
        let holder = match email {
            Some(email) => self.links.holder(email).await?,
            None => None,
        };
        let signed_in = ticket.link.map(|link| link.account);
        Ok(Known { signed_in, linked: self.links.find(arrival).await?, email, holder })
    }

    async fn still_signed_in(&self, link: LinkTo) -> Result<(), Problem> {
        let login = self.sessions.find(link.session).await?;
        let is_live = |login: &Login| login.person.account == link.account && login.family.is_live(self.world.now());
        login.filter(is_live).map(drop).ok_or_else(ended)
    }

    async fn link(&self, arrival: Arrival<'_>, account: AccountId, origin: &Origin) -> Result<(), Problem> {
        let (email, locale) = self.accounts.contact(account).await?;
        let provider = json!({ "provider": arrival.provider });
        let told =
            (&self.linked(account, arrival, origin), letter(&self.world, "oauth_linked", &email, &locale, provider));
        let Some(posted) = self.links.link(&self.outbox, arrival, account, told).await? else {
            // Also when the same journey was faster in another tab: the next one signs in.
            let detail = "This account is linked with another account of the other service.";
            return Err(Problem::conflict("already_linked", detail));
        };
        self.outbox.publish(posted).await;
        Ok(())
    }

    fn linked(&self, account: AccountId, arrival: Arrival<'_>, origin: &Origin) -> SecurityEvent {
        SecurityEvent::new(&self.world, account, Kind::OauthLinked, origin).with(arrival.provider)
    }

    async fn enter(&self, account: AccountId, arriving: &Arriving, origin: &Origin) -> Result<Entered, Problem> {
        if self.factors.secret(account).await?.is_some() {
            // Somebody who wants two proofs here does not want one from elsewhere to do.
            let methods = vec![METHOD.to_owned()];
            let waiting = Waiting { account, methods, transport: Transport::Cookie, device_name: None };
            let token = second_factor::ask(&self.factors, &waiting, &self.world).await?;
            return Ok(Entered::NeedsCode(WAITING.set(&token)?));
        }
        let person = self.accounts.person(account).await?;
        let person = person.ok_or_else(|| Problem::internal("a linked account is gone"))?;
        let now = self.world.now();
        // A provider's session may be old: what it says of its age counts.
        let at = arriving.auth_time.map_or(now, |at| at.min(now));
        let proof = Proof { at, methods: vec![METHOD.to_owned()] };
        let (_, refresh) = self.sign_in.enter(&person, &proof, Device { name: None, origin }).await?;
        Ok(Entered::SignedIn(REFRESH.set(&refresh.reveal())?))
    }
}
