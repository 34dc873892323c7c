//! From bytes to text: UTF-8, UTF-16 with a byte order mark, and Windows-1251 where nothing else can be meant.

use encoding_rs::{UTF_16BE, UTF_16LE, WINDOWS_1251};

use super::{
    language::Language,
    refusal::{Fault, Refusal},
};

/// Languages whose letters Windows-1251 has at the places that [`is_cyrillic`] knows.
const CYRILLIC: [&str; 4] = ["ru", "uk", "be", "bg"];

/// The text with line feeds alone. The language of the captions helps to tell encodings apart.
pub(super) fn decode(bytes: &[u8], language: &Language) -> Result<String, Refusal> {
    let utf16 = match bytes {
        [0xff, 0xfe, rest @ ..] => Some((UTF_16LE, rest)),
        [0xfe, 0xff, rest @ ..] => Some((UTF_16BE, rest)),
        _ => None,
    };
    let text = if let Some((encoding, rest)) = utf16 {
        let text = encoding.decode_without_bom_handling_and_without_replacement(rest);
        text.ok_or_else(|| Fault::NoText.whole())?.into_owned()
    } else {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if bytes.contains(&0) => return Err(Fault::NoText.whole()),
            Err(error) => windows_1251(bytes, language).ok_or_else(|| {
                let before = &bytes[..error.valid_up_to()];
                Fault::Encoding.at(before.iter().filter(|byte| **byte == b'\n').count())
            })?,
        }
    };
    if text.contains('\0') {
        return Err(Fault::NoText.whole());
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// The text if it is Cyrillic and reads like it. In its relatives the same letters lie elsewhere: a text in KOI8-R or ISO 8859-5 would be mostly
/// capitals, one in CP866 or of a Macintosh full of signs that no caption has.
fn windows_1251(bytes: &[u8], language: &Language) -> Option<String> {
    if !CYRILLIC.contains(&language.primary()) {
        return None;
    }
    let text = WINDOWS_1251.decode_without_bom_handling_and_without_replacement(bytes)?;
    let (mut small, mut capital) = (0usize, 0usize);
    for letter in text.chars().filter(|letter| !letter.is_ascii()) {
        match letter {
            'а'..='я' | 'ё' | 'і' | 'ї' | 'є' | 'ґ' | 'ў' => small += 1,
            'А'..='Я' | 'Ё' | 'І' | 'Ї' | 'Є' | 'Ґ' | 'Ў' => capital += 1,
            '«' | '»' | '“' | '”' | '„' | '‘' | '’' | '–' | '—' | '…' | '№' | '\u{a0}' => {}
            _ => return None,
        }
    }
    (small > 2 * capital).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn language(text: &str) -> Language {
        text.parse().unwrap()
    }

    fn code(bytes: &[u8], spoken: &str) -> (String, Option<u32>) {
        let refusal = decode(bytes, &language(spoken)).unwrap_err();
        (refusal.code, refusal.line)
    }

    #[test]
    fn what_can_be_told_is_read() {
        let text = "1\nПривет, «мир»… Ёлка – это №1\n";
        let utf16 = |big: bool| -> Vec<u8> {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            units.flat_map(|unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
        };
        let cyrillic = WINDOWS_1251.encode(text).0.into_owned();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            utf16(true),
            utf16(false),
            cyrillic.clone(),
        ] {
            assert_eq!(decode(&bytes, &language("ru")).as_deref(), Ok(text));
        }
        assert_eq!(decode(b"a\r\nb\rc", &language("en")).as_deref(), Ok("a\nb\nc"));
        assert_eq!(code(&cyrillic, "en"), ("unknown_encoding".to_owned(), Some(2)), "only where Cyrillic is expected");
        assert_eq!(code(&cyrillic, "sr"), ("unknown_encoding".to_owned(), Some(2)));
    }

    #[test]
    fn what_cannot_be_told_is_refused_with_its_line() {
        let text = "Первая строка\nПривет, мир! Это обычный текст, Яна.\n";
        for other in [encoding_rs::KOI8_R, encoding_rs::ISO_8859_5, encoding_rs::IBM866] {
            let bytes = other.encode(text).0;
            assert_eq!(code(&bytes, "ru"), ("unknown_encoding".to_owned(), Some(1)), "{}", other.name());
        }
        assert_eq!(code(&encoding_rs::X_MAC_CYRILLIC.encode(text).0, "ru").0, "unknown_encoding");
        assert_eq!(code(b"fine\nna\xefve", "en"), ("unknown_encoding".to_owned(), Some(2)));
        assert_eq!(code(b"a\nb\0c", "en"), ("not_text".to_owned(), None));
        assert_eq!(code(b"\xff\xfea", "en"), ("not_text".to_owned(), None), "half a letter");
        assert_eq!(code(b"\xff\xfe\0\xd8", "en"), ("not_text".to_owned(), None), "half a pair");
        assert_eq!(code(b"PK\x03\x04\0\0\xff", "ru"), ("not_text".to_owned(), None));
    }
}
