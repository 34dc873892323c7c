//! `GET /v1/auth/oauth/providers`: the providers whose accounts can sign in here.

use std::time::Duration;

use cinema_http::{Audience, Cached, Problem, State};
use runtime::PublicUrl;
use serde::Serialize;
use utoipa::ToSchema;

use crate::oidc::{Provider, Providers};

/// The list changes with a deployment.
const MAX_AGE: Duration = Duration::from_secs(300);

/// A provider whose accounts can sign in here.
#[derive(Serialize, ToSchema)]
pub(super) struct SignInProvider {
    /// What addresses and links call it.
    #[schema(example = "google")]
    name: String,
    /// What people call it.
    #[schema(example = "Google")]
    display_name: String,
    /// Where a browser goes to sign in, or with an access token asks where to go to link.
    #[schema(example = "https://cinema.example/v1/auth/oauth/google/start")]
    start_url: String,
}

/// All of them, by name.
#[derive(Serialize, ToSchema)]
pub(super) struct ProviderList {
    items: Vec<SignInProvider>,
}

runtime::wire! {
    pub(super) struct ListProviders {
        providers: Providers,
        public_url: PublicUrl,
    }
}

/// The providers whose accounts can sign in here, and where a browser goes for it.
#[utoipa::path(get, path = "/v1/auth/oauth/providers", tag = "auth",
    responses((status = 200, body = ProviderList), (status = 304, description = "Not changed"), Problem))]
pub(super) async fn list_providers(
    State(state): State<ListProviders>,
    caller: Audience,
) -> Result<Cached<ProviderList>, Problem> {
    let items = state.providers.all().map(|(name, provider)| state.listed(name, provider)).collect();
    Ok(Cached::public(ProviderList { items }, MAX_AGE, &caller.headers))
}

impl ListProviders {
    fn listed(&self, name: &str, provider: &Provider) -> SignInProvider {
        SignInProvider {
            name: name.to_owned(),
            display_name: provider.display_name(name),
            start_url: self.public_url.join(&format!("/v1/auth/oauth/{name}/start")),
        }
    }
}
