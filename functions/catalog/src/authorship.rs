//! Titles note who wrote their fields.

use std::collections::{BTreeMap, BTreeSet};

use kernel::Locale;
use time::OffsetDateTime;

use crate::{
    draft::{Draft, Localisation},
    metadata::ProviderName,
    provenance::{Field, Origin, Provenance},
    title::Title,
};

impl Title {
    /// The title after an editor's change: whatever is different, emptied or not, is the editor's from now on.
    #[must_use]
    pub fn edited_since(mut self, before: &Draft, now: OffsetDateTime) -> Self {
        for pointer in differing(before, &self.about) {
            self.provenance.insert(pointer, Provenance { source: Origin::Editor, at: now });
        }
        self
    }

    /// A draft of which only its file is known; an import may say better what it is.
    #[must_use]
    pub fn named_by_file(mut self, at: OffsetDateTime) -> Self {
        let named = self.about.localisations.keys().map(Field::Name).chain([Field::OriginalTitle]);
        self.provenance = named.map(|field| (field.pointer(), Provenance { source: Origin::File, at })).collect();
        self
    }

    /// A draft of which only a provider's name is known.
    #[must_use]
    pub fn named_by_provider(mut self, name: ProviderName, at: OffsetDateTime) -> Self {
        let provenance = Provenance { source: name.into(), at };
        self.provenance.insert(Field::OriginalTitle.pointer(), provenance);
        self
    }
}

fn differing(before: &Draft, after: &Draft) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |is_different: bool, field: Field<'_>| {
        if is_different {
            found.push(field.pointer());
        }
    };
    note(before.original_title != after.original_title, Field::OriginalTitle);
    note(before.year != after.year, Field::Year);
    note(before.countries != after.countries, Field::Countries);
    note(before.genres != after.genres, Field::Genres);
    note(before.credits != after.credits, Field::Credits);
    let locales: BTreeSet<&Locale> = before.localisations.keys().chain(after.localisations.keys()).collect();
    for locale in locales {
        let (old, new) = (text(&before.localisations, locale), text(&after.localisations, locale));
        note(old.0 != new.0, Field::Name(locale));
        note(old.1 != new.1, Field::Synopsis(locale));
    }
    found
}

fn text<'a>(texts: &'a BTreeMap<Locale, Localisation>, locale: &Locale) -> (Option<&'a str>, Option<&'a str>) {
    let text = texts.get(locale);
    (
        text.map(|text| text.name.as_str()),
        text.and_then(|text| text.synopsis.as_ref()).map(|synopsis| synopsis.as_str()),
    )
}

#[cfg(test)]
mod tests {
    use kernel::{Id, TitleId};
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    #[test]
    fn what_an_editor_changes_or_empties_is_theirs_and_the_rest_stays() {
        let draft = |document: serde_json::Value| serde_json::from_value::<Draft>(document).unwrap();
        let before = draft(json!({
            "kind": "film", "original_title": "A", "year": 2001, "genres": ["short"],
            "localisations": {"en": {"name": "A", "synopsis": "S"}, "ru": {"name": "А"}},
        }));
        let after = draft(json!({
            "kind": "film", "original_title": "A", "genres": ["short"], "countries": ["NL"],
            "localisations": {"en": {"name": "A"}, "de": {"name": "D"}},
        }));
        let title = Title::new(TitleId::from_parts(NOW, [0; 10]), after, vec![]).edited_since(&before, NOW);
        let theirs: Vec<&str> = title.provenance.keys().map(String::as_str).collect();
        let expected =
            ["/countries", "/localisations/de/name", "/localisations/en/synopsis", "/localisations/ru/name", "/year"];
        assert_eq!(theirs, expected);
        assert!(title.provenance.values().all(|provenance| provenance.source == Origin::Editor));
    }
}
