//! The bodies that the search engine gets. Words and filters are values in them, never their syntax.
//!
//! They are types and not trees of JSON: a question has some hundred parts, and a tree allocates for each of them twice.

use std::sync::LazyLock;

use kernel::TitleId;
use serde::{Serialize, Serializer, ser::SerializeMap};
use serde_json::{Value, json};

use crate::{
    asked::Reach,
    asked::Word,
    criteria::{Criteria, Slice},
    facets::MOST_VALUES,
    order::{Key, Order, Sort},
};

/// Above whatever the words of a query can score together; of whole names the one that was typed comes first.
const EXACT: f64 = 100_000.0;
const DATED: f64 = 60_000.0;
const CORE: f64 = 50_000.0;
const CORE_SOUND: f64 = 20_000.0;
const CORE_WITH_TYPOS: f64 = 5_000.0;
/// The name begins like the query.
const BEGINNING: f64 = 30.0;
/// An optional word decides only between equals.
const OPTIONAL: f64 = 0.05;
/// The engine gives up before the client does.
const ENGINE_LIMIT: &str = "700ms";
/// A key of fewer letters begins too many words.
const SOUND_PREFIX_FROM: usize = 3;
/// Unfinished words of fewer letters are near to too many others.
const TYPO_IN_BEGINNING_FROM: usize = 5;
/// Where a word is looked for as it is typed: whole, as a beginning, in another form.
const WRITTEN: &[&str] =
    &["names^6", "people^4", "names.prefix^3", "people.prefix^2", "names.russian^3", "names.english^3"];
/// Where a word is looked for together with its neighbours.
const JOINED: &[&str] = &["names^5", "names.prefix^2", "people^3"];
/// The fields of keys of sound, and of their beginnings.
const CYRILLIC: [&str; 2] = ["cyrillic_sounds", "cyrillic_sounds.prefix"];
const LATIN: [&str; 2] = ["latin_sounds", "latin_sounds.prefix"];

/// The body of a search.
#[derive(Serialize)]
pub(crate) struct Search<'a> {
    query: Query<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort: Option<Value>,
    #[serde(skip_serializing_if = "is_zero")]
    from: usize,
    size: usize,
    track_total_hits: bool,
    timeout: &'static str,
    _source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    aggs: Option<&'static Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_after: Option<(&'a Key, &'a TitleId)>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(from: &usize) -> bool {
    *from == 0
}

/// Which parts of a document are read.
#[derive(Clone, Copy, Serialize)]
struct Source {
    includes: &'static [&'static str],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    excludes: &'static [&'static str],
}

/// A query in the engine's language.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Query<'a> {
    /// The best of some fields, as if each was asked alone.
    MultiMatch(MultiMatch<'a>),
    Term(Of<Term<'a>>),
    Prefix(Of<Term<'a>>),
    Fuzzy(Of<Fuzzy<'a>>),
    DisMax(DisMax<'a>),
    ConstantScore(ConstantScore<'a>),
    Bool(Bool<'a>),
    /// What the audience may see, as the policy says it.
    #[serde(untagged)]
    Visible(&'a Value),
}

/// A query of one field.
struct Of<T>(&'static str, T);

impl<T: Serialize> Serialize for Of<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

/// All words of a text in one field.
#[derive(Serialize)]
struct MultiMatch<'a> {
    query: &'a str,
    /// Each with its boost.
    fields: &'static [&'static str],
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fuzziness: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_expansions: Option<u8>,
}

#[derive(Serialize)]
struct Term<'a> {
    value: Is<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boost: Option<f64>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Is<'a> {
    Text(&'a str),
    Owned(String),
    Year(i16),
}

#[derive(Serialize)]
struct Fuzzy<'a> {
    value: &'a str,
    fuzziness: u8,
    max_expansions: u8,
}

#[derive(Serialize)]
struct DisMax<'a> {
    queries: Vec<Query<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    boost: Option<f64>,
}

#[derive(Serialize)]
struct ConstantScore<'a> {
    filter: Box<Query<'a>>,
    boost: f64,
}

#[derive(Default, Serialize)]
struct Bool<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    filter: Vec<Query<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    must: Vec<Query<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    should: Vec<Query<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum_should_match: Option<u8>,
}

impl<'a> Query<'a> {
    fn words(fields: &'static [&'static str], query: &'a str) -> Self {
        let (operator, fuzziness, max_expansions) = ("and", None, None);
        Self::MultiMatch(MultiMatch { query, fields, operator, fuzziness, max_expansions })
    }

    fn near(fields: &'static [&'static str], query: &'a str, typos: u8, most: Option<u8>) -> Self {
        let (operator, fuzziness, max_expansions) = ("and", Some(typos), most);
        Self::MultiMatch(MultiMatch { query, fields, operator, fuzziness, max_expansions })
    }

    fn term(field: &'static str, value: &'a str, boost: Option<f64>) -> Self {
        Self::Term(Of(field, Term { value: Is::Text(value), boost }))
    }

    fn year(year: i16, boost: Option<f64>) -> Self {
        Self::Term(Of("year", Term { value: Is::Year(year), boost }))
    }

    fn begins(field: &'static str, value: Is<'a>) -> Self {
        Self::Prefix(Of(field, Term { value, boost: None }))
    }

    fn any(queries: Vec<Self>, boost: Option<f64>) -> Self {
        Self::DisMax(DisMax { queries, boost })
    }

    fn constant(filter: Self, boost: f64) -> Self {
        Self::ConstantScore(ConstantScore { filter: Box::new(filter), boost })
    }

    fn all(filter: Vec<Self>) -> Self {
        Self::Bool(Bool { filter, ..Bool::default() })
    }
}

