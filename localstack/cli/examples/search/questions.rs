//! What people type, of which every text finds something.

use testkit::films::{self, Film};

/// Texts of one kind.
pub struct Group {
    pub name: &'static str,
    pub texts: Vec<String>,
}

/// How much of a name somebody has typed, in letters.
const BEGINNINGS: [(&str, usize); 2] = [("three letters", 3), ("six letters", 6)];

/// The first letters of a name; a space at the end is not typed yet.
fn beginning(name: &str, letters: usize) -> String {
    name.chars().take(letters).collect::<String>().trim_end().to_owned()
}

fn listed(wanted: &[&str]) -> Vec<String> {
    let queries = films::queries().into_iter();
    queries.filter(|query| wanted.contains(&query.kind.as_str())).map(|query| query.text).collect()
}

/// What searches are asked.
pub fn searched(real: &[Film]) -> Vec<Group> {
    let names = |locale: usize| real.iter().map(|film| film.names[locale].1.clone()).collect();
    vec![
        Group { name: "English names", texts: names(0) },
        Group { name: "Russian names", texts: names(1) },
        Group { name: "beginnings", texts: listed(&["prefix"]) },
        Group { name: "typos", texts: listed(&["typo", "prefix_typo"]) },
        Group { name: "the other layout", texts: listed(&["layout"]) },
        Group {
            name: "people, years, numbers, other spellings",
            texts: listed(&["person", "year", "digit", "roman", "translit", "yo", "glyph", "morphology", "original"]),
        },
    ]
}

/// What suggestions are asked for.
pub fn typed(real: &[Film]) -> Vec<Group> {
    let beginnings = BEGINNINGS.map(|(name, letters)| {
        let of = |(number, film): (usize, &Film)| beginning(&film.names[number % film.names.len()].1, letters);
        // Nothing is suggested for signs alone.
        let has_letters = |text: &String| text.chars().any(char::is_alphanumeric);
        Group { name, texts: real.iter().enumerate().map(of).filter(has_letters).collect() }
    });
    let mut groups: Vec<Group> = beginnings.into();
    groups.push(Group { name: "beginnings of words", texts: listed(&["prefix"]) });
    groups.push(Group { name: "typos", texts: listed(&["typo", "prefix_typo"]) });
    groups
}
