//! What a provider says becomes part of a title, field by field.

use kernel::Locale;
use time::OffsetDateTime;

use super::{Metadata, ProviderName, Text};
use crate::{
    draft::Localisation,
    provenance::{Field, Origin, Provenance},
    text::Synopsis,
    title::Title,
};

/// Who writes, and of when its word is.
struct Writer {
    source: Origin,
    at: OffsetDateTime,
}

impl Title {
    /// The title with what a provider said at a moment: whatever is empty, or this provider's own and not younger. What an editor has written or
    /// emptied stays, and what the provider does not say takes nothing away. Doing it twice changes nothing.
    #[must_use]
    pub fn with_metadata(&self, found: &Metadata, name: ProviderName, at: OffsetDateTime) -> Self {
        let writer = Writer { source: name.into(), at };
        let mut title = self.clone();
        if let Some(original_title) = &found.original_title {
            writer.write(
                &mut title,
                Field::OriginalTitle,
                |title| &mut title.about.original_title,
                original_title,
                false,
            );
        }
        if found.year.is_some() {
            let is_empty = title.about.year.is_none();
            writer.write(&mut title, Field::Year, |title| &mut title.about.year, &found.year, is_empty);
        }
        if !found.countries.is_empty() {
            let is_empty = title.about.countries.is_empty();
            writer.write(&mut title, Field::Countries, |title| &mut title.about.countries, &found.countries, is_empty);
        }
        if !found.genres.is_empty() {
            let is_empty = title.about.genres.is_empty();
            writer.write(&mut title, Field::Genres, |title| &mut title.about.genres, &found.genres, is_empty);
        }
        if !found.credits.is_empty() {
            let is_empty = title.about.credits.is_empty();
            writer.write(&mut title, Field::Credits, |title| &mut title.about.credits, &found.credits, is_empty);
        }
        for (locale, text) in &found.texts {
            writer.write_text(&mut title, locale, text);
        }
        title.external_ids.extend(found.external_ids.clone());
        title
    }
}

impl Writer {
    fn may_write(&self, title: &Title, field: Field<'_>, is_empty: bool) -> bool {
        match title.provenance.get(&field.pointer()) {
            None => is_empty,
            Some(Provenance { source: Origin::File, .. }) => true,
            Some(Provenance { source, at }) => *source == self.source && *at <= self.at,
        }
    }

    fn sign(&self, title: &mut Title, field: Field<'_>) {
        title.provenance.insert(field.pointer(), Provenance { source: self.source, at: self.at });
    }

    fn write<T: Clone + PartialEq>(
        &self,
        title: &mut Title,
        field: Field<'_>,
        place: fn(&mut Title) -> &mut T,
        value: &T,
        is_empty: bool,
    ) {
        if self.may_write(title, field, is_empty) && place(title) != value {
            *place(title) = value.clone();
            self.sign(title, field);
        }
    }

    /// A language comes and goes with its name.
    fn write_text(&self, title: &mut Title, locale: &Locale, text: &Text) {
        let present = title.about.localisations.get(locale);
        let (is_new, has_synopsis) =
            (present.is_none(), present.is_some_and(|present| present.synopsis.as_ref().is_some_and(says_something)));
        let name = text.name.as_ref().filter(|_| self.may_write(title, Field::Name(locale), is_new));
        let synopsis = text.synopsis.as_ref().filter(|synopsis| says_something(synopsis));
        let synopsis = synopsis.filter(|_| self.may_write(title, Field::Synopsis(locale), !has_synopsis));
        if is_new {
            let Some(name) = name else { return };
            let empty = Localisation { name: name.clone(), synopsis: None };
            title.about.localisations.insert(locale.clone(), empty);
            self.sign(title, Field::Name(locale));
        }
        let Some(present) = title.about.localisations.get_mut(locale) else { return };
        let is_renamed = name.is_some_and(|name| present.name != *name);
        let is_retold = synopsis.is_some_and(|synopsis| present.synopsis.as_ref() != Some(synopsis));
        if let Some(name) = name.filter(|_| is_renamed) {
            present.name = name.clone();
        }
        if is_retold {
            present.synopsis = synopsis.cloned();
        }
        if is_renamed {
            self.sign(title, Field::Name(locale));
        }
        if is_retold {
            self.sign(title, Field::Synopsis(locale));
        }
    }
}

