//! Names as they are compared: case, accents, punctuation and spaces do not matter.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Letters of a key at most; nothing is called longer.
const MAX_LETTERS: usize = 300;

/// What two spellings of one name have in common: `Amélie!` and `amelie`, `Ёлки` and `елки`, `Tom & Jerry` and `Tom and Jerry`.
pub fn key(name: &str) -> String {
    let mut key = String::new();
    let mut is_apart = false;
    // й is a letter of its own, not an и with an accent.
    let apart = |letter: char| if matches!(letter, 'й' | 'Й') { vec![letter] } else { letter.nfkd().collect() };
    let lower = name.nfc().take(MAX_LETTERS).flat_map(apart).filter(|letter| !is_combining_mark(*letter));
    for letter in lower.flat_map(char::to_lowercase) {
        match letter {
            '&' => {
                key.push_str(if key.is_empty() { "and" } else { " and" });
                is_apart = true;
            }
            // Schindler's List is Schindlers List.
            '\'' | '’' | '‘' | 'ʼ' | '`' => {}
            letter if letter.is_alphanumeric() => {
                if is_apart && !key.is_empty() {
                    key.push(' ');
                }
                is_apart = false;
                match letter {
                    'ß' => key.push_str("ss"),
                    'æ' => key.push_str("ae"),
                    'œ' => key.push_str("oe"),
                    'ø' => key.push('o'),
                    'ł' => key.push('l'),
                    'đ' => key.push('d'),
                    'ı' => key.push('i'),
                    letter => key.push(letter),
                }
            }
            _ => is_apart = true,
        }
    }
    // A name without letters, such as `…`, is itself.
    if key.is_empty() { name.trim().chars().take(MAX_LETTERS).collect() } else { key }
}

/// The one number in a text, if it has exactly one.
pub fn number(text: &str) -> Option<i32> {
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let number = numbers.next()?.parse().ok()?;
    numbers.next().is_none().then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_have_one_key() {
        for (one, other) in [
            ("Amélie!", "amelie"),
            ("Ёлки 2", "ёлки  2"),
            ("Ёлки", "Елки"),
            ("Tom & Jerry", "Tom and Jerry"),
            ("Schindler’s List", "Schindler's list"),
            ("Spider-Man: Homecoming", "Spider Man Homecoming"),
            ("WALL·E", "wall e"),
            ("Straße", "strasse"),
        ] {
            assert_eq!(key(one), key(other), "{one}");
        }
        for (one, other) in [("Мой", "Мои"), ("Alien", "Aliens"), ("Ёлки 2", "Ёлки 3"), ("…", "?")] {
            assert_ne!(key(one), key(other), "{one}");
        }
        assert_eq!(key("…"), "…");
    }

    #[test]
    fn a_season_has_one_number() {
        for (text, expected) in [
            ("Season 3", Some(3)),
            ("Сезон 12", Some(12)),
            ("3. Staffel", Some(3)),
            ("Limited Series", None),
            ("1 of 2", None),
            ("99999999999", None),
        ] {
            assert_eq!(number(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key(text in any::<String>()) {
            let once = key(&text);
            // Cutting may fall inside a word, never outside the bounds.
            prop_assert!(once.chars().count() <= 18 * MAX_LETTERS + 1);
            if text.chars().count() < 100 {
                prop_assert_eq!(key(&once), once);
            }
        }
    }
}
