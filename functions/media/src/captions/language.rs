//! The language of captions (BCP 47): `ru`, `pt-BR`, `zh-Hant`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use crate::recipe::language as known;

/// Language, script and region in their usual spelling; the shortest form of the language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(String);

/// The text names no language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a language such as en, pt-BR or zh-Hant")]
pub struct NoLanguage;

impl Language {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Without script and region.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// How a player lists it: in the language itself where that is known, with what tells it from its relatives.
    pub fn own_name(&self) -> String {
        let Some(name) = known::own_name(&self.0) else { return self.0.clone() };
        match self.0.split_once('-') {
            Some((_, rest)) => format!("{name} ({rest})"),
            None => name.to_owned(),
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Language {
    type Err = NoLanguage;

    fn from_str(text: &str) -> Result<Self, NoLanguage> {
        let mut parts = text.split('-');
        let of_letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let primary = parts.next().filter(|part| (2..=3).contains(&part.len()) && of_letters(part));
        let mut spelled = known::tag(primary);
        if spelled == "und" {
            return Err(NoLanguage);
        }
        let mut next = parts.next();
        if let Some(script) = next.filter(|part| part.len() == 4 && of_letters(part)) {
            spelled += &format!("-{}{}", script[..1].to_ascii_uppercase(), script[1..].to_ascii_lowercase());
            next = parts.next();
        }
        let is_region = |part: &str| {
            (part.len() == 2 && of_letters(part)) || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if let Some(region) = next.filter(|part| is_region(part)) {
            spelled += &format!("-{}", region.to_ascii_uppercase());
            next = parts.next();
        }
        if next.is_none() { Ok(Self(spelled)) } else { Err(NoLanguage) }
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Language {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some("A language (BCP 47) with an optional script and region."))
            .pattern(Some("^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?$"))
            .examples(["pt-BR"])
            .into()
    }
}

impl utoipa::ToSchema for Language {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_have_one_spelling() {
        for (said, expected) in [
            ("ru", "ru"),
            ("RU", "ru"),
            ("rus", "ru"),
            ("pt-br", "pt-BR"),
            ("zh-hant-tw", "zh-Hant-TW"),
            ("ZH-HANS", "zh-Hans"),
            ("es-419", "es-419"),
            ("haw", "haw"),
        ] {
            assert_eq!(
                said.parse::<Language>().map(|language| language.to_string()),
                Ok(expected.to_owned()),
                "{said}"
            );
        }
        for bad in
            ["", "e", "und", "english", "en-", "-en", "en-USA", "en_US", "en-US-x", "en US", "еn", "en-US\"", "1a"]
        {
            assert_eq!(bad.parse::<Language>(), Err(NoLanguage), "{bad}");
        }
    }

    #[test]
    fn a_player_lists_it_in_its_own_words() {
        let name = |text: &str| text.parse::<Language>().unwrap().own_name();
        assert_eq!((name("ru"), name("pt-BR"), name("haw")), ("Русский".into(), "Português (BR)".into(), "haw".into()));
    }
}
