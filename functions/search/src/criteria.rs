//! What somebody looks for, and the query that the engine gets. Words and filters are values in it, never its syntax.

use kernel::{
    TitleKind,
    policy::{Audience, search_filter},
};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::words::{folded, words};

/// More words add nothing; the rest is ignored.
const MOST_WORDS: usize = 12;
/// A typo in a shorter word makes it another word.
pub(crate) const TYPO_FROM_LETTERS: usize = 4;
/// Above whatever the words of a query can score together.
const EXACT: f64 = 100_000.0;
/// The engine gives up before the client does.
const ENGINE_LIMIT: &str = "700ms";

/// What somebody looks for.
#[derive(Debug, Clone)]
pub struct Criteria {
    pub(crate) words: Vec<String>,
    pub(crate) folded: Vec<String>,
    pub(crate) whole: String,
    pub(crate) kind: Option<TitleKind>,
    pub(crate) genre: Option<String>,
    pub(crate) year: Option<i16>,
    pub(crate) audience: Audience,
    pub(crate) now: OffsetDateTime,
}

/// A part of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many to leave out.
    pub from: usize,
    /// Most to return.
    pub size: usize,
}

impl Criteria {
    /// Everything that the audience may see and the text fits.
    pub fn new(text: &str, audience: Audience, now: OffsetDateTime) -> Self {
        let all = folded(text);
        let whole = all.join(" ");
        let first = |words: Vec<String>| words.into_iter().take(MOST_WORDS).collect();
        Self {
            words: first(words(text)),
            folded: first(all),
            whole,
            kind: None,
            genre: None,
            year: None,
            audience,
            now,
        }
    }

    /// Whether there is anything to look for.
    pub fn is_empty(&self) -> bool {
        self.folded.is_empty()
    }

    /// The body of a search.
    pub(crate) fn query(&self, slice: Slice) -> Value {
        let mut filters = vec![search_filter(&self.audience, self.now)];
        filters.extend(self.kind.map(|kind| json!({ "term": { "kind": kind } })));
        filters.extend(self.genre.as_ref().map(|genre| json!({ "term": { "genres": genre } })));
        filters.extend(self.year.map(|year| json!({ "term": { "year": year } })));
        let words: Vec<_> = self.words.iter().map(|word| anywhere(word)).collect();
        json!({
            "query": { "bool": {
                "filter": filters,
                "must": words,
                "should": [{ "constant_score": { "filter": { "term": { "exact": self.whole } }, "boost": EXACT } }],
            } },
            "sort": [{ "_score": "desc" }, { "title_id": "asc" }],
            "from": slice.from,
            "size": slice.size,
            "track_total_hits": true,
            "timeout": ENGINE_LIMIT,
            "_source": ["document"],
        })
    }
}

/// A word of the query in a name or a person: whole, as a beginning, in another form or with a typo, in this order.
fn anywhere(word: &str) -> Value {
    let field =
        |name: &str, boost: f64| json!({ "match": { name: { "query": word, "operator": "and", "boost": boost } } });
    let mut queries = vec![
        field("names", 6.0),
        field("people", 4.0),
        field("names.prefix", 3.0),
        field("people.prefix", 2.0),
        field("names.russian", 3.0),
        field("names.english", 3.0),
    ];
    if word.chars().count() >= TYPO_FROM_LETTERS {
        let near = |name: &str, boost: f64| json!({ "match": { name: { "query": word, "operator": "and", "fuzziness": 1, "max_expansions": 100, "boost": boost } } });
        queries.extend([near("names", 1.0), near("people", 0.5)]);
    }
    json!({ "dis_max": { "queries": queries } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn criteria(text: &str) -> Criteria {
        let audience = Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        Criteria::new(text, audience, OffsetDateTime::UNIX_EPOCH)
    }

    fn shape(value: &Value) -> Value {
        match value {
            Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), shape(value))).collect(),
            Value::Array(items) => items.iter().map(shape).collect(),
            _ => Value::Null,
        }
    }

    proptest! {
        /// However hostile the text, only the number of words decides on the query's shape.
        #[test]
        fn text_cannot_change_the_query(text in "[\\PC\"\\\\{}\\[\\]:*?~^()+&|!/\u{0}-\u{1f}]{0,200}") {
            let hostile = criteria(&text);
            let is_long = |word: &String| word.chars().count() >= TYPO_FROM_LETTERS;
            let harmless: Vec<&str> = hostile.words.iter().map(|word| if is_long(word) { "harmless" } else { "ab" }).collect();
            let harmless = criteria(&harmless.join(" "));
            let slice = Slice { from: 0, size: 20 };
            prop_assert_eq!(shape(&hostile.query(slice)), shape(&harmless.query(slice)));
        }
    }

    #[test]
    fn a_text_without_words_looks_for_nothing() {
        assert!(criteria("  *:* ").is_empty());
        assert_eq!(criteria(&"word ".repeat(50)).words.len(), MOST_WORDS);
    }
}