/// What is shown of a title: people are needed only to correct what was typed.
const SHOWN: Source = Source { includes: &["document"], excludes: &["document.people"] };
const WHOLE: Source = Source { includes: &["document"], excludes: &[] };
/// What is suggested: titles by name, and people.
const NAMED: Source = Source {
    includes: &[
        "document.title_id",
        "document.kind",
        "document.slug",
        "document.year",
        "document.names",
        "document.original_title",
    ],
    excludes: &[],
};
const PEOPLE: Source = Source { includes: &["document.people"], excludes: &[] };

/// The body of a search among what is visible.
pub(crate) fn search<'a>(criteria: &'a Criteria, visible: &'a Value, reach: Reach, slice: Slice) -> Search<'a> {
    Search {
        query: query(criteria, visible, reach),
        sort: Some(sort(&criteria.order)),
        from: slice.from,
        size: slice.size,
        track_total_hits: true,
        timeout: ENGINE_LIMIT,
        _source: if reach == Reach::AsWritten { SHOWN } else { WHOLE },
        aggs: Some(&FACETS),
        search_after: criteria.after.as_ref().map(|(key, id)| (key, id)),
    }
}

/// Finds the key of the name that the reader sees: see `Document::sort_keys`.
const NAME_KEY: &str = "for (def order : params.orders) { for (def tag : params.tags) { String start = order + '/' + tag + '/'; \
     for (def key : doc['sort_keys']) { if (key.startsWith(start)) { return key.substring(start.length()); } } } } return '~';";

fn sort(order: &Order) -> Value {
    match order.sort {
        Sort::Relevance => json!([{ "_score": "desc" }, { "title_id": "asc" }]),
        Sort::Newest => json!([{ "published_at": "desc" }, { "title_id": "desc" }]),
        Sort::Year => json!([{ "year": { "order": "desc", "missing": 0 } }, { "title_id": "desc" }]),
        Sort::Title => {
            let tags: Vec<String> = order.reader.tags().into_iter().chain([String::new()]).collect();
            let params = json!({ "orders": [collation::language(&order.reader), ""], "tags": tags });
            let script = json!({ "lang": "painless", "source": NAME_KEY, "params": params });
            json!([{ "_script": { "type": "string", "order": "asc", "script": script } }, { "title_id": "asc" }])
        }
    }
}

/// Counts of all that was found.
static FACETS: LazyLock<Value> = LazyLock::new(|| {
    let terms = |field: &str| json!({ "terms": { "field": field, "size": MOST_VALUES } });
    json!({ "kinds": terms("kind"), "genres": terms("genres"), "years": terms("year") })
});
static GENRES: LazyLock<Value> =
    LazyLock::new(|| json!({ "genres": { "terms": { "field": "genres", "size": MOST_VALUES } } }));

