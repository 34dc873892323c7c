//! In which order an answer comes, and where a page of it ends.

use std::cmp::Ordering;

use kernel::{Id, Languages, TitleId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::document::Document;

/// The order of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// What fits best first; a title whose name is the query comes before all others.
    #[default]
    Relevance,
    /// Last published first.
    Newest,
    /// By name, as the reader's language orders names.
    Title,
    /// Latest year first.
    Year,
}

/// What decides a title's place, unless it is how well the title fits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

/// The key and the id of a title: no two are alike.
pub(crate) type Position = (Key, TitleId);

/// Where a page ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Place {
    /// By relevance: so many titles come before. How well a title fits differs between the engines.
    Passed(usize),
    /// Otherwise the last title: what is added or taken away before it moves nothing.
    Last(Position),
}

/// The order of an answer for a reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub sort: Sort,
    pub reader: Languages,
}

impl Order {
    pub const fn by_relevance(reader: Languages) -> Self {
        Self { sort: Sort::Relevance, reader }
    }

    /// What cursors are bound to beside the filter: another language orders otherwise, and so may another version of the keys.
    pub fn binding(&self) -> String {
        match self.sort {
            Sort::Title => format!("{} {}", self.reader.tags().join(","), collation::VERSION),
            Sort::Relevance | Sort::Newest | Sort::Year => String::new(),
        }
    }

    /// Decides the place of titles one by one; `None` by relevance.
    pub fn position(&self) -> Option<impl Fn(&Document) -> Position + use<>> {
        let Self { sort, reader } = self.clone();
        let names = (sort == Sort::Title).then(|| collation::Order::of(&reader)).flatten();
        (sort != Sort::Relevance).then_some(move |document: &Document| {
            let key = match &names {
                Some(names) => Key::Text(names.key(document.names().for_reader(&reader))),
                None if sort == Sort::Year => Key::Number(document.year.unwrap_or_default().into()),
                None => Key::Number(document.published_millis()),
            };
            (key, document.title_id)
        })
    }

    /// Which of two positions comes first.
    pub fn compare(&self, one: &Position, other: &Position) -> Ordering {
        match self.sort {
            Sort::Title => one.cmp(other),
            Sort::Relevance | Sort::Newest | Sort::Year => other.cmp(one),
        }
    }
}

impl Document {
    /// When it became public, in milliseconds since 1970. Documents that were kept before this was noted know when the title was made.
    pub(crate) fn published_millis(&self) -> i64 {
        let made = || i64::try_from(self.title_id.uuid().as_u128() >> 80).unwrap_or_default();
        let millis = |nanos: i128| i64::try_from(nanos.div_euclid(1_000_000)).unwrap_or_default();
        self.published_at.map_or_else(made, |moment| millis(moment.unix_timestamp_nanos()))
    }

    /// For the index: the key of each name in each order, as `order/locale/key`. Those of an order that agrees with the root's are left out.
    pub(crate) fn sort_keys(&self) -> Vec<String> {
        let keys = collation::keys(&self.names().column());
        let mut found = Vec::new();
        for (order, keys) in keys.as_object().into_iter().flatten() {
            let each = keys.as_object().into_iter().flatten();
            found.extend(each.filter_map(|(locale, key)| Some(format!("{order}/{locale}/{}", key.as_str()?))));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use kernel::{TitleKind, policy::TitleRules};
    use time::macros::datetime;

    use super::*;

    fn document(names: &[(&str, &str)]) -> Document {
        Document {
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap(),
            kind: TitleKind::Film,
            slug: "a".to_owned(),
            year: None,
            published_at: None,
            genres: vec![],
            names: names.iter().map(|(locale, name)| (locale.parse().unwrap(), (*name).to_owned())).collect(),
            original_title: "Original".to_owned(),
            people: vec![],
            poster: None,
            duration_seconds: None,
            rules: TitleRules::default(),
        }
    }

    /// What the index looks up is what the other engine makes of the name that is shown.
    #[test]
    fn the_index_has_the_key_of_the_name_that_each_reader_sees() {
        for names in [&[("en", "Alien"), ("ru", "Чужой")][..], &[("fi", "Ääni")], &[]] {
            let document = document(names);
            for header in ["en", "ru", "ru-RU, de", "sv", "ja", ""] {
                let reader = Languages::accepted(header);
                let order = Order { sort: Sort::Title, reader: reader.clone() };
                let (Key::Text(expected), _) = order.position().unwrap()(&document) else { panic!("no text") };
                let tags = reader.tags().into_iter().chain([String::new()]);
                let starts = tags.map(|tag| format!("{}/{tag}/", collation::language(&reader)));
                let root = reader.tags().into_iter().chain([String::new()]).map(|tag| format!("/{tag}/"));
                let keys = document.sort_keys();
                let found = starts.chain(root).find_map(|start| keys.iter().find_map(|key| key.strip_prefix(&start)));
                assert_eq!(found, Some(expected.as_str()), "{names:?} {header}");
            }
        }
    }

    #[test]
    fn what_was_never_noted_is_as_old_as_the_title() {
        let mut document = document(&[]);
        assert_eq!(document.published_millis(), datetime!(2024-11-20 01:32:12 UTC).unix_timestamp() * 1000 + 917);
        document.published_at = Some(datetime!(2026-01-01 00:00:00.0019 UTC));
        assert_eq!(document.published_millis() % 1000, 1);
    }

    #[test]
    fn places_are_told_apart() {
        for place in [
            Place::Passed(20),
            Place::Last((Key::Number(-5), "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap())),
            Place::Last((Key::Text("5".to_owned()), "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap())),
        ] {
            let text = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<Place>(&text).unwrap(), place, "{text}");
        }
    }
}
