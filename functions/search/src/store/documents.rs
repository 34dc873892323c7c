//! Documents in Postgres, by their trigrams: they answer while the search engine does not.

use std::{cmp::Ordering, collections::BTreeMap};

use kernel::{TitleId, policy::sql_predicate};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, types::Json};
use stores::postgres;

use crate::{
    asked::Reach,
    criteria::{Criteria, Slice},
    document::{Document, Revision},
    facets::Facets,
    found::Found,
    order::Position,
    rank::score,
};

/// Most candidates that are looked at.
const CANDIDATES: i64 = 1000;
/// Low enough for one typo in a word of four letters; [`score`] decides.
const SIMILARITY: &str = "0.15";

/// Keeps each revision unless a newer one is there.
pub(crate) async fn keep(pool: &PgPool, revisions: &[&Revision]) -> Result<(), sqlx::Error> {
    // One statement must not meet a title twice.
    let mut newest: BTreeMap<TitleId, &Revision> = BTreeMap::new();
    for revision in revisions {
        let known = newest.entry(revision.document.title_id).or_insert(revision);
        if known.sequence < revision.sequence {
            *known = revision;
        }
    }
    let newest = || newest.values();
    sqlx::query(
        "insert into documents (title_id, sequence, document, terms) \
         select * from unnest($1::text[], $2::bigint[], $3::jsonb[], $4::text[]) \
         on conflict (title_id) do update set sequence = excluded.sequence, document = excluded.document, terms = excluded.terms \
         where documents.sequence < excluded.sequence",
    )
    .bind(newest().map(|revision| revision.document.title_id.to_string()).collect::<Vec<_>>())
    .bind(newest().map(|revision| revision.sequence).collect::<Vec<_>>())
    .bind(newest().map(|revision| Json(&revision.document)).collect::<Vec<_>>())
    .bind(newest().map(|revision| revision.document.terms()).collect::<Vec<_>>())
    .execute(pool)
    .await
    .map(drop)
}

/// Gives titles the terms that the present forms of words make, unless they were edited meanwhile.
pub(crate) async fn spell_anew(pool: &PgPool, revisions: &[&Revision]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update documents set terms = anew.terms \
         from unnest($1::text[], $2::bigint[], $3::text[]) as anew (title_id, sequence, terms) \
         where documents.title_id = anew.title_id and documents.sequence = anew.sequence and documents.terms <> anew.terms",
    )
    .bind(revisions.iter().map(|revision| revision.document.title_id.to_string()).collect::<Vec<_>>())
    .bind(revisions.iter().map(|revision| revision.sequence).collect::<Vec<_>>())
    .bind(revisions.iter().map(|revision| revision.document.terms()).collect::<Vec<_>>())
    .execute(pool)
    .await
    .map(drop)
}

/// The next titles after an id, in the order of their ids.
pub(crate) async fn page(pool: &PgPool, after: &str, size: i64) -> Result<Vec<Revision>, sqlx::Error> {
    let statement = "select sequence, document from documents where title_id > $1 order by title_id limit $2";
    let rows: Vec<(i64, Json<Document>)> = sqlx::query_as(statement).bind(after).bind(size).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(sequence, Json(document))| Revision { sequence, document }).collect())
}

/// These titles, as far as there are any.
pub(crate) async fn of(pool: &PgPool, titles: &[TitleId]) -> Result<Vec<Revision>, sqlx::Error> {
    let titles: Vec<String> = titles.iter().map(ToString::to_string).collect();
    let statement = "select sequence, document from documents where title_id = any($1)";
    let rows: Vec<(i64, Json<Document>)> = sqlx::query_as(statement).bind(titles).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(sequence, Json(document))| Revision { sequence, document }).collect())
}

/// Every title with its version.
pub(crate) async fn versions(pool: &PgPool) -> Result<BTreeMap<TitleId, i64>, sqlx::Error> {
    let rows: Vec<(TitleId, i64)> = sqlx::query_as("select title_id, sequence from documents").fetch_all(pool).await?;
    Ok(rows.into_iter().collect())
}

/// Titles that anybody grown up may see anywhere, the same each time.
pub(crate) async fn sample(pool: &PgPool, size: i64) -> Result<Vec<Revision>, sqlx::Error> {
    let statement = "select sequence, document from documents where publication = 'published' and windows = '[]'::jsonb \
                     and rating is not null order by md5(title_id) limit $1";
    let rows: Vec<(i64, Json<Document>)> = sqlx::query_as(statement).bind(size).fetch_all(pool).await?;
    Ok(rows.into_iter().map(|(sequence, Json(document))| Revision { sequence, document }).collect())
}

