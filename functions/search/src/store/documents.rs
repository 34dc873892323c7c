//! Documents in Postgres, by their trigrams: they answer while the search engine does not.

use kernel::policy::sql_predicate;
use sqlx::{AssertSqlSafe, PgConnection, PgPool, types::Json};
use stores::postgres;

use crate::{
    criteria::{Criteria, Slice},
    document::{Document, Found, Revision},
    rank::score,
};

/// Most candidates that are looked at.
const CANDIDATES: i64 = 1000;
/// Low enough for one typo in a word of four letters; [`score`] decides.
const SIMILARITY: &str = "0.15";

/// Keeps the revision unless a newer one is there.
pub(crate) async fn keep(pool: &PgPool, revision: &Revision) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into documents (title_id, sequence, document, terms) values ($1, $2, $3, $4) \
         on conflict (title_id) do update set sequence = excluded.sequence, document = excluded.document, terms = excluded.terms \
         where documents.sequence < excluded.sequence",
    )
    .bind(revision.document.title_id)
    .bind(revision.sequence)
    .bind(Json(&revision.document))
    .bind(revision.document.terms())
    .execute(pool)
    .await
    .map(drop)
}

/// A slice of what fits, best first.
pub(crate) async fn search(pool: &PgPool, criteria: &Criteria, slice: Slice) -> Result<Found, sqlx::Error> {
    let candidates = postgres::transact(pool, async |connection| candidates(connection, criteria).await).await?;
    let scored = |Json(document): Json<Document>| Some((score(criteria, &document)?, document));
    let mut found: Vec<(u32, Document)> = candidates.into_iter().filter_map(scored).collect();
    found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.title_id.cmp(&other.1.title_id)));
    let total = found.len() as u64;
    let documents = found.into_iter().skip(slice.from).take(slice.size).map(|(_, document)| document).collect();
    Ok(Found { documents, total })
}

/// Needs a transaction: the threshold holds until its end.
async fn candidates(connection: &mut PgConnection, criteria: &Criteria) -> Result<Vec<Json<Document>>, sqlx::Error> {
    let threshold = "select set_config('pg_trgm.word_similarity_threshold', $1, true)";
    sqlx::query(threshold).bind(SIMILARITY).execute(&mut *connection).await?;
    let visible = sql_predicate("d", "$1", "$2", "$3");
    // One pair of conditions per word, each of which the trigram index answers.
    let near = |at| {
        let (pattern, word) = (9 + 2 * at, 10 + 2 * at);
        format!(" and (d.terms like ${pattern} or ${word} <% d.terms)")
    };
    let near: String = (0..criteria.folded.len()).map(near).collect();
    let statement = format!(
        "select d.document from documents d where {visible} and ($4::text is null or d.kind = $4) \
         and ($5::text is null or d.document->'genres' ? $5) and ($6::smallint is null or d.year = $6){near} \
         order by word_similarity($7, d.terms) desc, d.title_id limit $8"
    );
    // Everything that comes from outside is a parameter.
    let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(i16::from(criteria.audience.max_rating))
        .bind(&criteria.audience.territory)
        .bind(criteria.now)
        .bind(criteria.kind)
        .bind(criteria.genre.as_deref())
        .bind(criteria.year)
        .bind(&criteria.whole)
        .bind(CANDIDATES);
    for word in &criteria.folded {
        query = query.bind(format!("% {word}%")).bind(word);
    }
    query.fetch_all(connection).await
}
