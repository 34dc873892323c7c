//! What somebody typed in the keyboard layout of the other alphabet: `ghbdtn` is `привет`.

const ENGLISH: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`{}:\"<>~";
const RUSSIAN: &str = "йцукенгшщзхъфывапролджэячсмитьбюёхъжэбюё";

/// The same keys in the other layout; `None` when the text has letters of both alphabets or of neither.
pub(crate) fn other(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    let has_latin = text.chars().any(|letter| letter.is_ascii_lowercase());
    let has_cyrillic = text.chars().any(|letter| RUSSIAN.contains(letter));
    let (from, to) = match (has_latin, has_cyrillic) {
        (true, false) => (ENGLISH, RUSSIAN),
        (false, true) => (RUSSIAN, ENGLISH),
        _ => return None,
    };
    let key = |letter: char| from.chars().position(|typed| typed == letter).and_then(|place| to.chars().nth(place));
    Some(text.chars().map(|letter| key(letter).unwrap_or(letter)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_mean_the_other_letters() {
        for (typed, meant) in
            [("ghbdtn", "привет"), ("<hfn 2", "брат 2"), (",hfn", "брат"), ("`krb", "ёлки"), ("ыефк цфкы", "star wars")]
        {
            assert_eq!(other(typed).as_deref(), Some(meant));
        }
        for neither in ["", "1917", "брат brat", "七人の侍", "!"] {
            assert_eq!(other(neither), None, "{neither}");
        }
    }
}
