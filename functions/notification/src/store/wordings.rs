//! What editors wrote for templates of mails, version by version.

use kernel::AccountId;
use sqlx::{PgConnection, PgExecutor, PgPool};
use time::OffsetDateTime;

use crate::{
    language::Language,
    store::erased_accounts,
    wording::{Body, Subject, Wording},
};

/// A version of a template's words.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// Counts the changes of the template; 0: the program's own words, that nobody has changed.
    pub number: i64,
    pub language: Language,
    /// Absent: the words that came with the program.
    pub wording: Option<Wording>,
    /// Absent for number 0 and where the account is erased.
    pub editor: Option<AccountId>,
    /// Absent for number 0.
    pub created_at: Option<OffsetDateTime>,
}

impl Version {
    /// What every template begins with.
    pub(crate) fn built_in(language: Language) -> Self {
        Self { number: 0, language, wording: None, editor: None, created_at: None }
    }
}

type Row = (i64, String, Option<String>, Option<String>, Option<AccountId>, OffsetDateTime);

fn read((number, language, subject, body, editor, created_at): Row) -> Version {
    let language = Language::ALL.into_iter().find(|known| known.as_str() == language).unwrap_or(Language::En);
    Version { number, language, wording: wording(subject, body), editor, created_at: Some(created_at) }
}

/// What does not hold any more what it was checked for counts as not there.
fn wording(subject: Option<String>, body: Option<String>) -> Option<Wording> {
    Some(Wording { subject: Subject::new(&subject?).ok()?, body: Body::new(&body?).ok()? })
}

/// The number of a template's newest version, 0 without one. Nobody else makes one until the transaction ends.
pub(crate) async fn lock(connection: &mut PgConnection, template: &str) -> Result<i64, sqlx::Error> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('wordings ' || $1, 0))")
        .bind(template)
        .execute(&mut *connection)
        .await?;
    newest(connection, template).await
}

/// The number of a template's newest version, 0 without one.
pub(crate) async fn newest(executor: impl PgExecutor<'_>, template: &str) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select coalesce(max(version), 0) from wordings where template = $1")
        .bind(template)
        .fetch_one(executor)
        .await
}

/// The version that counts in a language.
pub(crate) async fn current(
    executor: impl PgExecutor<'_>,
    template: &str,
    language: Language,
) -> Result<Version, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select version, language, subject, body, editor_id, created_at from wordings where template = $1 and language = $2 \
         order by version desc limit 1",
    )
    .bind(template)
    .bind(language.as_str())
    .fetch_optional(executor)
    .await?;
    Ok(row.map_or_else(|| Version::built_in(language), read))
}

/// A version by its number.
pub(crate) async fn find(
    executor: impl PgExecutor<'_>,
    template: &str,
    number: i64,
) -> Result<Option<Version>, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select version, language, subject, body, editor_id, created_at from wordings where template = $1 and version = $2",
    )
    .bind(template)
    .bind(number)
    .fetch_optional(executor)
    .await?;
    Ok(row.map(read))
}

/// The newest `limit` versions of a template that are older than `before`.
pub(crate) async fn list(
    pool: &PgPool,
    template: &str,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Version>, sqlx::Error> {
    let rows: Vec<Row> = sqlx::query_as(
        "select version, language, subject, body, editor_id, created_at from wordings where template = $1 \
         and ($2::bigint is null or version < $2) order by version desc limit $3",
    )
    .bind(template)
    .bind(before)
    .bind(limit)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(read).collect())
}

/// Adds a version. An access token outlives its account by minutes: what it writes then is nobody's.
pub(crate) async fn add(
    connection: &mut PgConnection,
    template: &str,
    version: &Version,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let editor = match version.editor {
        Some(editor) if erased_accounts::contains(connection, editor).await? => None,
        editor => editor,
    };
    let wording = version.wording.as_ref();
    sqlx::query(
        "insert into wordings (template, version, language, subject, body, editor_id, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(template)
    .bind(version.number)
    .bind(version.language.as_str())
    .bind(wording.map(|wording| wording.subject.as_str()))
    .bind(wording.map(|wording| wording.body.as_str()))
    .bind(editor)
    .bind(now)
    .execute(connection)
    .await
    .map(drop)
}