/// The bodies of what is suggested while somebody types: titles, titles of the people who fit, and genres.
pub(crate) fn suggest<'a>(criteria: &'a Criteria, visible: &'a Value, reach: Reach) -> [Search<'a>; 3] {
    const TITLES: usize = 6;
    /// Of whose people those are taken who fit.
    const TITLES_OF_PEOPLE: usize = 20;
    let asked = &criteria.asked;
    let required = asked.words.iter().filter(|word| asked.is_required(word, reach));
    let people = required.map(|word| in_people(word, reach)).collect();
    let slug = asked.words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join("-");
    let body = |query: Query<'a>, size: usize, source: Source| Search {
        query,
        sort: None,
        from: 0,
        size,
        track_total_hits: false,
        timeout: ENGINE_LIMIT,
        _source: source,
        aggs: None,
        search_after: None,
    };
    let by_people = Query::Bool(Bool { filter: vec![Query::Visible(visible)], must: people, ..Bool::default() });
    let of_genre = Query::all(vec![Query::Visible(visible), Query::begins("genres", Is::Owned(slug))]);
    let titles = body(query(criteria, visible, reach), TITLES, NAMED);
    [
        Search { sort: Some(json!([{ "_score": "desc" }, { "title_id": "asc" }])), ..titles },
        body(by_people, TITLES_OF_PEOPLE, PEOPLE),
        Search { aggs: Some(&GENRES), ..body(of_genre, 0, PEOPLE) },
    ]
}

/// A word of the query in the name of a person.
fn in_people(word: &Word, reach: Reach) -> Query<'_> {
    let mut queries = vec![Query::words(&["people^2", "people.prefix"], &word.text)];
    if reach == Reach::WithTypos && word.typos > 0 {
        queries.push(Query::near(&["people^0.5"], &word.text, word.typos, None));
    }
    Query::any(queries, None)
}

fn query<'a>(criteria: &'a Criteria, visible: &'a Value, reach: Reach) -> Query<'a> {
    let mut filter = vec![Query::Visible(visible)];
    filter.extend(criteria.kind.map(|kind| Query::term("kind", kind.as_str(), None)));
    filter.extend(criteria.genre.as_ref().map(|genre| Query::term("genres", genre, None)));
    filter.extend(criteria.year.map(|year| Query::year(year, None)));
    let asked = &criteria.asked;
    if let Some(signs) = &asked.signs {
        filter.push(Query::term("exact", signs, None));
        return Query::all(filter);
    }
    let (required, optional): (Vec<&Word>, Vec<&Word>) =
        asked.words.iter().partition(|word| asked.is_required(word, reach));
    let mut must: Vec<_> = required.into_iter().map(|word| anywhere(word, reach, 1.0)).collect();
    let mut should: Vec<_> = optional.into_iter().map(|word| anywhere(word, reach, OPTIONAL)).collect();
    should.extend(whole_names(criteria, reach));
    if reach == Reach::AnyWord {
        must = vec![Query::Bool(Bool { should: must, minimum_should_match: Some(1), ..Bool::default() })];
    }
    Query::Bool(Bool { filter, must, should, minimum_should_match: None })
}

/// What puts a name that is the whole query before all others.
fn whole_names(criteria: &Criteria, reach: Reach) -> Vec<Query<'_>> {
    let asked = &criteria.asked;
    let mut found = vec![
        Query::constant(Query::term("exact", &asked.whole, None), EXACT),
        Query::constant(Query::term("core", &asked.core, None), CORE),
        Query::constant(Query::begins("exact", Is::Text(&asked.whole)), BEGINNING),
    ];
    found.extend(asked.dated.as_ref().map(|(name, year)| {
        let both = Query::all(vec![Query::term("core", name, None), Query::year(*year, None)]);
        Query::constant(both, DATED)
    }));
    found.extend(asked.whole_sound().map(|key| {
        let of = Of("core_sound", Term { value: Is::Owned(key), boost: None });
        Query::constant(Query::Term(of), CORE_SOUND)
    }));
    let may_err = asked.words.iter().any(|word| word.typos > 0) && !asked.words.iter().any(Word::has_digit);
    if reach != Reach::AsWritten && may_err {
        let near = Fuzzy { value: &asked.core, fuzziness: 1, max_expansions: 50 };
        found.push(Query::constant(Query::Fuzzy(Of("core", near)), CORE_WITH_TYPOS));
    }
    found
}