/// A slice of what fits, in order, and what fits best if it took typos to find something.
pub(crate) async fn search(
    pool: &PgPool,
    criteria: &Criteria,
    slice: Slice,
) -> Result<(Found, Option<Document>), sqlx::Error> {
    let candidates = postgres::transact(pool, async |connection| candidates(connection, criteria).await).await?;
    let documents: Vec<Document> = candidates.into_iter().map(|Json(document)| document).collect();
    for reach in [Reach::AsWritten, Reach::WithTypos] {
        let scored = |document| Some((score(&criteria.asked, reach, document)?, document));
        let mut found: Vec<(u32, &Document)> = documents.iter().filter_map(scored).collect();
        if !found.is_empty() {
            found.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.title_id.cmp(&other.1.title_id)));
            let facets = Facets::of(found.iter().map(|(_, document)| *document));
            let best = found.first().filter(|_| reach == Reach::WithTypos).map(|(_, document)| (*document).clone());
            let (total, found) = (found.len() as u64, found.into_iter().map(|(_, document)| document));
            let part = in_order(criteria, found.collect()).into_iter().skip(slice.from).take(slice.size).cloned();
            return Ok((Found { documents: part.collect(), total, facets }, best));
        }
    }
    Ok((Found::default(), None))
}

/// What was found, best first, in the order that was asked for and from its place on.
fn in_order<'a>(criteria: &Criteria, found: Vec<&'a Document>) -> Vec<&'a Document> {
    let Some(position) = criteria.order.position() else { return found };
    let mut placed: Vec<(Position, &Document)> = found.into_iter().map(|found| (position(found), found)).collect();
    let is_after = |place: &Position| {
        criteria.after.as_ref().is_none_or(|after| criteria.order.compare(place, after) == Ordering::Greater)
    };
    placed.retain(|(place, _)| is_after(place));
    placed.sort_by(|(one, _), (other, _)| criteria.order.compare(one, other));
    placed.into_iter().map(|(_, found)| found).collect()
}

/// Needs a transaction: the threshold holds until its end.
async fn candidates(connection: &mut PgConnection, criteria: &Criteria) -> Result<Vec<Json<Document>>, sqlx::Error> {
    let threshold = "select set_config('pg_trgm.word_similarity_threshold', $1, true)";
    sqlx::query(threshold).bind(SIMILARITY).execute(&mut *connection).await?;
    let visible = sql_predicate("d", "$1", "$2", "$3");
    let asked = &criteria.asked;
    // Conditions that the trigram index answers; every text is a parameter. A document that has the signs has them as a word.
    let mut near = String::new();
    let mut texts: Vec<String> = vec![];
    let mut place = |text: String| {
        texts.push(text);
        format!("${}", 8 + texts.len())
    };
    if let Some(signs) = &asked.signs {
        near.push_str(&format!(" and strpos(d.terms, {}) > 0", place(format!(" {signs}"))));
    }
    for word in asked.words.iter().filter(|word| asked.is_required(word, Reach::WithTypos)) {
        let year = word.year.map(|year| format!("d.year = {year} or ")).unwrap_or_default();
        let forms = [&word.folded].into_iter().chain(&word.joined).chain(&word.digits).map(String::as_str);
        let synonyms = word.synonyms.iter().filter_map(|phrase| phrase.split(' ').next());
        let patterns = forms
            .chain(synonyms)
            .chain(word.in_cyrillic.as_deref())
            .chain(word.in_latin.as_deref())
            .map(|form| format!("% {form}%"));
        let beginnings: Vec<String> = patterns.map(|pattern| format!("d.terms like {}", place(pattern))).collect();
        let similar = [Some(&word.folded), word.in_cyrillic.as_ref(), word.in_latin.as_ref()].into_iter().flatten();
        let similar: Vec<String> = similar.map(|form| format!("{} <% d.terms", place(form.clone()))).collect();
        near.push_str(&format!(" and ({year}{} or {})", beginnings.join(" or "), similar.join(" or ")));
    }
    let statement = format!(
        "select d.document from documents d where {visible} and ($4::text is null or d.kind = $4) \
         and ($5::text is null or d.document->'genres' ? $5) and ($6::smallint is null or d.year = $6){near} \
         order by word_similarity($7, d.terms) desc, d.title_id limit $8"
    );
    let mut query = sqlx::query_scalar(AssertSqlSafe(statement))
        .bind(i16::from(criteria.audience.max_rating))
        .bind(&criteria.audience.territory)
        .bind(criteria.now)
        .bind(criteria.kind)
        .bind(criteria.genre.as_deref())
        .bind(criteria.year)
        .bind(&asked.whole)
        .bind(CANDIDATES);
    for text in texts {
        query = query.bind(text);
    }
    query.fetch_all(connection).await
}
