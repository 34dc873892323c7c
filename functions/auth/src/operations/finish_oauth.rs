//! `GET /v1/auth/oauth/{provider}/callback`: the browser comes back from a provider, is signed in by the refresh cookie, and goes on to the
//! page. No token is ever in an address.

use cinema_http::{
    Audience, HeaderMap, HeaderValue, IntoResponse, Origin, Path, Problem, Query, Response, State, StatusCode, header,
};
use kernel::World;
use password::Pepper;
use runtime::{Key, PublicUrl};
use serde::Deserialize;

use super::steps::{
    known_devices::KnownDevices,
    limits::Limits,
    oauth_failure,
    oauth_link::OauthLink,
    oauth_sign_in::{OauthSignIn, SignedIn},
    oauth_step_up::OauthStepUp,
};
use crate::{
    oidc::{self, Providers, Purpose, Ticket},
    problems::{ProviderUnavailable, state_mismatch},
    store::oauth_links::ForeignAccount,
};

/// What a provider adds to the address; whatever else it adds is ignored.
#[derive(Deserialize)]
pub(super) struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

runtime::wire! {
    pub(super) struct FinishOauth {
        providers: Providers,
        sign_in: OauthSignIn,
        link: OauthLink,
        step_up: OauthStepUp,
        devices: KnownDevices,
        pepper: Key<Pepper>,
        limits: Limits,
        page: PublicUrl,
        world: World,
    }
}

/// 303 to the page: to `#/signed-in` with the refresh token in its cookie, to `#/code` with the token for `POST /v1/auth/mfa/verify` in its own
/// where the account has a second factor, to `#/stepped-up` when the next refresh gives a token with a fresh proof, to `#/linked` when the account
/// is linked, or for a browser to `#/sign-in-failed` with the reason instead of a refusal. 404 for an unknown provider, 400 `state_mismatch` when
/// it did not begin in this browser within ten minutes, 400 `code_refused`, 403 `sign_in_cancelled`, `address_unverified` or `email_unverified`,
/// 502 `provider_unavailable`. Linking and stepping up: 401 `session_revoked`. Linking: 403 `step_up_required`, 409 `linked_elsewhere` or
/// `already_linked`. Stepping up: 403 `another_account` or `proof_too_old`.
#[utoipa::path(get, path = "/v1/auth/oauth/{provider}/callback", tag = "auth",
    params(("provider" = String, Path), ("code" = Option<String>, Query), ("state" = Option<String>, Query),
        ("error" = Option<String>, Query), ("iss" = Option<String>, Query)),
    responses((status = 303), ProviderUnavailable, Problem))]
pub(super) async fn finish_oauth(
    State(state): State<FinishOauth>,
    caller: Audience,
    origin: Origin,
    Path(provider): Path<String>,
    returned: Result<Query<Returned>, Problem>,
) -> Response {
    let finished = state.finish(&provider, returned, &caller, &origin).await;
    finished.unwrap_or_else(|problem| oauth_failure::answer(problem, &caller.headers, &state.page))
}

impl FinishOauth {
    async fn finish(
        &self,
        provider: &str,
        returned: Result<Query<Returned>, Problem>,
        caller: &Audience,
        origin: &Origin,
    ) -> Result<Response, Problem> {
        self.providers.find(provider)?;
        let Query(returned) = returned?;
        self.limits.count_oauth(&origin.address).await?;
        let ticket = self.ticket(&caller.headers, provider, &returned).await?;
        let forget = oidc::COOKIE.forget().map_err(Problem::internal)?;
        // A ticket is good for one sign-in, however it ends.
        match self.receive(&ticket, &returned, caller, origin).await {
            Ok(mut response) => {
                response.headers_mut().append(header::SET_COOKIE, forget);
                Ok(response)
            }
            Err(problem) => Err(problem.with_header(header::SET_COOKIE, forget)),
        }
    }

    async fn ticket(&self, headers: &HeaderMap, provider: &str, returned: &Returned) -> Result<Ticket, Problem> {
        let pepper = self.pepper.get().await?;
        let ticket = oidc::COOKIE.read(headers).and_then(|text| Ticket::open(text, pepper, self.world.now()));
        ticket.filter(|ticket| ticket.is_of(provider, returned.state.as_deref())).ok_or_else(|| {
            state_mismatch("This sign-in did not begin in this browser, or it took too long. Begin again.")
        })
    }

    async fn receive(
        &self,
        ticket: &Ticket,
        returned: &Returned,
        caller: &Audience,
        origin: &Origin,
    ) -> Result<Response, Problem> {
        let provider = self.providers.find(&ticket.provider)?;
        if !provider.has_answered(returned.iss.as_deref()).await? {
            return Err(state_mismatch("The answer comes from another service than you were sent to. Begin again."));
        }
        let code = match (&returned.code, returned.error.as_deref()) {
            (Some(code), None) => code,
            (_, Some("access_denied")) => {
                let detail = "The sign-in was cancelled at the other service. Begin again to sign in with it.";
                return Err(Problem::forbidden("sign_in_cancelled", detail));
            }
            (_, error) => return Err(oidc::ProviderError::Down(format!("answered {error:?}")).into()),
        };
        let identity = provider.identity(code, ticket).await?;
        match &ticket.purpose {
            Purpose::Link(begun) => {
                let foreign = ForeignAccount { provider: &ticket.provider, subject: &identity.subject };
                self.link.link(begun, foreign, origin).await?;
                Ok(self.go_on("/#/linked", None))
            }
            Purpose::StepUp(begun) => {
                self.step_up.renew((ticket, begun), &identity, origin).await?;
                Ok(self.go_on("/#/stepped-up", None))
            }
            Purpose::SignIn => match self.sign_in.receive(&ticket.provider, &identity, &caller.locale, origin).await? {
                SignedIn::Session { refresh, email } => {
                    let answer = self.go_on("/#/signed-in", Some(refresh));
                    self.devices.remember(&caller.headers, &email, answer).await
                }
                SignedIn::NeedsCode(waiting) => Ok(self.go_on("/#/code", Some(waiting))),
            },
        }
    }

    fn go_on(&self, place: &str, cookie: Option<HeaderValue>) -> Response {
        let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, self.page.join(place))]).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
        response
    }
}
