//! `GET /v1/auth/oauth/{provider}/start`: sends the browser to a provider, with everything that proves its return in a signed cookie.

use cinema_http::{
    Account, ClientAddress, HeaderValue, IntoResponse, Json, OpenApiRouter, Path, Problem, Response, State, StatusCode,
    header, routes,
};
use kernel::World;
use runtime::{Boot, BootError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    guard::Guard,
    oidc::{self, LinkTo, Providers, Ticket},
    pepper::Pepper,
    store::Sessions,
};

/// For a page whose account is to be linked: it goes there by itself, since it cannot be redirected by a request that carries its token.
#[derive(Serialize, ToSchema)]
struct Departure {
    /// The provider's page.
    authorization_url: String,
}

#[derive(Clone)]
struct Departures {
    providers: Providers,
    sessions: Sessions,
    pepper: Pepper,
    guard: Guard,
    world: World,
}

/// 303 to the provider; with an access token 200 with the address, and the account is linked at the end. 404 for an unknown provider, 502
/// `provider_unavailable`.
#[utoipa::path(get, path = "/v1/auth/oauth/{provider}/start", tag = "auth", params(("provider" = String, Path)),
    responses((status = 303), (status = 200, body = Departure), Problem))]
async fn start_oauth(
    State(departures): State<Departures>,
    Path(provider): Path<String>,
    ClientAddress(address): ClientAddress,
    account: Result<Account, Problem>,
) -> Result<Response, Problem> {
    let account = match account {
        Ok(account) => Some(account),
        Err(problem) if problem.code() == "token_required" => None,
        Err(problem) => return Err(problem),
    };
    let known = departures.providers.find(&provider)?;
    departures.guard.journey(&address).await?;
    let ticket = Ticket::new(&departures.world, &provider, departures.link_to(account.as_ref()).await?);
    let authorization_url = known.authorization_url(&ticket).await?;
    let cookie = oidc::COOKIE.set(&ticket.seal(&departures.pepper.hasher().await?)?)?;
    if account.is_some() {
        return Ok(([(header::SET_COOKIE, cookie)], Json::<_>(Departure { authorization_url })).into_response());
    }
    let location = HeaderValue::from_str(&authorization_url).map_err(Problem::internal)?;
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
}

impl Departures {
    async fn link_to(&self, account: Option<&Account>) -> Result<Option<LinkTo>, Problem> {
        let Some(account) = account else { return Ok(None) };
        self.sessions.live(account, self.world.now()).await?;
        Ok(Some(LinkTo { account: account.id, session: account.session }))
    }
}

/// Postgres, Redis for the limits, the pepper, and the providers.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let departures = Departures {
        providers: Providers::wire(boot)?,
        sessions: Sessions::new(boot.postgres()?),
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(start_oauth)).with_state(departures))
}
