//! Other forms in which a word of a name is asked for: joined with its neighbours, as a number, left out. Words are folded ones.

/// Articles and connectives: a name or a query may have them or not. `&` is no word and needs no place here.
const OPTIONAL: [&str; 13] = ["a", "an", "and", "das", "der", "el", "le", "les", "los", "n", "the", "und", "и"];
/// Longer names are asked for by their beginning.
const MOST_WORDS: usize = 40;
/// `walle`, `fatezero`; `themanwho` is typed by those whose space bar fails.
const MOST_JOINED: usize = 3;
const LONGEST_CORE: usize = 300;

/// Whether a name is the same without the word.
pub(crate) fn is_optional(word: &str) -> bool {
    OPTIONAL.contains(&word)
}

/// A number that is written as a word or in Roman digits, in digits. A single letter that begins a name is a letter: `I, Robot`.
pub(crate) fn digits(word: &str, is_first: bool) -> Option<String> {
    const ENGLISH: [&str; 20] = [
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    const RUSSIAN: [&str; 20] = [
        "один",
        "два",
        "три",
        "четыре",
        "пять",
        "шесть",
        "семь",
        "восемь",
        "девять",
        "десять",
        "одиннадцать",
        "двенадцать",
        "тринадцать",
        "четырнадцать",
        "пятнадцать",
        "шестнадцать",
        "семнадцать",
        "восемнадцать",
        "девятнадцать",
        "двадцать",
    ];
    let place = |words: &[&str]| words.iter().position(|number| *number == word).map(|place| place + 1);
    let number = place(&ENGLISH).or_else(|| place(&RUSSIAN)).or_else(|| roman(word).filter(|_| !is_first))?;
    Some(number.to_string())
}

/// 1 to 39.
fn roman(word: &str) -> Option<usize> {
    const ONES: [&str; 10] = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    let ones = word.trim_start_matches('x');
    let tens = word.len() - ones.len();
    let number = 10 * tens + ONES.iter().position(|digit| *digit == ones)?;
    (1..40).contains(&number).then_some(number)
}

/// What is left of a name when everything that people leave out or write otherwise is gone: `The Fast & the Furious II` is `fastfurious2`.
/// Two names with the same core are the same to whoever asks.
pub(crate) fn core(words: &[String]) -> String {
    let spelt: Vec<(usize, usize)> = initials(words).collect();
    let is_spelt = |place: usize| spelt.iter().any(|(from, until)| (*from..*until).contains(&place));
    let all_optional = words.iter().all(|word| is_optional(word));
    let kept = |(place, word): &(usize, &String)| all_optional || is_spelt(*place) || !is_optional(word);
    let written = |(place, word): (usize, &String)| {
        let digits = digits(word, place == 0).filter(|_| !is_spelt(place));
        digits.unwrap_or_else(|| word.clone())
    };
    let core: String = words.iter().enumerate().filter(kept).map(written).collect();
    core.chars().take(LONGEST_CORE).collect()
}

/// Neighbours written together, runs of single letters (`mash`) and numbers in digits, for a name of several words.
pub(crate) fn forms(words: &[String]) -> Vec<String> {
    let words = &words[..words.len().min(MOST_WORDS)];
    let mut forms: Vec<String> =
        (2..=MOST_JOINED).flat_map(|length| words.windows(length).map(|run| run.concat())).collect();
    forms.extend(initials(words).map(|(from, until)| words[from..until].concat()));
    forms.extend(words.iter().enumerate().filter_map(|(place, word)| digits(word, place == 0)));
    forms.sort();
    forms.dedup();
    forms
}

/// What the word at `place` may be a part of when somebody wrote one word as several: `star wars` for `starwars`.
pub(crate) fn joined(words: &[String], place: usize) -> Vec<String> {
    let covers = |(from, until): &(usize, usize)| (*from..*until).contains(&place);
    let runs = (2..=MOST_JOINED)
        .flat_map(|length| (0..(words.len() + 1).saturating_sub(length)).map(move |from| (from, from + length)));
    let mut joined: Vec<String> =
        runs.chain(initials(words)).filter(covers).map(|(from, until)| words[from..until].concat()).collect();
    joined.sort();
    joined.dedup();
    joined
}

/// Runs of at least two single letters, as places.
fn initials(words: &[String]) -> impl Iterator<Item = (usize, usize)> {
    let is_initial = |word: &String| word.chars().count() == 1;
    let begins = move |from: &usize| is_initial(&words[*from]) && (*from == 0 || !is_initial(&words[*from - 1]));
    let end = move |from: usize| from + words[from..].iter().take_while(|word| is_initial(word)).count();
    (0..words.len()).filter(begins).map(move |from| (from, end(from))).filter(|(from, until)| until - from > 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::folded;

    #[test]
    fn names_that_people_take_for_one_have_one_core() {
        for alike in [
            &["Spider-Man", "spiderman", "Spider Man", "the spider-man"][..],
            &["Fast & Furious", "fast and furious", "The Fast and the Furious", "fast und furious"],
            &["Rocky II", "rocky 2", "Rocky Two"],
            &["M*A*S*H", "mash", "M.A.S.H."],
            &["WALL·E", "wall-e", "Walle"],
            &["Twelve Monkeys", "12 monkeys"],
            &["Двенадцать стульев", "12 стульев"],
            &["Лило и Стич", "лило & стич"],
            &["8½", "8 1/2"],
            &["The", "the"],
            &["X & Y", "x and y", "xy"],
        ] {
            for name in alike {
                assert_eq!(core(&folded(name)), core(&folded(alike[0])), "{name}");
            }
        }
        for (one, other) in
            [("1917", "1918"), ("I, Robot", "1 robot"), ("Rocky II", "Rocky III"), ("Us", "U"), ("The", "A")]
        {
            assert_ne!(core(&folded(one)), core(&folded(other)), "{one}");
        }
    }

    #[test]
    fn roman_digits_are_numbers_up_to_39_and_nothing_else_is() {
        let numbers: Vec<_> = ["i", "iv", "ix", "x", "xiv", "xix", "xxxix"].iter().map(|word| roman(word)).collect();
        assert_eq!(numbers, [1, 4, 9, 10, 14, 19, 39].map(Some));
        for word in ["", "iiii", "mix", "xxxx", "vv", "iix", "l", "xiix", "is"] {
            assert_eq!(roman(word), None, "{word}");
        }
    }

    #[test]
    fn neighbours_are_joined_on_either_side() {
        assert_eq!(forms(&folded("Spider-Man II")), ["2", "manii", "spiderman", "spidermanii"]);
        assert!(forms(&folded("S.W.A.T. Team")).contains(&"swat".to_owned()));
        assert!(forms(&folded("Sintel")).is_empty());
        assert_eq!(joined(&folded("star wars"), 1), ["starwars"]);
        assert_eq!(joined(&folded("a b"), 0), ["ab"]);
        assert!(joined(&folded("heat"), 0).is_empty());
    }
}
