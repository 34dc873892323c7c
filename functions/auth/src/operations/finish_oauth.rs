//! `GET /v1/auth/oauth/{provider}/callback`: the browser comes back from a provider, is signed in by the refresh cookie, and goes on to the
//! page. No token is ever in an address.

use cinema_http::{
    Audience, HeaderMap, HeaderValue, IntoResponse, OpenApiRouter, Origin, Path, Problem, Query, Response, State,
    StatusCode, header, routes,
};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Deserialize;

use crate::{
    guard::Guard,
    oidc::{self, Providers, Ticket},
    pepper::Pepper,
    welcome::{Entered, Welcome},
};

/// What a provider adds to the address; whatever else it adds is ignored.
#[derive(Deserialize)]
struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    iss: Option<String>,
}

#[derive(Clone)]
struct Arrivals {
    providers: Providers,
    welcome: Welcome,
    pepper: Pepper,
    guard: Guard,
    page: String,
    world: World,
}

/// 303 to the page: to `#/signed-in` with the refresh token in its cookie, or to `#/code` with the token for `POST /v1/auth/mfa/verify` in its own
/// where the account has a second factor. 404 for an unknown provider, 400 `state_mismatch` when the journey did not begin in
/// this browser within ten minutes, 400 `code_refused`, 403 `sign_in_cancelled`, `address_unverified` or `email_unverified`, 409
/// `linked_elsewhere`, 502 `provider_unavailable`.
#[utoipa::path(get, path = "/v1/auth/oauth/{provider}/callback", tag = "auth",
    params(("provider" = String, Path), ("code" = Option<String>, Query), ("state" = Option<String>, Query),
        ("error" = Option<String>, Query), ("iss" = Option<String>, Query)),
    responses((status = 303), Problem))]
async fn finish_oauth(
    State(arrivals): State<Arrivals>,
    Path(provider): Path<String>,
    caller: Audience,
    origin: Origin,
    Query(returned): Query<Returned>,
) -> Result<Response, Problem> {
    arrivals.providers.find(&provider)?;
    arrivals.guard.journey(&origin.address).await?;
    let ticket = arrivals.ticket(&caller.headers, &provider, &returned).await?;
    let forget = oidc::COOKIE.forget()?;
    // A ticket is good for one journey, however it ends.
    match arrivals.receive(&ticket, &returned, &caller, &origin).await {
        Ok(entered) => Ok(arrivals.go_on(entered, forget)?),
        Err(problem) => Err(problem.with_header(header::SET_COOKIE, forget)),
    }
}

impl Arrivals {
    async fn ticket(&self, headers: &HeaderMap, provider: &str, returned: &Returned) -> Result<Ticket, Problem> {
        let hasher = self.pepper.hasher().await?;
        let ticket = oidc::COOKIE.read(headers).and_then(|text| Ticket::open(text, &hasher, self.world.now()));
        ticket.filter(|ticket| ticket.is_of(provider, returned.state.as_deref())).ok_or_else(|| {
            let detail = "This sign-in did not begin in this browser, or it took too long. Begin again.";
            Problem::bad_request("state_mismatch", detail)
        })
    }

    async fn receive(
        &self,
        ticket: &Ticket,
        returned: &Returned,
        caller: &Audience,
        origin: &Origin,
    ) -> Result<Entered, Problem> {
        let provider = self.providers.find(&ticket.provider)?;
        if !provider.is_issuer(returned.iss.as_deref()) {
            return Err(Problem::bad_request("state_mismatch", "The answer comes from somebody else."));
        }
        let code = match (&returned.code, returned.error.as_deref()) {
            (Some(code), None) => code,
            (_, Some("access_denied")) => {
                return Err(Problem::forbidden("sign_in_cancelled", "The sign-in was cancelled."));
            }
            (_, error) => {
                let detail = "The other service could not sign you in. Try again later.";
                let problem = Problem::new(StatusCode::BAD_GATEWAY, "provider_unavailable", detail);
                return Err(problem.because(format_args!("answered {error:?}")));
            }
        };
        let arriving = provider.arriving(code, ticket).await?;
        self.welcome.receive(ticket, &arriving, &caller.locale, origin).await
    }

    fn go_on(&self, entered: Entered, forget: HeaderValue) -> Result<Response, Problem> {
        let (place, cookie) = match entered {
            Entered::Linked => ("", None),
            Entered::SignedIn(cookie) => ("#/signed-in", Some(cookie)),
            Entered::NeedsCode(cookie) => ("#/code", Some(cookie)),
        };
        let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, format!("{}/{place}", self.page))]).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for cookie in [forget].into_iter().chain(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
        Ok(response)
    }
}

/// Postgres, Redis for the limits, the pepper, the signing key, the providers, the queue of mails, and the stream of events.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let arrivals = Arrivals {
        providers: Providers::wire(boot)?,
        welcome: Welcome::wire(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        page: boot.required("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(finish_oauth)).with_state(arrivals))
}
