//! What a text asks for, word by word. Both engines decide with it.

use crate::{
    forms::{core, digits, is_optional, joined},
    sound,
    synonyms::Synonyms,
    words::{fold, signs, words},
};

/// How far from what was typed an answer may be. The first reach that finds something answers, so a typo is looked for only where nothing is
/// called what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every word: whole, as a beginning, in another form, in the other alphabet.
    AsWritten,
    /// Every word, with typos.
    WithTypos,
    /// Any word, with more typos: for a proposal, never an answer.
    AnyWord,
}

/// More words add nothing; the rest is ignored.
const MOST_WORDS: usize = 12;
/// A typo in a shorter word makes it another word.
const TYPO_FROM_LETTERS: usize = 4;
/// Beside other words a shorter one may have a typo too.
const TYPO_BESIDE_OTHERS: usize = 3;
/// From here on people make two.
const TWO_TYPOS_FROM_LETTERS: usize = 9;
/// In which titles can have appeared.
const YEARS: std::ops::RangeInclusive<i16> = 1870..=2200;

/// A text that somebody searches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// At most [`MOST_WORDS`].
    pub words: Vec<Word>,
    /// All folded words with a space between them.
    pub whole: String,
    pub core: String,
    /// The core of the name and the year, where the text may be both.
    pub dated: Option<(String, i16)>,
    /// Instead of words.
    pub signs: Option<String>,
}

/// A word with everything that it may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// With its accents, for stemmers.
    pub text: String,
    pub folded: String,
    /// With its neighbours, as one word.
    pub joined: Vec<String>,
    /// Words and phrases that it may stand for.
    pub synonyms: Vec<String>,
    /// As a number in digits, if it is written otherwise.
    pub digits: Option<String>,
    /// Its key, to be compared with words in Cyrillic letters.
    pub in_cyrillic: Option<String>,
    /// Its key, to be compared with words in Latin letters.
    pub in_latin: Option<String>,
    /// The year that it may be.
    pub year: Option<i16>,
    /// What is asked for stays the same without it.
    pub is_optional: bool,
    /// How many typos it may have.
    pub typos: u8,
}

impl Asked {
    pub fn new(text: &str) -> Self {
        let pairs = words(text).into_iter().map(|word| (fold(&word), word)).filter(|(folded, _)| !folded.is_empty());
        let (folded, texts): (Vec<String>, Vec<String>) = pairs.unzip();
        let few = &folded[..folded.len().min(MOST_WORDS)];
        let all_optional = few.iter().all(|word| is_optional(word));
        let required = few.iter().filter(|word| !is_optional(word)).count();
        let word = |(place, text): (usize, String)| {
            let folded = few[place].clone();
            Word {
                text,
                joined: joined(few, place),
                synonyms: vec![],
                digits: digits(&folded, place == 0),
                in_cyrillic: sound::of_latin(&folded),
                in_latin: sound::of_cyrillic(&folded),
                year: year(&folded).filter(|_| few.len() > 1),
                is_optional: !all_optional && is_optional(&folded),
                typos: typos(&folded, required > 1),
                folded,
            }
        };
        let dated = folded.split_last().and_then(|(last, name)| Some((core(name), year(last)?)));
        Self {
            words: texts.into_iter().take(MOST_WORDS).enumerate().map(word).collect(),
            whole: folded.join(" "),
            core: core(&folded),
            dated: dated.filter(|(name, _)| !name.is_empty()),
            signs: signs(text),
        }
    }

    /// The same with what its words may stand for.
    pub fn with(mut self, synonyms: &Synonyms) -> Self {
        for word in &mut self.words {
            word.synonyms = synonyms.of_word(&word.folded).to_vec();
        }
        self
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.signs.is_none()
    }

    /// Whether an answer must have the word. One of two letters that is misspelt is another word: where typos are looked for it is left out
    /// beside longer ones.
    pub fn is_required(&self, word: &Word, reach: Reach) -> bool {
        let has_others = || self.words.iter().any(|word| word.typos > 0);
        !(word.is_optional || (reach == Reach::WithTypos && word.is_short() && has_others()))
    }

    /// The key of the whole text, to be compared with whole names in the other alphabet.
    pub fn whole_sound(&self) -> Option<String> {
        sound::of_latin(&self.core).or_else(|| sound::of_cyrillic(&self.core))
    }
}

impl Word {
    pub fn has_digit(&self) -> bool {
        self.folded.chars().any(char::is_numeric)
    }

    pub fn is_short(&self) -> bool {
        !self.has_digit() && self.folded.chars().count() < TYPO_BESIDE_OTHERS
    }
}

fn year(word: &str) -> Option<i16> {
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    word.parse().ok().filter(|year| is_year && YEARS.contains(year))
}

/// A digit is never a typo: who asks for 1918 does not mean 1917.
fn typos(word: &str, is_beside_others: bool) -> u8 {
    let least = if is_beside_others { TYPO_BESIDE_OTHERS } else { TYPO_FROM_LETTERS };
    match word.chars().count() {
        _ if word.chars().any(char::is_numeric) => 0,
        TWO_TYPOS_FROM_LETTERS.. => 2,
        letters if letters >= least => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_anything_asks_for_nothing() {
        for nothing in ["", "  ", "\u{0}"] {
            assert!(Asked::new(nothing).is_empty(), "{nothing:?}");
        }
        assert_eq!(Asked::new("!?").signs.as_deref(), Some("!?"));
        assert_eq!(Asked::new(&"word ".repeat(50)).words.len(), MOST_WORDS);
    }

    #[test]
    fn a_year_is_one_beside_a_name_only() {
        assert_eq!(Asked::new("Dune (2021)").dated, Some(("dune".to_owned(), 2021)));
        assert_eq!(Asked::new("2012").dated, None);
        assert_eq!(Asked::new("2012").words[0].year, None);
        assert_eq!(Asked::new("heat 95").dated, None);
        assert_eq!(Asked::new("blade runner 2049").words[2].year, Some(2049));
    }

    #[test]
    fn articles_and_connectives_are_optional_unless_nothing_else_is_asked() {
        let optional = |text: &str| Asked::new(text).words.iter().map(|word| word.is_optional).collect::<Vec<_>>();
        assert_eq!(optional("the fast and the furious"), [true, false, true, true, false]);
        assert_eq!(optional("the"), [false]);
        assert_eq!(optional("the and"), [false, false]);
    }

    #[test]
    fn digits_have_no_typos_and_long_words_have_two() {
        let typos = |text: &str| Asked::new(text).words.iter().map(|word| word.typos).collect::<Vec<_>>();
        assert_eq!(typos("1918"), [0]);
        assert_eq!(typos("bug"), [0]);
        assert_eq!(typos("dak knight"), [1, 1]);
        assert_eq!(typos("se7en schwarzenegger"), [0, 2]);
    }
}
