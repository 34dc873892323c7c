//! The index of titles: how texts are taken apart, and which fields there are.

use kernel::policy::search_mapping;
use serde_json::{Value, json};

/// Rises with every change of what is below: an index of another version is built anew.
pub(crate) const VERSION: u32 = 3;

/// The body of the index's creation under an alias.
pub(crate) fn index(alias: &str) -> Value {
    let mut properties = search_mapping();
    // Words that are taken as they are: `forms` and `sound` made them.
    let written = json!({ "type": "text", "analyzer": "written", "fields": {
        "prefix": { "type": "text", "analyzer": "written_prefix", "search_analyzer": "written" },
    } });
    let fields = json!({
        "title_id": { "type": "keyword" },
        "kind": { "type": "keyword" },
        "genres": { "type": "keyword" },
        "year": { "type": "integer" },
        // In milliseconds since 1970.
        "published_at": { "type": "long" },
        // Only sorted by; `order` makes them.
        "sort_keys": { "type": "keyword", "index": false },
        "exact": { "type": "keyword" },
        "core": { "type": "keyword" },
        "core_sound": { "type": "keyword" },
        "forms": written.clone(),
        "cyrillic_sounds": written.clone(),
        "latin_sounds": written,
        "names": { "type": "text", "analyzer": "plain", "fields": {
            "prefix": { "type": "text", "analyzer": "prefix", "search_analyzer": "plain" },
            "russian": { "type": "text", "analyzer": "russian_text" },
            "english": { "type": "text", "analyzer": "english_text" },
        } },
        "people": { "type": "text", "analyzer": "plain", "fields": {
            "prefix": { "type": "text", "analyzer": "prefix", "search_analyzer": "plain" },
        } },
        // Shown as it is.
        "document": { "type": "object", "enabled": false },
    });
    if let (Value::Object(properties), Value::Object(fields)) = (&mut properties, fields) {
        properties.extend(fields);
    }
    json!({
        "settings": { "index": { "number_of_shards": 1, "auto_expand_replicas": "0-1" }, "analysis": analysis() },
        // What an older index does not know it keeps and does not search.
        "mappings": { "dynamic": false, "_meta": { "version": VERSION }, "properties": properties },
        "aliases": { alias: {} },
    })
}

/// Folding takes й for an и with an accent and makes wars of warriors: й is put aside while everything else is folded, and stemmers come
/// first, because they know the difference. ё becomes е, as people type it.
fn analysis() -> Value {
    let analyzer = |first: &[&str], last: &[&str]| {
        let filters: Vec<_> =
            first.iter().chain(&["short_i_aside", "icu_folding", "short_i_back"]).chain(last).collect();
        json!({ "type": "custom", "tokenizer": "icu_tokenizer", "char_filter": ["yo"], "filter": filters })
    };
    // A private character, which no filter knows.
    let replace = |pattern: &str, replacement: &str| json!({ "type": "pattern_replace", "pattern": pattern, "replacement": replacement });
    json!({
        "char_filter": { "yo": { "type": "mapping", "mappings": ["ё => е", "Ё => Е"] } },
        "filter": {
            "short_i_aside": replace("й", "\u{e000}"),
            "short_i_back": replace("\u{e000}", "й"),
            "prefixes": { "type": "edge_ngram", "min_gram": 1, "max_gram": 30 },
            "russian_stem": { "type": "stemmer", "language": "russian" },
            "english_stem": { "type": "stemmer", "language": "english" },
        },
        "analyzer": {
            "written": { "type": "custom", "tokenizer": "whitespace" },
            "written_prefix": { "type": "custom", "tokenizer": "whitespace", "filter": ["prefixes"] },
            "plain": analyzer(&["lowercase"], &[]),
            "prefix": analyzer(&["lowercase"], &["prefixes"]),
            "russian_text": analyzer(&["lowercase", "russian_stem"], &[]),
            "english_text": analyzer(&["lowercase", "english_stem"], &[]),
        },
    })
}
