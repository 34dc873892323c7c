//! `GET /v1/admin/templates/{key}`: the words of a mail in each language and what they may name. `GET …/versions`: every version.

use std::collections::BTreeMap;

use cinema_http::{Editor, HeaderName, Json, Page, PageParams, Pages, Path, Problem, State, header};
use proto::mail::Template;
use serde::Serialize;
use sqlx::PgPool;
use utoipa::ToSchema;

use crate::{
    content::Content,
    edited::{Preview, TemplateVersion, etag},
    language::Language,
    problems::no_such_template,
    store::wordings::{self, Version},
    wording::{VariableKind, Variables, sample},
};

runtime::wire! { pub(super) struct GetTemplate { pool: PgPool } }

/// A mail as editors write it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EditedTemplate {
    key: String,
    /// Of its newest version, in whatever language; 0: there is none.
    version: i64,
    /// What its words may name.
    variables: BTreeMap<String, VariableKind>,
    en: InLanguage,
    ru: InLanguage,
}

/// The words of a mail in one language.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InLanguage {
    /// What counts.
    current: TemplateVersion,
    /// The words that came with the program, with examples for the variables.
    built_in: Preview,
}

/// The words of a mail.
#[utoipa::path(
    get, path = "/v1/admin/templates/{key}", tag = "notification",
    params(("key" = String, Path, description = "The name of a mail: `welcome`, `payment_failed`…")),
    responses((status = 200, body = EditedTemplate), Problem)
)]
pub(super) async fn get_template(
    State(GetTemplate { pool }): State<GetTemplate>,
    Editor(_editor): Editor,
    Path(key): Path<String>,
) -> Result<([(HeaderName, String); 1], Json<EditedTemplate>), Problem> {
    let template = sample(&key).ok_or_else(no_such_template)?;
    let version = wordings::newest(&pool, &key).await?;
    let edited = EditedTemplate {
        en: in_language(&pool, &template, Language::En).await?,
        ru: in_language(&pool, &template, Language::Ru).await?,
        variables: Variables::of_sample(&template).kinds().clone(),
        version,
        key,
    };
    Ok(([(header::ETAG, etag(version))], Json(edited)))
}

async fn in_language(pool: &PgPool, template: &Template, language: Language) -> Result<InLanguage, Problem> {
    let built_in = Content::of(template, &language.reader()).map_err(Problem::internal)?;
    let current = wordings::current(pool, template.name(), language).await?;
    Ok(InLanguage { current: current.into(), built_in: built_in.into() })
}

/// Every version of a mail's words, newest first.
#[utoipa::path(
    get, path = "/v1/admin/templates/{key}/versions", tag = "notification",
    params(("key" = String, Path, description = "The name of a mail: `welcome`, `payment_failed`…"), PageParams),
    responses((status = 200, body = Page<TemplateVersion>), Problem)
)]
pub(super) async fn list_versions(
    State(GetTemplate { pool }): State<GetTemplate>,
    Editor(_editor): Editor,
    Path(key): Path<String>,
    pages: Pages,
) -> Result<Json<Page<TemplateVersion>>, Problem> {
    let template = sample(&key).ok_or_else(no_such_template)?;
    let rows = wordings::list(&pool, template.name(), pages.after()?, pages.rows()).await?;
    Ok(Json(pages.page(rows, |row: &Version| row.number, TemplateVersion::from)))
}
