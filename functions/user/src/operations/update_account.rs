//! `PATCH /v1/users/me`: changes what the person told about themselves, by JSON Merge Patch, against the version that was seen.

use cinema_http::{Cached, HeaderMap, IfMatch, Json, Patch, Problem, State, Uncapped, etag};
use kernel::{Locale, Territory};
use serde::Deserialize;
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{
    account::{Account, Details},
    problems::account_not_ready,
    profile::Name,
    store::accounts,
};

pub(super) type UpdateAccount = PgPool;

/// What the person may change of the account; null takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateAccountRequest {
    #[serde(default)]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 40, example = "Anna")]
    name: Patch<Name>,
    /// Null: the language of the registration again.
    #[serde(default)]
    #[schema(value_type = Option<Locale>)]
    locale: Patch<Locale>,
    /// Where the person lives.
    #[serde(default)]
    #[schema(value_type = Option<Territory>)]
    territory: Patch<Territory>,
}

impl UpdateAccountRequest {
    /// What is known after the change; `chosen_locale` is what the person chose before, if they did.
    fn applied_to(&self, account: &Account, chosen_locale: Option<Locale>) -> Details {
        Details {
            name: match &self.name {
                Patch::Absent => account.name.clone(),
                Patch::Remove => None,
                Patch::Set(name) => Some(name.to_string()),
            },
            locale: match &self.locale {
                Patch::Absent => chosen_locale,
                Patch::Remove => None,
                Patch::Set(locale) => Some(locale.clone()),
            },
            territory: match &self.territory {
                Patch::Absent => account.territory.clone(),
                Patch::Remove => None,
                Patch::Set(territory) => Some(territory.clone()),
            },
        }
    }
}

/// Changes the caller's account.
#[utoipa::path(
    patch, path = "/v1/users/me", tag = "user",
    params(("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen.")),
    request_body(
        content = UpdateAccountRequest, content_type = "application/merge-patch+json",
        description = "JSON Merge Patch (RFC 7396): absent members stay, null removes"
    ),
    responses((status = 200, body = Account), Problem)
)]
pub(super) async fn update_account(
    State(pool): State<UpdateAccount>,
    caller: Uncapped<10>,
    if_match: IfMatch,
    Json(request): Json<UpdateAccountRequest>,
) -> Result<Cached<Account>, Problem> {
    let account = postgres::transact(&pool, async |tx| {
        let (before, chosen_locale) = accounts::lock(tx, caller.id).await?.ok_or_else(account_not_ready)?;
        if_match.check(&etag(&serde_json::to_vec(&before).map_err(Problem::internal)?))?;
        let details = request.applied_to(&before, chosen_locale);
        Ok::<_, Problem>(accounts::put_details(tx, caller.id, &details).await?)
    });
    Ok(Cached::private(account.await?, &HeaderMap::new()))
}
