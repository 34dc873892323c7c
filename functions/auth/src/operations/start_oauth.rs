//! `GET /v1/auth/oauth/{provider}/start`: sends the browser to a provider, with everything that proves its return in a signed cookie.

use cinema_http::{
    ClientAddress, HeaderMap, HeaderValue, IntoResponse, Json, Path, Problem, Proven, Query, Response, State,
    StatusCode, header,
};
use kernel::World;
use password::Pepper;
use runtime::{Key, PublicUrl};
use serde::{Deserialize, Serialize};
use stores::PgPool;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::steps::{
    limits::Limits,
    live_account::{LiveAccount, wire_with_sessions},
    oauth_failure,
};
use crate::{
    oidc::{self, Begun, Providers, Purpose, Ticket},
    problems::ProviderUnavailable,
    proof::Proof,
    store::oauth_links,
};

/// What to go there for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Departing {
    /// `link` adds a way to sign in, `step_up` proves once more who the person is. Both take an access token; without a purpose a token
    /// links, and nobody signs in.
    #[param(inline)]
    purpose: Option<Asked>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Asked {
    Link,
    StepUp,
}

/// For a page that is signed in: it goes there by itself, since it cannot be redirected by a request that carries its token.
#[derive(Serialize, ToSchema)]
pub(super) struct Departure {
    /// The provider's page.
    authorization_url: String,
}

wire_with_sessions! {
    pub(super) struct StartOauth {
        providers: Providers,
        pool: PgPool,
        pepper: Key<Pepper>,
        limits: Limits,
        page: PublicUrl,
        world: World,
    }
}

/// 303 to the provider; with an access token 200 with the address, and at the end the account is linked or the proof of the session is fresh.
/// 404 for an unknown provider, 502 `provider_unavailable`: a browser goes on to the page with the reason. Linking: 403 `step_up_required`
/// unless the person proved who they are in the last ten minutes, with a code where an authenticator is in use, here and at the end. Stepping up:
/// 404 for a provider that is not linked.
#[utoipa::path(get, path = "/v1/auth/oauth/{provider}/start", tag = "auth", params(("provider" = String, Path), Departing),
    responses((status = 303), (status = 200, body = Departure), ProviderUnavailable, Problem))]
pub(super) async fn start_oauth(
    State(state): State<StartOauth>,
    account: Result<LiveAccount, Problem>,
    proven: Result<Proven<10, true>, Problem>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Path(name): Path<String>,
    departing: Result<Query<Departing>, Problem>,
) -> Response {
    let left = state.leave((account, proven), &name, departing, &address).await;
    left.unwrap_or_else(|problem| oauth_failure::answer(problem, &headers, &state.page))
}

type Caller = (Result<LiveAccount, Problem>, Result<Proven<10, true>, Problem>);

impl StartOauth {
    async fn leave(
        &self,
        (account, proven): Caller,
        name: &str,
        departing: Result<Query<Departing>, Problem>,
        address: &str,
    ) -> Result<Response, Problem> {
        let Query(departing) = departing?;
        let account = match account {
            Ok(account) => Some(account),
            Err(problem) if problem.code() == "token_required" && departing.purpose.is_none() => None,
            Err(problem) => return Err(problem),
        };
        let provider = self.providers.find(name)?;
        self.limits.count_oauth(address).await?;
        let purpose = match (&account, departing.purpose) {
            (None, _) => Purpose::SignIn,
            (Some(account), None | Some(Asked::Link)) => {
                proven?;
                Purpose::Link(begun(account))
            }
            (Some(account), Some(Asked::StepUp)) => {
                let links = oauth_links::list(&self.pool, account.id).await?;
                if !links.iter().any(|link| link.provider == name) {
                    return Err(Problem::not_found("link"));
                }
                Purpose::StepUp(begun(account))
            }
        };
        let ticket = Ticket::new(&self.world, name, purpose);
        let authorization_url = provider.authorization_url(&ticket).await?;
        let sealed = ticket.seal(self.pepper.get().await?).map_err(Problem::internal)?;
        let cookie = oidc::COOKIE.set(&sealed).map_err(Problem::internal)?;
        if account.is_some() {
            return Ok(([(header::SET_COOKIE, cookie)], Json::<_>(Departure { authorization_url })).into_response());
        }
        let location = HeaderValue::from_str(&authorization_url).map_err(Problem::internal)?;
        Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
    }
}

fn begun(account: &LiveAccount) -> Begun {
    let claims = &account.claims;
    let at = OffsetDateTime::from_unix_timestamp(claims.auth_time).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let proof = Proof { at, methods: claims.amr.clone() };
    Begun { account: account.id, session: account.session, proof }
}