fn says_something(synopsis: &Synopsis) -> bool {
    !synopsis.as_str().is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use kernel::{Id, TitleId, TitleKind};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use time::{Duration, macros::datetime};

    use super::*;
    use crate::{
        draft::Draft,
        text::{Name, Year},
    };

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn title(about: Value) -> Title {
        Title::new(TitleId::from_parts(NOW, [0; 10]), serde_json::from_value(about).unwrap(), vec![])
    }

    fn name(text: &str) -> Option<Name> {
        Name::new(text)
    }

    fn found(year: i16, russian: &str) -> Metadata {
        let text = |name: Option<Name>, synopsis: &str| Text { name, synopsis: Synopsis::new(synopsis) };
        Metadata {
            original_title: name("Original"),
            year: Some(Year(year)),
            texts: BTreeMap::from([
                ("en".parse().unwrap(), text(name("English"), "Told.")),
                ("ru".parse().unwrap(), text(name(russian), "")),
            ]),
            ..Default::default()
        }
    }

    fn merged(title: &Title, found: &Metadata, minute: i64) -> Title {
        title.with_metadata(found, ProviderName::Tmdb, NOW + Duration::minutes(minute))
    }

    #[test]
    fn what_is_empty_is_filled_and_an_editors_own_stays() {
        let own = title(json!({
            "kind": "film", "original_title": "Mine", "localisations": {"en": {"name": "Mine"}},
        }));
        let filled = merged(&own, &found(1999, "Русское"), 0);
        assert_eq!((filled.about.original_title.as_str(), filled.about.year), ("Mine", Some(Year(1999))));
        let text = |locale: &str| serde_json::to_value(&filled.about.localisations[&locale.parse().unwrap()]).unwrap();
        assert_eq!(text("en"), json!({"name": "Mine", "synopsis": "Told."}));
        assert_eq!(text("ru"), json!({"name": "Русское"}));
        let theirs: Vec<&str> = filled.provenance.keys().map(String::as_str).collect();
        assert_eq!(theirs, ["/localisations/en/synopsis", "/localisations/ru/name", "/year"]);
        assert_eq!(merged(&filled, &found(1999, "Русское"), 9), filled, "once more changes nothing, not even the time");
    }

    #[test]
    fn a_provider_goes_on_writing_what_it_wrote_until_an_editor_does() {
        let blank = title(json!({"kind": "film", "original_title": "A"}));
        let first = merged(&blank, &found(1999, "Раз"), 0);
        let second = merged(&first, &found(2000, "Два"), 5);
        assert_eq!(second.about.year, Some(Year(2000)));
        assert_eq!(merged(&second, &found(1999, "Раз"), 3), second, "an older word does not overtake a younger one");
        // An editor changes one field and empties two.
        let mut about = second.about.clone();
        about.year = Some(Year(2001));
        about.localisations.remove(&"ru".parse().unwrap());
        about.localisations.get_mut(&Locale::english()).unwrap().synopsis = None;
        let edited = Title { about, ..second.clone() }.edited_since(&second.about, NOW + Duration::minutes(6));
        let third = merged(&edited, &found(2002, "Три"), 9);
        assert_eq!(third, edited);
        // What is not said takes nothing away.
        assert_eq!(merged(&second, &Metadata::default(), 9), second);
    }

    #[test]
    fn the_name_of_a_file_gives_way() {
        let about = Draft::of_file("inbox/rip.1080p.mkv");
        let dropped = Title::new(TitleId::from_parts(NOW, [0; 10]), about, vec![]).named_by_file(NOW);
        let filled = merged(&dropped, &found(1999, "Русское"), 1);
        assert_eq!(filled.about.original_title.as_str(), "Original");
        assert_eq!(filled.about.localisations[&Locale::english()].name.as_str(), "English");
        assert_eq!(filled.about.kind, TitleKind::Film);
        assert!(filled.provenance.values().all(|provenance| provenance.source == Origin::Tmdb));
    }

    proptest! {
        #[test]
        fn the_order_of_two_words_does_not_matter(years in (1900i16..2000, 1900i16..2000), first in 0i64..9, later in 1i64..9) {
            let blank = title(json!({"kind": "film", "original_title": "A"}));
            let (old, new) = (found(years.0, "Раз"), found(years.1, "Два"));
            let in_order = merged(&merged(&blank, &old, first), &new, first + later);
            let reversed = merged(&merged(&blank, &new, first + later), &old, first);
            prop_assert_eq!(&in_order.about, &reversed.about);
        }
    }
}
