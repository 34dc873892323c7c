//! Who is calling. The extractor in a handler's signature is what enforces the `access` of its yaml entry.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
};
use kernel::{AccountId, Languages, Locale, ProfileId, SessionId, Territory, policy};
use time::OffsetDateTime;

use crate::{Gate, NeededProof, Origin, Problem, proof::step_up_required, sessions::require_live, token::Claims};

/// A signed-in account. Where a service [hears of ended sessions](crate::live::refuse_ended), 401 for one that has ended and would change something.
#[derive(Debug, Clone)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// The login session of its token.
    pub session: SessionId,
    /// All claims.
    pub claims: Claims,
    /// Where the request comes from.
    pub origin: Origin,
}

/// A signed-in account with a chosen profile.
#[derive(Debug, Clone)]
pub struct Viewer {
    /// The account.
    pub account: AccountId,
    /// The profile.
    pub profile: ProfileId,
    /// Its highest age rating and its territory.
    pub policy: policy::Audience,
    /// Its language, then those of `Accept-Language`.
    pub languages: Languages,
    /// The first of them.
    pub locale: Locale,
    /// The login session of its token.
    pub session: SessionId,
}

/// An editor or administrator.
#[derive(Debug, Clone)]
pub struct Editor(pub Account);

/// A support agent or administrator.
#[derive(Debug, Clone)]
pub struct Support(pub Account);

/// An administrator.
#[derive(Debug, Clone)]
pub struct Admin(pub Account);

/// Anyone, signed in or not.
#[derive(Debug, Clone)]
pub struct Audience {
    /// The token's claims, if there is a token.
    pub claims: Option<Claims>,
    /// Highest age rating and territory.
    pub policy: policy::Audience,
    /// The profile's language, then those of `Accept-Language`.
    pub languages: Languages,
    /// The first of them.
    pub locale: Locale,
    /// The request's headers, for conditional answers.
    pub headers: HeaderMap,
}

impl Account {
    /// The profile's language, then those of `Accept-Language`.
    pub fn languages(&self, headers: &HeaderMap) -> Languages {
        languages(headers, Some(&self.claims))
    }
}

impl Audience {
    /// A JSON answer that shared caches may keep for `max_age` when the caller is anonymous, and that only the caller revalidates otherwise.
    pub fn cache<T: serde::Serialize>(&self, body: T, max_age: std::time::Duration) -> crate::Cached<T> {
        match self.claims {
            None => crate::Cached::public(body, max_age, &self.headers),
            Some(_) => crate::Cached::private(body, &self.headers),
        }
    }

    /// Where the request comes from.
    pub fn territory(&self) -> &Territory {
        &self.policy.territory
    }
}

impl Account {
    /// Whom the token names; whether its session still lives has not been asked.
    pub(crate) async fn of_token(parts: &mut Parts) -> Result<Self, Problem> {
        let gate = Gate::of(parts)?;
        let claims = claims(parts, &gate).await?;
        let claims = claims.ok_or_else(|| Problem::unauthorized("token_required", "Sign in first."))?;
        Ok(Self { id: claims.sub, session: claims.sid, origin: Origin::of(parts, &gate), claims })
    }

    /// 403 `step_up_required` unless the person proved who they are within `age`.
    pub fn require_fresh(&self, now: OffsetDateTime, age: time::Duration) -> Result<(), Problem> {
        if self.is_fresh(now, age) { Ok(()) } else { Err(step_up_required(NeededProof::within(age, false))) }
    }

    pub(crate) fn is_fresh(&self, now: OffsetDateTime, age: time::Duration) -> bool {
        now.unix_timestamp() - self.claims.auth_time <= age.whole_seconds()
    }

    fn require(self, role: &str) -> Result<Self, Problem> {
        if self.claims.roles.iter().any(|held| held == role || held == "admin") {
            return Ok(self);
        }
        Err(Problem::forbidden("role_required", format!("This needs the role {role}. Ask an administrator for it.")))
    }
}

