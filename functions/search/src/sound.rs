//! Words across two alphabets: people write `brat` for `Брат` and `синтел` for `Sintel`.
//!
//! Romanisations differ (ГОСТ 7.79, BGN, ISO 9, passports, habit), so both sides become a key in which their differences are gone:
//! `Tarkovskij`, `Tarkovskiy` and `Tarkovsky` have the key of `Тарковский`. A key of one alphabet is compared only with words of the other.

/// What is left of `qqqq` is one letter, with which too much begins.
const SHORTEST: usize = 2;

/// The key of a folded word in Cyrillic letters.
pub(crate) fn of_cyrillic(word: &str) -> Option<String> {
    let latin: Option<String> = word.chars().map(romanised).collect();
    let is_cyrillic = !word.is_ascii();
    latin.filter(|_| is_cyrillic).map(|latin| key(&latin)).filter(|key| key.len() >= SHORTEST)
}

/// The key of a folded word in Latin letters.
pub(crate) fn of_latin(word: &str) -> Option<String> {
    let is_latin = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_lowercase());
    is_latin.then(|| key(word)).filter(|key| key.len() >= SHORTEST)
}

fn romanised(letter: char) -> Option<&'static str> {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    Some(match letter {
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' | 'є' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'й' | 'ы' | 'і' | 'ї' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' | 'ў' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "iu",
        'я' => "ia",
        '0'..='9' => DIGITS[letter as usize - '0' as usize],
        _ => return None,
    })
}

/// Capitals stand for sounds of several letters.
fn key(latin: &str) -> String {
    const SOUNDS: [(&str, &str); 18] = [
        ("shch", "S"),
        ("sch", "S"),
        ("sh", "S"),
        ("zh", "Z"),
        ("kh", "h"),
        ("ch", "C"),
        ("tch", "C"),
        ("ts", "T"),
        ("tz", "T"),
        ("ph", "f"),
        ("th", "t"),
        ("ck", "k"),
        ("x", "ks"),
        ("w", "v"),
        ("q", "k"),
        ("c", "k"),
        ("y", "i"),
        ("j", "i"),
    ];
    let mut key = String::new();
    let mut rest = latin;
    while let Some(letter) = rest.chars().next() {
        let sound =
            SOUNDS.iter().filter(|(letters, _)| rest.starts_with(letters)).max_by_key(|(letters, _)| letters.len());
        let letter_of = &rest[..letter.len_utf8()];
        let (letters, sound) = sound.copied().unwrap_or((letter_of, letter_of));
        for letter in sound.chars() {
            push(&mut key, letter);
        }
        rest = &rest[letters.len()..];
    }
    key
}

/// Doubled letters count once; е and ё are `e`, `ye`, `yo`, `io`.
fn push(key: &mut String, letter: char) {
    match (key.chars().next_back(), letter) {
        (Some(last), _) if last == letter => {}
        (Some('i'), 'e' | 'o') => {
            key.pop();
            if !key.ends_with('e') {
                key.push('e');
            }
        }
        _ => key.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::folded;

    fn keys(text: &str) -> Vec<String> {
        folded(text).iter().filter_map(|word| of_cyrillic(word).or_else(|| of_latin(word))).collect()
    }

    #[test]
    fn romanisations_of_one_word_have_its_key() {
        for (cyrillic, latin) in [
            ("Брат", &["brat", "Bratt"][..]),
            ("Тарковский", &["Tarkovsky", "Tarkovskij", "tarkovskiy", "Tarkovskii"]),
            ("Хабенский", &["Khabensky", "habenskiy"]),
            ("Щука", &["shchuka", "schuka"]),
            ("Ёлки", &["Yolki", "elki", "jolki", "Yelki"]),
            ("судьбы", &["sudby", "sudbi"]),
            ("Юрий Никулин", &["Yuri Nikulin", "Jurij Nikulin", "iurii nikulin"]),
            ("Сергеев", &["Sergeev", "Sergeyev"]),
            ("Солярис", &["Solyaris", "soliaris"]),
            ("журавли", &["zhuravli"]),
            ("цирк", &["tsirk", "tzirk"]),
            ("Алекс", &["Alex", "aleks"]),
        ] {
            for latin in latin {
                assert_eq!(keys(latin), keys(cyrillic), "{latin}");
            }
        }
        assert_ne!(keys("брат"), keys("brak"));
    }

    #[test]
    fn what_is_in_neither_alphabet_has_no_key() {
        for word in ["七人の侍", "1917", "ь", "α", ""] {
            assert_eq!((of_cyrillic(word), of_latin(word)), (None, None), "{word}");
        }
        assert_eq!((of_cyrillic("brat"), of_latin("брат")), (None, None));
    }
}
