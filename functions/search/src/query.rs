//! The bodies that the search engine gets. Words and filters are values in them, never their syntax.

use kernel::policy::search_filter;
use serde_json::{Value, json};

use crate::{
    asked::Reach,
    asked::Word,
    criteria::{Criteria, Slice},
    facets::MOST_VALUES,
    order::{Order, Sort},
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

/// The body of a search.
pub(crate) fn search(criteria: &Criteria, reach: Reach, slice: Slice) -> Value {
    let mut body = json!({
        "query": query(criteria, reach),
        "sort": sort(&criteria.order),
        "from": slice.from,
        "size": slice.size,
        "track_total_hits": true,
        "timeout": ENGINE_LIMIT,
        "_source": ["document"],
        "aggs": facets(),
    });
    if let Some((key, id)) = &criteria.after {
        body["search_after"] = json!([key, id]);
    }
    body
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
fn facets() -> Value {
    let terms = |field: &str| json!({ "terms": { "field": field, "size": MOST_VALUES } });
    json!({ "kinds": terms("kind"), "genres": terms("genres"), "years": terms("year") })
}

/// The bodies of what is suggested while somebody types: titles, titles of the people who fit, and genres.
pub(crate) fn suggest(criteria: &Criteria, reach: Reach) -> [Value; 3] {
    const TITLES: usize = 6;
    /// Of whose people those are taken who fit.
    const TITLES_OF_PEOPLE: usize = 20;
    let visible = search_filter(&criteria.audience, criteria.now);
    let asked = &criteria.asked;
    let required = asked.words.iter().filter(|word| asked.is_required(word, reach));
    let people: Vec<_> = required.map(|word| in_people(word, reach)).collect();
    let slug = asked.words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join("-");
    let of_genre = json!({ "bool": { "filter": [visible, { "prefix": { "genres": { "value": slug } } }] } });
    let body = |query: Value, size: usize| json!({ "query": query, "size": size, "track_total_hits": false, "timeout": ENGINE_LIMIT, "_source": ["document"] });
    let mut genres = body(of_genre, 0);
    genres["aggs"] = json!({ "genres": { "terms": { "field": "genres", "size": MOST_VALUES } } });
    let mut titles = body(query(criteria, reach), TITLES);
    titles["sort"] = json!([{ "_score": "desc" }, { "title_id": "asc" }]);
    [titles, body(json!({ "bool": { "filter": [visible], "must": people } }), TITLES_OF_PEOPLE), genres]
}

/// A word of the query in the name of a person.
fn in_people(word: &Word, reach: Reach) -> Value {
    let mut queries = vec![
        json!({ "match": { "people": { "query": word.text, "operator": "and", "boost": 2.0 } } }),
        json!({ "match": { "people.prefix": { "query": word.text, "operator": "and" } } }),
    ];
    if reach == Reach::WithTypos && word.typos > 0 {
        queries.push(json!({ "match": { "people": { "query": word.text, "operator": "and", "fuzziness": word.typos, "boost": 0.5 } } }));
    }
    json!({ "dis_max": { "queries": queries } })
}

fn query(criteria: &Criteria, reach: Reach) -> Value {
    let mut filters = vec![search_filter(&criteria.audience, criteria.now)];
    filters.extend(criteria.kind.map(|kind| json!({ "term": { "kind": kind } })));
    filters.extend(criteria.genre.as_ref().map(|genre| json!({ "term": { "genres": genre } })));
    filters.extend(criteria.year.map(|year| json!({ "term": { "year": year } })));
    let asked = &criteria.asked;
    if let Some(signs) = &asked.signs {
        filters.push(json!({ "term": { "exact": signs } }));
        return json!({ "bool": { "filter": filters } });
    }
    let (required, optional): (Vec<&Word>, Vec<&Word>) =
        asked.words.iter().partition(|word| asked.is_required(word, reach));
    let required: Vec<_> = required.into_iter().map(|word| anywhere(word, reach, 1.0)).collect();
    let mut should: Vec<_> = optional.into_iter().map(|word| anywhere(word, reach, OPTIONAL)).collect();
    should.extend(whole_names(criteria, reach));
    if reach == Reach::AnyWord {
        let any = json!({ "bool": { "should": required, "minimum_should_match": 1 } });
        return json!({ "bool": { "filter": filters, "must": [any], "should": should } });
    }
    json!({ "bool": { "filter": filters, "must": required, "should": should } })
}

/// What puts a name that is the whole query before all others.
fn whole_names(criteria: &Criteria, reach: Reach) -> Vec<Value> {
    let constant = |filter: Value, boost: f64| json!({ "constant_score": { "filter": filter, "boost": boost } });
    let asked = &criteria.asked;
    let mut found = vec![
        constant(json!({ "term": { "exact": asked.whole } }), EXACT),
        constant(json!({ "term": { "core": asked.core } }), CORE),
        constant(json!({ "prefix": { "exact": { "value": asked.whole } } }), BEGINNING),
    ];
    found.extend(asked.dated.as_ref().map(|(name, year)| {
        let both = json!({ "bool": { "filter": [{ "term": { "core": name } }, { "term": { "year": year } }] } });
        constant(both, DATED)
    }));
    found.extend(asked.whole_sound().map(|key| constant(json!({ "term": { "core_sound": key } }), CORE_SOUND)));
    let may_err = asked.words.iter().any(|word| word.typos > 0) && !asked.words.iter().any(Word::has_digit);
    if reach != Reach::AsWritten && may_err {
        let near = json!({ "fuzzy": { "core": { "value": asked.core, "fuzziness": 1, "max_expansions": 50 } } });
        found.push(constant(near, CORE_WITH_TYPOS));
    }
    found
}

/// A word of the query in a name or a person: whole, as a beginning, in another form or with a typo, in this order.
fn anywhere(word: &Word, reach: Reach, boost: f64) -> Value {
    let field = |name: &str, text: &str, boost: f64| json!({ "match": { name: { "query": text, "operator": "and", "boost": boost } } });
    let term = |name: &str, text: &str, boost: f64| json!({ "term": { name: { "value": text, "boost": boost } } });
    let mut queries = vec![
        field("names", &word.text, 6.0),
        field("people", &word.text, 4.0),
        field("names.prefix", &word.text, 3.0),
        field("people.prefix", &word.text, 2.0),
        field("names.russian", &word.text, 3.0),
        field("names.english", &word.text, 3.0),
        term("forms", &word.folded, 4.0),
        term("forms.prefix", &word.folded, 1.0),
    ];
    queries.extend(word.synonyms.iter().map(|phrase| field("names", phrase, 3.0)));
    for joined in &word.joined {
        queries.extend([field("names", joined, 5.0), field("names.prefix", joined, 2.0), field("people", joined, 3.0)]);
    }
    if let Some(digits) = &word.digits {
        queries.extend([field("names", digits, 5.0), term("forms", digits, 4.0)]);
    }
    for (keys, name) in [(&word.in_cyrillic, "cyrillic_sounds"), (&word.in_latin, "latin_sounds")] {
        if let Some(key) = keys {
            queries.push(term(name, key, 2.5));
            if key.len() >= SOUND_PREFIX_FROM {
                queries.push(term(&format!("{name}.prefix"), key, 1.0));
            }
        }
    }
    queries.extend(word.year.map(|year| json!({ "term": { "year": { "value": year, "boost": 4.0 } } })));
    let typos = match reach {
        Reach::AsWritten => 0,
        Reach::WithTypos => word.typos,
        Reach::AnyWord if word.has_digit() || word.is_short() => 0,
        Reach::AnyWord if word.folded.chars().count() < TYPO_IN_BEGINNING_FROM => 1,
        Reach::AnyWord => 2,
    };
    if typos > 0 {
        let near = |name: &str, text: &str, boost: f64| json!({ "match": { name: { "query": text, "operator": "and", "fuzziness": typos, "max_expansions": 100, "boost": boost } } });
        queries.extend([
            near("names", &word.text, 1.0),
            near("people", &word.text, 0.5),
            near("forms", &word.folded, 0.8),
        ]);
        if word.folded.chars().count() >= TYPO_IN_BEGINNING_FROM {
            queries.extend([near("names.prefix", &word.text, 0.4), near("people.prefix", &word.text, 0.2)]);
        }
        for (keys, name) in [(&word.in_cyrillic, "cyrillic_sounds"), (&word.in_latin, "latin_sounds")] {
            queries.extend(keys.iter().map(|key| near(name, key, 0.3)));
        }
    }
    json!({ "dis_max": { "queries": queries, "boost": boost } })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use kernel::policy::Audience;
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;

    const SLICE: Slice = Slice { from: 0, size: 20 };

    fn bodies(text: &str) -> Vec<Value> {
        let audience = Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        let criteria = Criteria::new(text, audience, OffsetDateTime::UNIX_EPOCH);
        let searches =
            [Reach::AsWritten, Reach::WithTypos, Reach::AnyWord].map(|reach| search(&criteria, reach, SLICE));
        searches
            .into_iter()
            .chain([Reach::AsWritten, Reach::WithTypos].into_iter().flat_map(|reach| suggest(&criteria, reach)))
            .collect()
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
