//! What somebody probably meant. Pure.

use crate::{
    asked::Reach,
    asked::{Asked, Word},
    document::Document,
    sound,
    words::{folded, words},
};

/// How far a proposal may be from what was typed.
const FURTHEST: u8 = 2;

/// The query with its misspelt words as the document, which was found with typos, spells them; `None` when that is what was typed.
pub(crate) fn corrected(asked: &Asked, document: &Document) -> Option<String> {
    let known: Vec<(String, String)> = document
        .texts()
        .flat_map(words)
        .map(|word| (folded(&word).concat(), word))
        .filter(|(folded, _)| !folded.is_empty())
        .collect();
    let spelt: Vec<&str> = asked.words.iter().map(|word| nearest(word, &known)).collect();
    let typed: Vec<&str> = asked.words.iter().map(|word| word.text.as_str()).collect();
    (spelt != typed).then(|| spelt.join(" "))
}

/// The known word that is nearest to a typed one, or the typed one.
fn nearest<'a>(word: &'a Word, known: &'a [(String, String)]) -> &'a str {
    if word.typos == 0 || known.iter().any(|(folded, _)| folded.starts_with(&word.folded)) {
        return &word.text;
    }
    let far = |folded: &str| {
        let whole = distance(&word.folded, folded, FURTHEST);
        // An unfinished word is as far as the beginning of the whole one.
        let letters = word.folded.chars().count();
        let beginning: String = folded.chars().take(letters).collect();
        whole.or_else(|| distance(&word.folded, &beginning, FURTHEST).map(|far| far + 1))
    };
    let near = known.iter().filter_map(|(folded, spelt)| Some((far(folded)?, spelt))).min_by_key(|(far, _)| *far);
    near.map_or(&word.text, |(_, spelt)| spelt)
}

/// The name or person of the document that is nearest to what was asked.
pub(crate) fn proposal<'a>(asked: &Asked, document: &'a Document) -> Option<&'a str> {
    let fitting = |text: &&str| {
        let known = folded(text);
        let fits = |word: &&Word| {
            known
                .iter()
                .any(|known| known.starts_with(&word.folded) || distance(&word.folded, known, FURTHEST).is_some())
        };
        (asked.words.iter().filter(fits).count(), std::cmp::Reverse(known.len()))
    };
    document.texts().max_by_key(fitting)
}

/// Whether a name has every word that was asked for: whole, as a beginning, in the other alphabet, or with its typos.
pub(crate) fn fits(asked: &Asked, reach: Reach, name: &str) -> bool {
    let known = folded(name);
    let is = |word: &Word| {
        let typos = if reach == Reach::AsWritten { 0 } else { word.typos };
        let is_near = |wanted: &str, known: &str| {
            known.starts_with(wanted) || (typos > 0 && distance(wanted, known, typos).is_some())
        };
        let sounds = |wanted: &Option<String>, key: fn(&str) -> Option<String>, known: &str| {
            wanted.as_ref().zip(key(known)).is_some_and(|(wanted, known)| is_near(wanted, &known))
        };
        known.iter().any(|known| {
            is_near(&word.folded, known)
                || sounds(&word.in_cyrillic, sound::of_cyrillic, known)
                || sounds(&word.in_latin, sound::of_latin, known)
        })
    };
    asked.words.iter().filter(|word| asked.is_required(word, reach)).all(is)
}

/// How many letters were added, left out, changed or swapped with a neighbour; `None` when it takes more than `most`.
pub(crate) fn distance(one: &str, other: &str, most: u8) -> Option<u8> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > usize::from(most) {
        return None;
    }
    let mut before: Vec<usize> = vec![];
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for i in 1..=one.len() {
        let mut row = vec![i; other.len() + 1];
        for j in 1..=other.len() {
            let change = last[j - 1] + usize::from(one[i - 1] != other[j - 1]);
            row[j] = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        if row.iter().all(|far| *far > usize::from(most)) {
            return None;
        }
        before = std::mem::replace(&mut last, row);
    }
    let far = u8::try_from(last[other.len()]).ok()?;
    (far <= most).then_some(far)
}

#[cfg(test)]
mod tests {
    use kernel::{Locale, TitleKind, policy::TitleRules};

    use super::*;

    fn document(name: &str, people: &[&str]) -> Document {
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

    #[test]
    fn misspelt_words_are_corrected_and_others_stay() {
        let godfather = document("The Godfather", &["Франсис Коппола", "Al Pacino"]);
        for (typed, spelt) in [
            ("teh godfahter", Some("the godfather")),
            ("godfahter", Some("godfather")),
            ("godfahte", Some("godfather")),
            ("pacinno godf", Some("pacino godf")),
            ("копола", Some("коппола")),
            ("godfather", None),
            ("godf", None),
        ] {
            assert_eq!(corrected(&Asked::new(typed), &godfather).as_deref(), spelt, "{typed}");
        }
    }

    #[test]
    fn a_person_fits_by_every_word() {
        let fits = |asked: &str, name: &str| fits(&Asked::new(asked), Reach::WithTypos, name);
        for asked in ["tark", "andrei tarkovsky", "tarkovski", "тарковский", "tarkosvky"] {
            assert!(fits(asked, "Andrei Tarkovsky"), "{asked}");
        }
        assert!(fits("tarkovsky", "Андрей Тарковский"));
        assert!(!fits("andrei rublev", "Andrei Tarkovsky"));
    }

    #[test]
    fn the_nearest_text_is_proposed() {
        let godfather = document("The Godfather", &["Al Pacino"]);
        assert_eq!(proposal(&Asked::new("al pacino dances"), &godfather), Some("Al Pacino"));
        assert_eq!(proposal(&Asked::new("godfahter dances"), &godfather), Some("The Godfather"));
    }

    #[test]
    fn distance_counts_edits_and_swaps_of_neighbours() {
        for (one, other, far) in
            [("", "", 0), ("", "a", 1), ("ab", "ba", 1), ("bunny", "bnuny", 1), ("bunny", "xunnyy", 2), ("ёж", "еж", 1)]
        {
            assert_eq!(distance(one, other, 2), Some(far), "{one} {other}");
            assert_eq!(distance(other, one, 2), Some(far), "{one} {other}");
        }
        assert_eq!((distance("abc", "xyz", 2), distance("a", "abcd", 2), distance("ab", "", 1)), (None, None, None));
    }
}
