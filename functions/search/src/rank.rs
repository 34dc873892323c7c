//! The order of what Postgres found, and whether a candidate of its trigrams is a match at all. Pure.

use crate::{
    asked::Reach,
    asked::{Asked, Word},
    document::Document,
    spelling::distance,
    words::{folded, signs},
};

/// A name that is the whole query: as typed, with its year, in another form.
const WHOLE: [u32; 3] = [100_000, 60_000, 50_000];
const CORE_SOUND: u32 = 20_000;
/// Whole word, beginning, typo.
const IN_NAME: [u32; 3] = [60, 30, 10];
const IN_PEOPLE: [u32; 3] = [40, 20, 5];
const IN_FORMS: [u32; 3] = [40, 10, 8];
const IN_SOUND: [u32; 3] = [25, 10, 3];
const YEAR: u32 = 40;

/// How well a document fits; `None` when a word of the query is nowhere in it.
pub(crate) fn score(asked: &Asked, reach: Reach, document: &Document) -> Option<u32> {
    if let Some(asked) = &asked.signs {
        return document.titles().any(|name| signs(name).as_ref() == Some(asked)).then_some(WHOLE[0]);
    }
    let words = Words {
        names: document.titles().flat_map(folded).collect(),
        people: document.people.iter().flat_map(|name| folded(name)).collect(),
        forms: document.forms(),
        document,
    };
    let mut total = whole(asked, document);
    for word in &asked.words {
        match words.best(word, reach) {
            Some(points) if word.is_optional => total += points / 20,
            Some(points) => total += points,
            None if asked.is_required(word, reach) => return None,
            None => {}
        }
    }
    Some(total)
}

fn whole(asked: &Asked, document: &Document) -> u32 {
    let cores = document.cores();
    let is_dated = |(name, year): &(String, i16)| cores.contains(name) && document.year == Some(*year);
    if document.exact().contains(&asked.whole) {
        WHOLE[0]
    } else if asked.dated.as_ref().is_some_and(is_dated) {
        WHOLE[1]
    } else if cores.contains(&asked.core) {
        WHOLE[2]
    } else if asked.whole_sound().is_some_and(|key| document.core_sounds().contains(&key)) {
        CORE_SOUND
    } else {
        0
    }
}

struct Words<'a> {
    names: Vec<String>,
    people: Vec<String>,
    forms: Vec<String>,
    document: &'a Document,
}

impl Words<'_> {
    fn best(&self, word: &Word, reach: Reach) -> Option<u32> {
        let typos = if reach == Reach::AsWritten { 0 } else { word.typos };
        let written = [&word.folded].into_iter().chain(&word.joined).chain(&word.digits);
        let in_text = |wanted: &String| {
            let found = [(&self.names, IN_NAME), (&self.people, IN_PEOPLE), (&self.forms, IN_FORMS)];
            found.into_iter().filter_map(|(words, points)| best(wanted, words, points, typos)).max()
        };
        let year = (word.year.is_some() && word.year == self.document.year).then_some(YEAR);
        let is_named = |phrase: &String| phrase.split(' ').all(|part| self.names.iter().any(|name| name == part));
        let synonym = word.synonyms.iter().any(is_named).then_some(IN_FORMS[0]);
        let found = written.filter_map(in_text).max().max(year).max(synonym);
        // Sounds are made only where nothing else fits: it takes the longest.
        found.or_else(|| {
            let cyrillic =
                word.in_cyrillic.as_ref().and_then(|key| best(key, &self.document.cyrillic_sounds(), IN_SOUND, typos));
            let latin =
                word.in_latin.as_ref().and_then(|key| best(key, &self.document.latin_sounds(), IN_SOUND, typos));
            cyrillic.max(latin)
        })
    }
}

fn best(wanted: &str, words: &[String], [whole, beginning, typo]: [u32; 3], typos: u8) -> Option<u32> {
    let points = |word: &String| {
        if word == wanted {
            Some(whole)
        } else if word.starts_with(wanted) {
            Some(beginning)
        } else if typos > 0 && distance(wanted, word, typos).is_some() {
            Some(typo)
        } else {
            None
        }
    };
    words.iter().filter_map(points).max()
}

#[cfg(test)]
mod tests {
    use kernel::{Locale, TitleKind, policy::TitleRules};

    use super::*;

    fn film(name: &str, people: &[&str]) -> Document {
        Document {
            title_id: "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap(),
            kind: TitleKind::Film,
            slug: "a".to_owned(),
            year: None,
            published_at: None,
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
        score(&Asked::new(query), Reach::WithTypos, document)
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

    #[test]
    fn other_forms_fit_and_other_numbers_do_not() {
        let fits = |query: &str, name: &str| rank(query, &film(name, &["Сергей Бодров"])).is_some();
        for (query, name) in [
            ("spiderman", "Spider-Man: Homecoming"),
            ("star wars", "Starwars"),
            ("rocky 2", "Rocky II"),
            ("fast and furious", "Fast & Furious"),
            ("the heat", "Heat"),
            ("brat", "Брат"),
            ("bodrov brat", "Брат"),
            ("синтел", "Sintel"),
            ("...", "…"),
        ] {
            assert!(fits(query, name), "{query}");
        }
        for (query, name) in [("1918", "1917"), ("rocky 3", "Rocky II"), ("?", "!"), ("kot", "Брат")] {
            assert!(!fits(query, name), "{query}");
        }
    }
}