/// The token of `Authorization: Bearer`; `None` without the header.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let Some(header) = sent.next() else { return Ok(None) };
    let text = header.to_str().unwrap_or_default();
    match (text.split_once(' '), sent.next()) {
        (Some((scheme, token)), None) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(token.trim())),
        _ => Err(Problem::unauthorized(
            "invalid_token",
            "The Authorization header cannot be read. Send one: Bearer <access token>.",
        )),
    }
}

/// The claims of the request's token, verified once however many extractors ask.
pub(crate) async fn claims(parts: &mut Parts, gate: &Gate) -> Result<Option<Claims>, Problem> {
    if let Some(Verified(claims)) = parts.extensions.get() {
        return Ok(Some(claims.clone()));
    }
    let Some(token) = bearer(&parts.headers)? else { return Ok(None) };
    let claims = gate.verifier.verify(token).await?;
    parts.extensions.insert(Verified(claims.clone()));
    Ok(Some(claims))
}

#[derive(Clone)]
struct Verified(Claims);

fn languages(headers: &HeaderMap, claims: Option<&Claims>) -> Languages {
    let header = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepted = Languages::accepted(header);
    match claims {
        Some(claims) => accepted.after(claims.locale.clone()),
        None => accepted,
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let account = Self::of_token(parts).await?;
        require_live(parts, account.session).await?;
        Ok(account)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let account = Account::of_token(parts).await?;
        let missing = || Problem::forbidden("profile_required", "Choose a profile first.");
        let profile = account.claims.pid.ok_or_else(missing)?;
        require_live(parts, account.session).await?;
        Ok(Self {
            account: account.id,
            profile,
            policy: policy::Audience { max_rating: account.claims.cap(), territory: account.origin.territory },
            languages: languages(&parts.headers, Some(&account.claims)),
            locale: account.claims.locale,
            session: account.session,
        })
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Audience {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let gate = Gate::of(parts)?;
        // A token that is present but wrong is refused even where none is needed: the client believes to be signed in.
        let claims = claims(parts, &gate).await?;
        let territory = Origin::of(parts, &gate).territory;
        let max_rating = claims.as_ref().map_or(policy::ADULT, Claims::cap);
        let languages = languages(&parts.headers, claims.as_ref());
        let policy = policy::Audience { territory, max_rating };
        Ok(Self { claims, policy, locale: languages.first(), languages, headers: parts.headers.clone() })
    }
}

macro_rules! role {
    ($extractor:ident, $role:literal) => {
        impl<S: Send + Sync> FromRequestParts<S> for $extractor {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let account = Account::of_token(parts).await?.require($role)?;
                require_live(parts, account.session).await?;
                Ok(Self(account))
            }
        }
    };
}

role!(Editor, "editor");
role!(Support, "support");
role!(Admin, "admin");

/// Why a title cannot be watched, as an answer.
impl From<policy::Refusal> for Problem {
    fn from(refusal: policy::Refusal) -> Self {
        use policy::Refusal;
        match refusal {
            Refusal::NotFound | Refusal::NotAvailable => Self::not_found("title"),
            Refusal::Withdrawn => Self::new(StatusCode::GONE, "title_withdrawn", "This title is no longer offered."),
            Refusal::RatingTooHigh => Self::forbidden(
                "rating_too_high",
                "This profile may not watch titles with this age rating. Choose another profile.",
            ),
            Refusal::TerritoryNotAllowed => Self::new(
                StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
                "territory_not_allowed",
                "This title is not offered where you are.",
            ),
            Refusal::NoAsset => Self::conflict(
                "not_playable_yet",
                "There is nothing to play of this title yet. Of a series, choose an episode; otherwise try again later.",
            ),
            Refusal::SubscriptionRequired => Self::new(
                StatusCode::PAYMENT_REQUIRED,
                "subscription_required",
                "Watching needs a plan. Choose one first.",
            ),
            Refusal::PlanTooLow => Self::new(
                StatusCode::PAYMENT_REQUIRED,
                "plan_too_low",
                "Your plan does not include this title. Choose a larger one.",
            ),
        }
    }
}
