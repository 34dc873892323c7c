//! Addresses out of names, and the key by which two spellings of a name are one person.

use kernel::TitleId;

use crate::text::{Name, Slug};

/// Latin letters for Cyrillic ones, in the order of the alphabet from а to я.
const LATIN: [&str; 32] = [
    "a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f", "kh",
    "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
];
const TAIL: usize = 8;

/// The slug of a name; a name without any letter that has a Latin form gets the end of the title's id.
pub fn from_name(name: &Name, id: TitleId) -> Slug {
    let words = latin(name.as_str());
    Slug::lossy(words.get(..60).unwrap_or(&words).trim_end_matches('-')).unwrap_or_else(|| from_id("title", id))
}

/// A slug that nobody else has.
pub fn distinct(name: &Name, id: TitleId) -> Slug {
    from_id(from_name(name, id).as_str(), id)
}

fn from_id(stem: &str, id: TitleId) -> Slug {
    let id = id.to_string();
    let text = format!("{stem}-{}", &id[id.len() - TAIL..]);
    Slug::lossy(&text).unwrap_or_else(|| unreachable!("an id consists of letters and digits"))
}

fn latin(name: &str) -> String {
    let mut slug = String::new();
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' => slug.push(letter),
            'ё' => slug.push('e'),
            'а'..='я' => slug.push_str(LATIN[(letter as usize - 'а' as usize) % LATIN.len()]),
            '\'' | '’' => {}
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// The same for spellings that differ only in case, punctuation or spaces.
pub fn person_key(name: &Name) -> String {
    let lower = name.as_str().to_lowercase().replace('ё', "е");
    let words: Vec<_> = lower.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // A name of nothing but signs is its own key.
    if words.is_empty() { lower } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id() -> TitleId {
        "ttl_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap()
    }

    fn slug(name: &str) -> String {
        from_name(&Name::new(name).unwrap(), id()).to_string()
    }

    #[test]
    fn names_become_addresses() {
        assert_eq!(slug("Big Buck Bunny!"), "big-buck-bunny");
        assert_eq!(slug("Война и мир"), "voyna-i-mir");
        assert_eq!(slug("Ёлки — 2"), "elki-2");
        assert_eq!(slug("千と千尋"), "title-xyz01234");
        assert_eq!(distinct(&Name::new("Sintel").unwrap(), id()).as_str(), "sintel-xyz01234");
    }

    #[test]
    fn spellings_of_one_person_agree() {
        let key = |name: &str| person_key(&Name::new(name).unwrap());
        assert_eq!(key("Ton Roosendaal"), key(" ton  ROOSENDAAL."));
        assert_eq!(key("Алёна Петрова"), key("Алена Петрова"));
        assert_ne!(key("?"), key("!"));
    }

    proptest! {
        #[test]
        fn every_name_has_a_slug(name in any::<String>()) {
            if let Some(name) = Name::lossy(&name) {
                prop_assert!(!from_name(&name, id()).as_str().is_empty());
                prop_assert!(!distinct(&name, id()).as_str().is_empty());
                prop_assert!(!person_key(&name).is_empty());
            }
        }
    }
}
