//! `GET /v1/auth/oauth/{provider}/start`: sends the browser to a provider, with everything that proves its return in a signed cookie.

use cinema_http::{ClientAddress, HeaderValue, IntoResponse, Json, Path, Problem, Response, State, StatusCode, header};
use kernel::World;
use password::Pepper;
use runtime::Key;
use serde::Serialize;
use utoipa::ToSchema;

use super::steps::{
    limits::Limits,
    live_account::{LiveAccount, wire_with_sessions},
};
use crate::oidc::{self, LinkTo, Providers, Ticket};

/// For a page whose account is to be linked: it goes there by itself, since it cannot be redirected by a request that carries its token.
#[derive(Serialize, ToSchema)]
pub(super) struct Departure {
    /// The provider's page.
    authorization_url: String,
}

wire_with_sessions! {
    pub(super) struct StartOauth {
        providers: Providers,
        pepper: Key<Pepper>,
        limits: Limits,
        world: World,
    }
}

/// 303 to the provider; with an access token 200 with the address, and the account is linked at the end. 404 for an unknown provider, 502
/// `provider_unavailable`.
#[utoipa::path(get, path = "/v1/auth/oauth/{provider}/start", tag = "auth", params(("provider" = String, Path)),
    responses((status = 303), (status = 200, body = Departure), Problem))]
pub(super) async fn start_oauth(
    State(state): State<StartOauth>,
    account: Result<LiveAccount, Problem>,
    ClientAddress(address): ClientAddress,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let account = match account {
        Ok(account) => Some(account),
        Err(problem) if problem.code() == "token_required" => None,
        Err(problem) => return Err(problem),
    };
    let provider = state.providers.find(&name)?;
    state.limits.count_oauth(&address).await?;
    let link = account.as_ref().map(|account| LinkTo { account: account.id, session: account.session });
    let ticket = Ticket::new(&state.world, &name, link);
    let authorization_url = provider.authorization_url(&ticket).await?;
    let sealed = ticket.seal(state.pepper.get().await?).map_err(Problem::internal)?;
    let cookie = oidc::COOKIE.set(&sealed).map_err(Problem::internal)?;
    if account.is_some() {
        return Ok(([(header::SET_COOKIE, cookie)], Json::<_>(Departure { authorization_url })).into_response());
    }
    let location = HeaderValue::from_str(&authorization_url).map_err(Problem::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
}
