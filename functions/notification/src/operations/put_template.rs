//! `PUT /v1/admin/templates/{key}`: the words of a mail in a language, as a new version. The next mails are sent in them.

use cinema_http::{Editor, HeaderName, IfMatch, Json, Path, Problem, Proven, State, header, knows_sessions};
use events::EndedSessions;
use kernel::World;
use proto::mail::Template;
use serde::Deserialize;
use sqlx::PgPool;
use stores::postgres;
use utoipa::ToSchema;

use crate::{
    edited::{TemplateVersion, etag},
    language::Language,
    problems::{faulty_wording, no_such_template},
    store::wordings::{self, Version},
    wording::{Body, Subject, Wording, sample},
};

runtime::wire! { pub(super) struct PutTemplate { pool: PgPool, sessions: EndedSessions, world: World } }

knows_sessions!(PutTemplate: EndedSessions);

/// A subject and a body, or the version whose words count again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutTemplateRequest {
    language: Language,
    /// One line, which may name variables: `{{ plan }}`.
    #[schema(value_type = Option<String>, max_length = 200)]
    subject: Option<Subject>,
    /// Paragraphs between empty lines, which may name variables and say with `{% if %}` and `{% for %}` what depends on them. Lines that begin
    /// with a dash are a list.
    #[schema(value_type = Option<String>, max_length = 10000)]
    body: Option<Body>,
    /// Instead of both: a version in this language, or 0 for the words that came with the program.
    #[schema(minimum = 0)]
    version: Option<i64>,
}

/// What an editor wants.
enum Wish {
    Write(Wording),
    Restore(i64),
}

impl PutTemplateRequest {
    fn wish(self) -> Result<Wish, Problem> {
        match (self.subject, self.body, self.version) {
            (Some(subject), Some(body), None) => Ok(Wish::Write(Wording { subject, body })),
            (None, None, Some(version)) => Ok(Wish::Restore(version)),
            (Some(_), None, None) => Err(Problem::invalid("/body", "is missing")),
            (None, Some(_), None) => Err(Problem::invalid("/subject", "is missing")),
            (None, None, None) => Err(Problem::invalid("/subject", "is missing").at("/body", "is missing")),
            _ => Err(Problem::invalid("/version", "must not be given with a subject or a body")),
        }
    }
}

/// Writes a mail's words in a language, or takes those of an older version again. Every version is kept.
///
/// 422 names each variable that the mail has not, and the code that a mail with a code must show. Words that are there already make no new version.
#[utoipa::path(
    put, path = "/v1/admin/templates/{key}", tag = "notification", request_body = PutTemplateRequest,
    params(
        ("key" = String, Path, description = "The name of a mail: `welcome`, `payment_failed`…"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")
    ),
    responses((status = 200, body = TemplateVersion), Problem)
)]
pub(super) async fn put_template(
    State(PutTemplate { pool, world, .. }): State<PutTemplate>,
    Editor(editor): Editor,
    _proof: Proven<60>,
    Path(key): Path<String>,
    if_match: IfMatch,
    Json(request): Json<PutTemplateRequest>,
) -> Result<([(HeaderName, String); 1], Json<TemplateVersion>), Problem> {
    let template = sample(&key).ok_or_else(no_such_template)?;
    let (language, wish) = (request.language, request.wish()?);
    if let Wish::Write(wording) = &wish {
        faulty_wording(wording.faults(&template))?;
    }
    let (newest, version) = postgres::transact(&pool, async |tx| {
        let newest = wordings::lock(tx, &key).await?;
        if_match.check(&etag(newest))?;
        let wording = match &wish {
            Wish::Write(wording) => Some(wording.clone()),
            Wish::Restore(number) => restored(tx, &template, language, *number).await?,
        };
        let current = wordings::current(&mut *tx, &key, language).await?;
        if current.wording == wording {
            return Ok((newest, current));
        }
        let now = world.now();
        let version = Version { number: newest + 1, language, wording, editor: Some(editor.id), created_at: Some(now) };
        wordings::add(tx, &key, &version, now).await?;
        Ok::<_, Problem>((version.number, version))
    })
    .await?;
    Ok(([(header::ETAG, etag(newest))], Json(version.into())))
}

/// The words of an older version, which must still fit the mail.
async fn restored(
    connection: &mut sqlx::PgConnection,
    template: &Template,
    language: Language,
    number: i64,
) -> Result<Option<Wording>, Problem> {
    if number == 0 {
        return Ok(None);
    }
    let found = wordings::find(connection, template.name(), number).await?;
    let found = found.filter(|found| found.language == language);
    let found = found.ok_or_else(|| Problem::invalid("/version", "is no version of this mail in this language"))?;
    let faults = found.wording.as_ref().map(|wording| wording.faults(template)).unwrap_or_default();
    match faults.first() {
        Some((_, fault)) => Err(Problem::invalid("/version", format!("does not fit this mail any more: {fault}"))),
        None => Ok(found.wording),
    }
}
