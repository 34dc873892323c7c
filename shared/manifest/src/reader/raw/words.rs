//! Values with a form.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{Deserializer, Error};

/// A value written as a string.
pub(super) struct Parsed<T>(pub T);

impl<'de, T> Deserialize<'de> for Parsed<T>
where
    T: FromStr,
    T::Err: fmt::Display,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map(Parsed).map_err(D::Error::custom)
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct EventType(pub String);

impl TryFrom<String> for EventType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        let parts: Vec<&str> = text.split('.').collect();
        match parts[..] {
            ["cinema", service, noun, version]
                if is_word(service) && is_word(noun) && version.starts_with('v') && is_word(version) =>
            {
                Ok(EventType(text))
            }
            _ => Err(format!("event type `{text}`: expected cinema.<service>.<noun>_<past participle>.v<n>")),
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Schedule(pub String);

impl TryFrom<String> for Schedule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let has_form = |kind: &str| text.strip_prefix(kind).is_some_and(|rest| rest.len() > 1 && rest.ends_with(')'));
        if has_form("rate(") || has_form("cron(") {
            Ok(Schedule(text))
        } else {
            Err(format!("schedule `{text}`: expected rate(…) or cron(…)"))
        }
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct SettingName(pub String);

impl TryFrom<String> for SettingName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_variable = text.starts_with(|first: char| first.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        if is_variable { Ok(SettingName(text)) } else { Err(format!("setting `{text}`: expected UPPER_CASE")) }
    }
}