/// A word of the query in a name or a person: whole, as a beginning, in another form or with a typo, in this order.
fn anywhere(word: &Word, reach: Reach, boost: f64) -> Query<'_> {
    let term = |field: &'static str, text, boost: f64| Query::term(field, text, Some(boost));
    let mut queries = vec![
        Query::words(WRITTEN, &word.text),
        term("forms", &word.folded, 4.0),
        term("forms.prefix", &word.folded, 1.0),
    ];
    queries.extend(word.synonyms.iter().map(|phrase| Query::words(&["names^3"], phrase)));
    queries.extend(word.joined.iter().map(|joined| Query::words(JOINED, joined)));
    if let Some(digits) = &word.digits {
        queries.extend([Query::words(&["names^5"], digits), term("forms", digits, 4.0)]);
    }
    let sounds = [(&word.in_cyrillic, CYRILLIC), (&word.in_latin, LATIN)];
    for (key, [whole, beginning]) in sounds.into_iter().filter_map(|(key, fields)| Some((key.as_deref()?, fields))) {
        queries.push(term(whole, key, 2.5));
        if key.len() >= SOUND_PREFIX_FROM {
            queries.push(term(beginning, key, 1.0));
        }
    }
    queries.extend(word.year.map(|year| Query::year(year, Some(4.0))));
    let typos = match reach {
        Reach::AsWritten => 0,
        Reach::WithTypos => word.typos,
        Reach::AnyWord if word.has_digit() || word.is_short() => 0,
        Reach::AnyWord if word.folded.chars().count() < TYPO_IN_BEGINNING_FROM => 1,
        Reach::AnyWord => 2,
    };
    if typos > 0 {
        let near = |fields, text| Query::near(fields, text, typos, Some(100));
        queries.extend([near(&["names", "people^0.5"], &word.text), near(&["forms^0.8"], &word.folded)]);
        if word.folded.chars().count() >= TYPO_IN_BEGINNING_FROM {
            queries.push(near(&["names.prefix^0.4", "people.prefix^0.2"], &word.text));
        }
        let sounds: [(&Option<String>, &[&str]); 2] =
            [(&word.in_cyrillic, &["cyrillic_sounds^0.3"]), (&word.in_latin, &["latin_sounds^0.3"])];
        queries.extend(sounds.into_iter().filter_map(|(key, fields)| Some(near(fields, key.as_deref()?))));
    }
    Query::any(queries, Some(boost))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::policy::{Audience, search_filter};
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;

    const SLICE: Slice = Slice { from: 0, size: 20 };

    fn bodies(text: &str) -> Vec<Value> {
        let audience = Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        let criteria = Criteria::new(text, audience, OffsetDateTime::UNIX_EPOCH);
        let visible = search_filter(&criteria.audience, criteria.now);
        let searches =
            [Reach::AsWritten, Reach::WithTypos, Reach::AnyWord].map(|reach| search(&criteria, &visible, reach, SLICE));
        let suggestions =
            [Reach::AsWritten, Reach::WithTypos].into_iter().flat_map(|reach| suggest(&criteria, &visible, reach));
        searches.into_iter().chain(suggestions).map(|body| serde_json::to_value(body).unwrap()).collect()
    }

    /// The names of all members.
    fn members(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(all) => {
                for (name, value) in all {
                    members(value, found);
                    found.insert(name.clone());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| members(item, found)),
            _ => {}
        }
    }

    fn all_members(texts: &[&str]) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        texts.iter().flat_map(|text| bodies(text)).for_each(|body| members(&body, &mut found));
        found
    }

    proptest! {
        /// However hostile the text, the query has only members that harmless texts have.
        #[test]
        fn text_cannot_change_the_query(text in "[\\PC\"\\\\{}\\[\\]:*?~^()+&|!/\u{0}-\u{1f}]{0,200}") {
            let harmless = all_members(&["harmless words in latin ii 2010", "безобидные слова", "!", "the"]);
            let hostile = all_members(&[&text]);
            prop_assert!(hostile.is_subset(&harmless), "{:?}", hostile.difference(&harmless).collect::<Vec<_>>());
        }
    }
}
