//! What a browser carries to a provider and back: state, nonce and PKCE verifier in a cookie that nobody else can have written.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::{AccountId, SessionId, World};
use password::Pepper;
use ring::digest;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use time::{Duration, OffsetDateTime};

use crate::{host_cookie::HostCookie, proof::Proof};

/// Carries it; lax, because the browser comes back from another site.
pub const COOKIE: HostCookie = HostCookie::lax("__Host-oauth", LIFETIME);
/// How long somebody may look for the password of the other account.
const LIFETIME: Duration = Duration::minutes(10);
const PURPOSE: &str = "oauth ticket";

/// What somebody goes to a provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    SignIn,
    /// One more way to sign in to the account.
    Link(Begun),
    /// The provider asks once more who they are.
    StepUp(Begun),
}

/// The session that somebody is signed in with when they leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    pub account: AccountId,
    /// Must still live at the end.
    pub session: SessionId,
    /// What the access token said.
    pub proof: Proof,
}

/// A browser on its way to a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Where it goes.
    pub provider: String,
    /// Comes back in the address.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Proves to the provider that the code comes from where the sign-in began.
    pub verifier: String,
    pub purpose: Purpose,
    #[serde(with = "time::serde::timestamp")]
    pub started_at: OffsetDateTime,
}

impl Ticket {
    /// With fresh secrets.
    pub fn new(world: &World, provider: &str, purpose: Purpose) -> Self {
        let random = || BASE64_URL_SAFE_NO_PAD.encode(world.bytes::<32>());
        Self {
            provider: provider.to_owned(),
            state: random(),
            nonce: random(),
            verifier: random(),
            purpose,
            started_at: world.now(),
        }
    }

    /// The challenge of the verifier (S256).
    pub fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.verifier.as_bytes()))
    }

    /// Signed, for the cookie.
    pub fn seal(&self, pepper: &Pepper) -> Result<String, serde_json::Error> {
        let body = serde_json::to_vec(self)?;
        let tag = pepper.tag(PURPOSE, &[&body]);
        Ok(format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(body), BASE64_URL_SAFE_NO_PAD.encode(tag)))
    }

    /// What was sealed here not too long ago.
    pub fn open(text: &str, pepper: &Pepper, now: OffsetDateTime) -> Option<Self> {
        let (body, tag) = text.split_once('.')?;
        let (body, tag) = (BASE64_URL_SAFE_NO_PAD.decode(body).ok()?, BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?);
        if !bool::from(pepper.tag(PURPOSE, &[&body]).ct_eq(&tag)) {
            return None;
        }
        let ticket: Self = serde_json::from_slice(&body).ok()?;
        (now < ticket.started_at + LIFETIME).then_some(ticket)
    }

    /// Whether an answer belongs to this sign-in.
    pub fn is_of(&self, provider: &str, state: Option<&str>) -> bool {
        let state = state.unwrap_or_default();
        self.provider == provider && bool::from(self.state.as_bytes().ct_eq(state.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> (Ticket, World) {
        let (world, _) = World::replay(OffsetDateTime::UNIX_EPOCH, 7);
        (Ticket::new(&world, "local", Purpose::SignIn), world)
    }

    #[test]
    fn only_what_was_sealed_here_opens_and_only_in_time() {
        let (pepper, (ticket, world)) = (Pepper::new(&[1; 32]), ticket());
        let sealed = ticket.seal(&pepper).unwrap();
        assert_eq!(Ticket::open(&sealed, &pepper, world.now()), Some(ticket));
        assert_eq!(Ticket::open(&sealed, &pepper, world.now() + LIFETIME), None);
        assert_eq!(Ticket::open(&sealed, &Pepper::new(&[2; 32]), world.now()), None);
        let (body, tag) = sealed.split_once('.').unwrap();
        let other = BASE64_URL_SAFE_NO_PAD.encode(b"{}");
        for forged in [format!("{other}.{tag}"), format!("{body}."), body.to_owned(), String::new()] {
            assert_eq!(Ticket::open(&forged, &pepper, world.now()), None, "{forged}");
        }
    }

    #[test]
    fn an_answer_belongs_to_its_sign_in() {
        let (ticket, _) = ticket();
        assert!(ticket.is_of("local", Some(&ticket.state)));
        assert!(!ticket.is_of("google", Some(&ticket.state)));
        for wrong in [None, Some(""), Some("x"), Some(ticket.nonce.as_str())] {
            assert!(!ticket.is_of("local", wrong));
        }
    }

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636() {
        let (ticket, _) = ticket();
        let ticket = Ticket { verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(), ..ticket };
        assert_eq!(ticket.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
