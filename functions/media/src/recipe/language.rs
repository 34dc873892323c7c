//! Language tags: what containers write (ISO 639-2, three letters) as what playlists want (BCP 47, shortest form).

/// ISO 639-2 codes, bibliographic and terminological, that have a two-letter form, with the language's own name.
const KNOWN: &[(&str, &str, &str)] = &[
    ("ara", "ar", "العربية"),
    ("bel", "be", "Беларуская"),
    ("bul", "bg", "Български"),
    ("ces", "cs", "Čeština"),
    ("cze", "cs", "Čeština"),
    ("chi", "zh", "中文"),
    ("zho", "zh", "中文"),
    ("dan", "da", "Dansk"),
    ("deu", "de", "Deutsch"),
    ("ger", "de", "Deutsch"),
    ("dut", "nl", "Nederlands"),
    ("nld", "nl", "Nederlands"),
    ("ell", "el", "Ελληνικά"),
    ("gre", "el", "Ελληνικά"),
    ("eng", "en", "English"),
    ("est", "et", "Eesti"),
    ("fas", "fa", "فارسی"),
    ("per", "fa", "فارسی"),
    ("fin", "fi", "Suomi"),
    ("fra", "fr", "Français"),
    ("fre", "fr", "Français"),
    ("geo", "ka", "ქართული"),
    ("kat", "ka", "ქართული"),
    ("heb", "he", "עברית"),
    ("hin", "hi", "हिन्दी"),
    ("hun", "hu", "Magyar"),
    ("arm", "hy", "Հայերեն"),
    ("hye", "hy", "Հայերեն"),
    ("ind", "id", "Bahasa Indonesia"),
    ("ita", "it", "Italiano"),
    ("jpn", "ja", "日本語"),
    ("kaz", "kk", "Қазақша"),
    ("kor", "ko", "한국어"),
    ("lav", "lv", "Latviešu"),
    ("lit", "lt", "Lietuvių"),
    ("nor", "no", "Norsk"),
    ("pol", "pl", "Polski"),
    ("por", "pt", "Português"),
    ("ron", "ro", "Română"),
    ("rum", "ro", "Română"),
    ("rus", "ru", "Русский"),
    ("slk", "sk", "Slovenčina"),
    ("slo", "sk", "Slovenčina"),
    ("slv", "sl", "Slovenščina"),
    ("spa", "es", "Español"),
    ("srp", "sr", "Српски"),
    ("swe", "sv", "Svenska"),
    ("tha", "th", "ไทย"),
    ("tur", "tr", "Türkçe"),
    ("ukr", "uk", "Українська"),
    ("uzb", "uz", "Oʻzbekcha"),
    ("vie", "vi", "Tiếng Việt"),
];

/// The BCP 47 tag for what a container says: `eng` → `en`, `en-US` stays, nothing or nonsense → `und`.
pub fn tag(container: Option<&str>) -> String {
    let said = container.unwrap_or_default().trim().to_ascii_lowercase();
    let (primary, rest) = said.split_once(['-', '_']).unwrap_or((&said, ""));
    let is_code = (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_code || primary == "und" {
        return "und".to_owned();
    }
    let short = KNOWN.iter().find(|(long, ..)| *long == primary).map_or(primary, |(_, short, _)| short);
    let region = rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_lowercase());
    if region { format!("{short}-{}", rest.to_ascii_uppercase()) } else { short.to_owned() }
}

/// How a player lists the language, in that language; `None` when unknown.
pub fn own_name(tag: &str) -> Option<&'static str> {
    let primary = tag.split('-').next()?;
    KNOWN.iter().find(|(long, short, _)| *short == primary || *long == primary).map(|(.., name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_write_languages_in_many_ways() {
        for (said, expected) in [
            (Some("eng"), "en"),
            (Some("ger"), "de"),
            (Some("deu"), "de"),
            (Some("en-us"), "en-US"),
            (Some("pt_BR"), "pt-BR"),
            (Some("haw"), "haw"),
            (Some("und"), "und"),
            (Some("English"), "und"),
            (Some("\""), "und"),
            (None, "und"),
        ] {
            assert_eq!(tag(said), expected, "{said:?}");
        }
        assert_eq!(own_name("ru"), Some("Русский"));
        assert_eq!(own_name("en-US"), Some("English"));
        assert_eq!(own_name("xx"), None);
    }
}
