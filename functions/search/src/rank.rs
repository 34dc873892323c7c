//! The order of what Postgres found, and whether a candidate of its trigrams is a match at all. Pure.

use crate::{
    criteria::{Criteria, TYPO_FROM_LETTERS},
    document::Document,
    words::folded,
};

const EXACT: u32 = 100_000;
/// Whole word, beginning, typo.
const IN_NAME: [u32; 3] = [60, 30, 10];
const IN_PEOPLE: [u32; 3] = [40, 20, 5];

/// How well a document fits; `None` when a word of the query is nowhere in it.
pub(crate) fn score(criteria: &Criteria, document: &Document) -> Option<u32> {
    let names: Vec<String> = document.titles().flat_map(folded).collect();
    let people: Vec<String> = document.people.iter().flat_map(|name| folded(name)).collect();
    let mut total = if document.exact().contains(&criteria.whole) { EXACT } else { 0 };
    for word in &criteria.folded {
        total += best(word, &names, IN_NAME).max(best(word, &people, IN_PEOPLE))?;
    }
    Some(total)
}

fn best(wanted: &str, words: &[String], [whole, beginning, typo]: [u32; 3]) -> Option<u32> {
    let points = |word: &String| {
        if word == wanted {
            Some(whole)
        } else if word.starts_with(wanted) {
            Some(beginning)
        } else if wanted.chars().count() >= TYPO_FROM_LETTERS && is_one_typo(wanted, word) {
            Some(typo)
        } else {
            None
        }
    };
    words.iter().filter_map(points).max()
}

/// Whether one letter was added, left out or changed, or two neighbours were swapped.
fn is_one_typo(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if long.len() - short.len() > 1 {
        return false;
    }
    let Some(at) = (0..short.len()).find(|at| short[*at] != long[*at]) else { return true };
    if short.len() < long.len() {
        return short[at..] == long[at + 1..];
    }
    let is_swap = at + 1 < short.len()
        && short[at] == long[at + 1]
        && short[at + 1] == long[at]
        && short[at + 2..] == long[at + 2..];
    short[at + 1..] == long[at + 1..] || is_swap
}

#[cfg(test)]
mod tests {
    use kernel::{
        Locale, TitleKind,
        policy::{Audience, TitleRules},
    };
    use proptest::prelude::*;
    use time::OffsetDateTime;

    use super::*;

    fn film(name: &str, people: &[&str]) -> Document {
        Document {
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap(),
            kind: TitleKind::Film,
            slug: "a".to_owned(),
            year: None,
            genres: vec![],
            names: [(Locale::english(), name.to_owned())].into(),
            original_title: name.to_owned(),
            people: people.iter().map(|name| (*name).to_owned()).collect(),
            poster: None,
            duration_seconds: None,
            rules: TitleRules::default(),
        }
    }

    fn rank(query: &str, document: &Document) -> Option<u32> {
        let audience = Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        score(&Criteria::new(query, audience, OffsetDateTime::UNIX_EPOCH), document)
    }

    #[test]
    fn every_word_must_be_somewhere() {
        let bunny = film("Big Buck Bunny", &["Sacha Goedegebure"]);
        for query in ["bun", "BIG b", "buny", "bnuny", "bunnyy", "goedegebure big", "sacha"] {
            assert!(rank(query, &bunny).is_some(), "{query}");
        }
        for query in ["nny", "big dog", "bug", "bxxny"] {
            assert!(rank(query, &bunny).is_none(), "{query}");
        }
    }

    #[test]
    fn better_matches_come_first() {
        let order = [
            film("Sintel", &[]),
            film("Sintel Returns", &[]),
            film("The Making", &["Sintel"]),
            film("Sintelling", &[]),
            film("Sintal", &[]),
        ];
        let scores: Vec<_> = order.iter().map(|document| rank("sintel", document).unwrap()).collect();
        assert!(scores.is_sorted_by(|one, other| one > other), "{scores:?}");
    }

    proptest! {
        /// Against the textbook's table.
        #[test]
        fn one_typo_is_a_distance_of_one(one in "[abc]{0,6}", other in "[abc]{0,6}") {
            prop_assert_eq!(is_one_typo(&one, &other), distance(&one, &other) <= 1);
        }
    }

    fn distance(one: &str, other: &str) -> usize {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in 0..=one.len() {
            for j in 0..=other.len() {
                table[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let change = table[i - 1][j - 1] + usize::from(one[i - 1] != other[j - 1]);
                    let mut least = change.min(table[i - 1][j] + 1).min(table[i][j - 1] + 1);
                    if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                        least = least.min(table[i - 2][j - 2] + 1);
                    }
                    least
                };
            }
        }
        table[one.len()][other.len()]
    }
}
