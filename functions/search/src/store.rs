//! The service's own SQL: documents by their trigrams.

use events::Outcome;
use kernel::policy::sql_predicate;
use sqlx::{AssertSqlSafe, PgPool, types::Json};

use crate::{
    criteria::{Criteria, Slice},
    document::{Document, Revision},
    index::Found,
    rank::score,
};

/// Most candidates that are looked at.
const CANDIDATES: i64 = 1000;
/// Low enough for one typo in a word of four letters; [`score`] decides.
const SIMILARITY: &str = "0.15";

/// Documents in Postgres.
#[derive(Clone)]
pub(crate) struct Documents(pub PgPool);

impl Documents {
    /// Keeps the revision unless a newer one is there.
    pub(crate) async fn keep(&self, revision: &Revision) -> Outcome {
        let kept = sqlx::query(
            "insert into documents (title_id, sequence, document, terms) values ($1, $2, $3, $4) \
             on conflict (title_id) do update set sequence = excluded.sequence, document = excluded.document, terms = excluded.terms \
             where documents.sequence < excluded.sequence",
        )
        .bind(revision.document.title_id.to_string())
        .bind(revision.sequence)
        .bind(Json(&revision.document))
        .bind(revision.document.terms())
        .execute(&self.0)
        .await;
        match kept {
            Ok(_) => Outcome::Done,
            Err(error) => Outcome::retry(error),
        }
    }

    /// A slice of what fits, best first.
    pub(crate) async fn search(&self, criteria: &Criteria, slice: Slice) -> Result<Found, sqlx::Error> {
        let mut found: Vec<(u32, Document)> = self.candidates(criteria).await?;
        found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.title_id.cmp(&other.1.title_id)));
        let total = found.len() as u64;
        Ok((found.into_iter().skip(slice.from).take(slice.size).map(|(_, document)| document).collect(), total))
    }

    async fn candidates(&self, criteria: &Criteria) -> Result<Vec<(u32, Document)>, sqlx::Error> {
        let mut transaction = self.0.begin().await?;
        let threshold = "select set_config('pg_trgm.word_similarity_threshold', $1, true)";
        sqlx::query(threshold).bind(SIMILARITY).execute(&mut *transaction).await?;
        let visible = sql_predicate("d", "$1", "$2", "$3");
        // One pair of conditions per word, each of which the trigram index answers.
        let near: String = (0..criteria.folded.len())
            .map(|at| {
                format!(
                    " and (d.terms like ${pattern} or ${word} <% d.terms)",
                    pattern = 9 + 2 * at,
                    word = 10 + 2 * at
                )
            })
            .collect();
        let statement = format!(
            "select d.document from documents d where {visible} and ($4::text is null or d.kind = $4) \
             and ($5::text is null or d.document->'genres' ? $5) and ($6::smallint is null or d.year = $6){near} \
             order by word_similarity($7, d.terms) desc, d.title_id limit $8"
        );
        // Everything that comes from outside is a parameter.
        let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
            .bind(i16::from(criteria.audience.max_rating))
            .bind(criteria.audience.territory.as_str())
            .bind(criteria.now)
            .bind(criteria.kind)
            .bind(criteria.genre.as_deref())
            .bind(criteria.year)
            .bind(&criteria.whole)
            .bind(CANDIDATES);
        for word in &criteria.folded {
            query = query.bind(format!("% {word}%")).bind(word);
        }
        let documents: Vec<Json<Document>> = query.fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        let scored = |Json(document): Json<Document>| Some((score(criteria, &document)?, document));
        Ok(documents.into_iter().filter_map(scored).collect())
    }
}
