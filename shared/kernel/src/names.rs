//! What a title is called, by language, and which of its names a reader gets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Languages, Locale};

/// The text for a reader: in the first of the reader's languages that there is, with its region or without, in English, in any.
pub fn nearest<'a, T>(texts: &'a BTreeMap<Locale, T>, reader: &Languages) -> Option<(&'a Locale, &'a T)> {
    let of = |tag: String| texts.iter().find(|(locale, _)| locale.as_str() == tag);
    reader.tags().into_iter().find_map(of).or_else(|| texts.first_key_value())
}

/// The names of a title.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Names {
    /// Translations.
    pub by_locale: BTreeMap<Locale, String>,
    /// In the language in which the title was made.
    pub original: String,
}

impl Names {
    /// The name for a reader: the [`nearest`] translation, else the original.
    pub fn for_reader(&self, reader: &Languages) -> &str {
        nearest(&self.by_locale, reader).map_or(&self.original, |(_, name)| name)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.any().is_empty()
    }

    fn any(&self) -> &str {
        self.by_locale.values().next().unwrap_or(&self.original)
    }

    /// Every name, the original last.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.by_locale.values().chain([&self.original]).map(String::as_str)
    }

    /// As contracts write them: by locale and, under the empty key, for everybody else; nothing where there are none.
    pub fn told(&self) -> impl Iterator<Item = (String, String)> {
        let any = Some((String::new(), self.any().to_owned())).filter(|(_, name)| !name.is_empty());
        self.by_locale.iter().map(|(locale, name)| (locale.to_string(), name.clone())).chain(any)
    }

    /// For a `jsonb` column that [`Names::sql`] reads: by locale and, under the empty key, for everybody else.
    pub fn column(&self) -> Value {
        let names = self.by_locale.iter().map(|(locale, name)| (locale.to_string(), Value::from(name.as_str())));
        let mut column: Map<_, _> = names.collect();
        column.insert(String::new(), self.any().into());
        Value::Object(column)
    }

    /// Reads what [`Names::column`] wrote. What is no name is left out.
    pub fn of_column(column: Value) -> Self {
        let mut names = Self::default();
        let Value::Object(texts) = column else { return names };
        for (tag, text) in texts {
            let Value::String(text) = text else { continue };
            if tag.is_empty() {
                names.original = text;
            } else if let Ok(locale) = tag.parse() {
                names.by_locale.insert(locale, text);
            }
        }
        names
    }

    /// [`Names::for_reader`] as an expression over a column; `tags` is a placeholder such as `$1` for [`Languages::tags`] (`text[]`).
    pub fn sql(column: &str, tags: &str) -> String {
        format!(
            "coalesce((select {column}->>tag from unnest({tags}::text[]) with ordinality as wanted (tag, place) \
             where {column} ? tag order by place limit 1), {column}->>'')"
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(all: &[(&str, &str)]) -> Names {
        let by_locale = all.iter().map(|(locale, name)| (locale.parse().unwrap(), (*name).to_owned())).collect();
        Names { by_locale, original: "Оригинал".to_owned() }
    }

    #[test]
    fn a_reader_gets_the_nearest_language() {
        let three = names(&[("de", "D"), ("en", "E"), ("pt-BR", "B")]);
        for (reader, name) in [
            ("de", "D"),
            ("de-AT", "D"),
            ("pt-BR", "B"),
            ("pt", "E"),
            ("fr", "E"),
            ("fr, de;q=0.5", "D"),
            ("en;q=0.1, de", "D"),
        ] {
            assert_eq!(three.for_reader(&Languages::accepted(reader)), name, "{reader}");
        }
        assert_eq!(names(&[("fi", "F")]).for_reader(&Locale::english().into()), "F");
        assert_eq!(names(&[]).for_reader(&Locale::english().into()), "Оригинал");
    }

    #[test]
    fn the_column_has_a_name_for_everybody() {
        assert_eq!(names(&[("fi", "F")]).column(), json!({"fi": "F", "": "F"}));
        assert_eq!(names(&[]).column(), json!({"": "Оригинал"}));
    }
}
