//! Words of a text, the same way for what is searched and for what is found.
//!
//! Nothing but letters, marks and digits gets into a word: whatever somebody types, it cannot be more than words to an engine.

use kernel::text::visible_part;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Longest text of signs that is looked at.
const MOST_SIGNS: usize = 100;

/// Lower-case words with their accents, for the analysers of the search engine.
pub fn words(text: &str) -> Vec<String> {
    // 8½ is an 8 and a ½, not 81 and a 2.
    let is_fraction = |letter: &char| matches!(letter, '¼'..='¾' | '⅐'..='⅞' | '↉');
    let apart = text.chars().flat_map(|letter| is_fraction(&letter).then_some(' ').into_iter().chain([letter]));
    let text: String = apart.nfkc().flat_map(char::to_lowercase).nfc().collect();
    let is_break = |letter: char| !(letter.is_alphanumeric() || is_combining_mark(letter));
    let has_letter = |word: &&str| word.chars().any(char::is_alphanumeric);
    text.split(is_break).filter(has_letter).map(str::to_owned).collect()
}

/// Lower-case words without accents: `Ёлки — Äpfel` is `елки`, `apfel`; й stays й.
pub fn folded(text: &str) -> Vec<String> {
    words(text).iter().map(|word| fold(word)).filter(|word| !word.is_empty()).collect()
}

/// The signs of a text that has no word, without spaces: `…` is `...`. `None` when it has words, or nothing that can be seen.
pub fn signs(text: &str) -> Option<String> {
    if !words(text).is_empty() {
        return None;
    }
    let is_shown = |letter: &char| {
        !(letter.is_whitespace() || is_combining_mark(*letter) || matches!(letter, '\u{200c}' | '\u{200d}'))
    };
    let signs: String = visible_part(text, MOST_SIGNS).nfkc().filter(is_shown).collect();
    (!signs.is_empty()).then_some(signs)
}

/// Takes the accents of a word away.
pub(crate) fn fold(word: &str) -> String {
    let mut folded = String::new();
    // й is a letter of its own, not an и with an accent.
    let apart = word.chars().flat_map(|letter| if letter == 'й' { vec![letter] } else { letter.nfkd().collect() });
    for letter in apart.filter(|letter| letter.is_alphanumeric() && !is_combining_mark(*letter)) {
        match letter {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            _ => folded.push(letter),
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_keep_their_accents_and_lose_their_signs() {
        assert_eq!(words("Spider-Man: «Возвращение»!"), ["spider", "man", "возвращение"]);
        assert_eq!(words("O'Brien 3.14"), ["o", "brien", "3", "14"]);
        assert_eq!(words("Войны\u{0}\n"), ["войны"]);
        // й in two code points, as some keyboards send it, is the same letter.
        assert_eq!(words("Войны"), words("Вои\u{306}ны"));
        assert!(words("!?* (){}\"\\/").is_empty());
        assert_eq!(
            (words("8½"), words("8 1/2"), words("Alien³")),
            (words("8 1/2"), words("8 1⁄2"), vec!["alien3".to_owned()])
        );
    }

    #[test]
    fn a_text_without_words_has_signs_unless_nothing_can_be_seen() {
        assert_eq!(signs(" … "), Some("...".to_owned()));
        assert_eq!(signs("❤\u{fe0f}"), signs("❤"));
        for nothing in ["", " ", "\u{0}", "\u{200b}\u{202e}", "a!", "\u{fe0f}"] {
            assert_eq!(signs(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn folding_takes_accents_away() {
        assert_eq!(folded("Войны и воины"), ["войны", "и", "воины"]);
        assert_eq!(folded("Ёлки — Äpfel, Ångström, Łódź, Straße"), ["елки", "apfel", "angstrom", "lodz", "strasse"]);
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let once = folded(&text);
            prop_assert_eq!(folded(&once.join(" ")), once.clone());
            let is_plain = |word: &String| word.chars().all(char::is_alphanumeric);
            prop_assert!(once.iter().all(is_plain));
        }
    }
}
