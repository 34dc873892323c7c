//! `PATCH /v1/admin/titles/{id}`: changes what an editor wrote, by JSON Merge Patch.

use std::collections::BTreeMap;

use cinema_http::{Editor, IfMatch, Json, Patch, Path, Problem, State};
use events::Outbox;
use kernel::{Locale, Territory, TitleId, TitleKind, World, policy::Window};
use runtime::PublicUrl;
use serde::Deserialize;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, OneOfBuilder, RefOr, Schema, schema::Type},
};

use super::{Edited, edited};
use crate::{
    change::{self, Author},
    draft::{Credit, Draft, Localisation, Marker},
    edited::EditedTitle,
    problems::no_such_title,
    publication::still_publishable,
    store::titles,
    text::{Name, Slug, Synopsis, Year},
    title::Title,
    violation::InvalidDraft,
};

runtime::wire! { pub(super) struct UpdateTitle { outbox: Outbox, world: World, public_url: PublicUrl } }

const MERGE_PATCH: &str = "JSON Merge Patch (RFC 7396): absent members stay, null removes";

/// What to change of the texts in one language.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LocalisationChanges {
    /// Cannot be removed alone.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    name: Patch<Name>,
    #[serde(default)]
    #[schema(value_type = Option<Synopsis>)]
    synopsis: Patch<Synopsis>,
}

/// Changes or null, for the document: what a language of a patch is.
struct LocalisationPatch;

impl PartialSchema for LocalisationPatch {
    fn schema() -> RefOr<Schema> {
        let null = ObjectBuilder::new().schema_type(Type::Null);
        OneOfBuilder::new().item(null).item(LocalisationChanges::schema()).into()
    }
}

impl ToSchema for LocalisationPatch {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        LocalisationChanges::schemas(schemas);
    }
}

/// What to change of a title. Lists are replaced, texts are changed language by language.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdateTitleRequest {
    /// Cannot be changed: only the one that the title has is taken.
    #[serde(default)]
    #[schema(value_type = Option<TitleKind>)]
    kind: Patch<TitleKind>,
    /// Cannot be removed.
    #[serde(default)]
    #[schema(value_type = Option<Slug>)]
    slug: Patch<Slug>,
    /// Cannot be removed.
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    original_title: Patch<Name>,
    #[serde(default)]
    #[schema(value_type = Option<Year>)]
    year: Patch<Year>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Territory>>, max_items = 20)]
    countries: Patch<Vec<Territory>>,
    /// Slugs of genres.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Slug>>, max_items = 10)]
    genres: Patch<Vec<Slug>>,
    /// By language; null takes a language away.
    #[serde(default)]
    #[schema(value_type = Option<BTreeMap<Locale, LocalisationPatch>>)]
    localisations: Patch<BTreeMap<Locale, Patch<LocalisationChanges>>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Credit>>, max_items = 500)]
    credits: Patch<Vec<Credit>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Marker>>, max_items = 20)]
    markers: Patch<Vec<Marker>>,
    #[serde(default)]
    #[schema(value_type = Option<Vec<Window>>, max_items = 100)]
    windows: Patch<Vec<Window>>,
    #[serde(default)]
    #[schema(value_type = Option<TitleId>)]
    parent_id: Patch<TitleId>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, maximum = 9999)]
    number: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<Name>)]
    rights_holder: Patch<Name>,
}

/// The member after the patch; `None` when it is taken away or was not there.
fn patched<T>(patch: Patch<T>, present: Option<T>) -> Option<T> {
    match patch {
        Patch::Absent => present,
        Patch::Remove => None,
        Patch::Set(value) => Some(value),
    }
}

fn needed<T>(value: Option<T>, pointer: impl Into<String>) -> Result<T, InvalidDraft> {
    value.ok_or_else(|| InvalidDraft::at(pointer, "cannot be removed"))
}

impl LocalisationChanges {
    fn applied_to(self, present: Option<Localisation>, locale: &Locale) -> Result<Localisation, InvalidDraft> {
        let (name, synopsis) = present.map_or((None, None), |text| (Some(text.name), text.synopsis));
        let name = patched(self.name, name);
        let name = name.ok_or_else(|| InvalidDraft::at(format!("/localisations/{locale}/name"), "must be given"))?;
        Ok(Localisation { name, synopsis: patched(self.synopsis, synopsis) })
    }
}

fn localisations(
    patch: Patch<BTreeMap<Locale, Patch<LocalisationChanges>>>,
    mut present: BTreeMap<Locale, Localisation>,
) -> Result<BTreeMap<Locale, Localisation>, InvalidDraft> {
    let changes = match patch {
        Patch::Absent => return Ok(present),
        Patch::Remove => return Ok(BTreeMap::new()),
        Patch::Set(changes) => changes,
    };
    for (locale, change) in changes {
        let before = present.remove(&locale);
        if let Patch::Set(change) = change {
            let text = change.applied_to(before, &locale)?;
            present.insert(locale, text);
        }
    }
    Ok(present)
}

impl UpdateTitleRequest {
    /// The draft after the change.
    ///
    /// # Errors
    /// The first part that cannot be changed so, or every part of the outcome that is wrong.
    fn applied_to(self, draft: Draft) -> Result<Draft, InvalidDraft> {
        if patched(self.kind, Some(draft.kind)) != Some(draft.kind) {
            return Err(InvalidDraft::at("/kind", "cannot be changed"));
        }
        let changed = Draft {
            kind: draft.kind,
            slug: Some(needed(patched(self.slug, draft.slug), "/slug")?),
            original_title: needed(patched(self.original_title, Some(draft.original_title)), "/original_title")?,
            year: patched(self.year, draft.year),
            countries: self.countries.or(draft.countries, Vec::new),
            genres: self.genres.or(draft.genres, Vec::new),
            localisations: localisations(self.localisations, draft.localisations)?,
            credits: self.credits.or(draft.credits, Vec::new),
            markers: self.markers.or(draft.markers, Vec::new),
            windows: self.windows.or(draft.windows, Vec::new),
            parent_id: patched(self.parent_id, draft.parent_id),
            number: patched(self.number, draft.number),
            rights_holder: patched(self.rights_holder, draft.rights_holder),
        };
        changed.checked()
    }
}

/// Changes a title; what a published title must have cannot be taken from it.
#[utoipa::path(
    patch, path = "/v1/admin/titles/{id}", tag = "catalog", responses((status = 200, body = EditedTitle), Problem),
    params(("id" = TitleId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    request_body(content = UpdateTitleRequest, content_type = "application/merge-patch+json", description = MERGE_PATCH)
)]
pub(super) async fn update_title(
    State(UpdateTitle { outbox, world, public_url }): State<UpdateTitle>,
    Editor(editor): Editor,
    Path(id): Path<TitleId>,
    if_match: IfMatch,
    Json(request): Json<UpdateTitleRequest>,
) -> Result<Edited, Problem> {
    let author = Author { world: &world, actor: &editor.id.to_string() };
    outbox
        .transact(async |tx| {
            let before = titles::lock(tx, id).await?.ok_or_else(no_such_title)?;
            if_match.check(&before.etag())?;
            let now = world.now();
            let after = Title { about: request.clone().applied_to(before.about.clone())?, ..before.clone() };
            still_publishable(&before, &after, now)?;
            let title = change::save(tx, &author, "updated", &before, after).await?;
            Ok(edited(&title, now, &public_url))
        })
        .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn film() -> Draft {
        serde_json::from_value(json!({
            "kind": "film", "slug": "sintel", "original_title": "Sintel", "year": 2009, "genres": ["short"],
            "localisations": {"en": {"name": "Sintel", "synopsis": "A girl and a dragon."}, "ru": {"name": "Синтел"}},
        }))
        .unwrap()
    }

    fn change(draft: Draft, patch: Value) -> Result<Draft, String> {
        let request: UpdateTitleRequest = serde_json::from_value(patch).map_err(|error| error.to_string())?;
        request.applied_to(draft).map_err(|invalid| invalid.first.pointer)
    }

    #[test]
    fn absent_is_not_null() {
        assert_eq!(change(film(), json!({})), Ok(film()));
        let patch = json!({"localisations": {"ru": null, "de": {"name": "Sintel"}}, "year": 2010});
        let changed = change(film(), patch).unwrap();
        let languages: Vec<_> = changed.localisations.keys().map(Locale::as_str).collect();
        assert_eq!((languages, changed.year), (vec!["de", "en"], Some(Year(2010))));
        assert_eq!(change(changed, json!({"year": null})).unwrap().year, None);
        let emptied = change(film(), json!({"localisations": null, "genres": null})).unwrap();
        assert!(emptied.localisations.is_empty() && emptied.genres.is_empty());
    }

    #[test]
    fn texts_change_member_by_member_and_lists_as_a_whole() {
        let patch =
            json!({"localisations": {"en": {"name": "The Dragon"}, "ru": {"synopsis": "Про дракона."}}, "genres": []});
        let changed = change(film(), patch).unwrap();
        let text = |locale: &str| serde_json::to_value(&changed.localisations[&locale.parse().unwrap()]).unwrap();
        assert_eq!(text("en"), json!({"name": "The Dragon", "synopsis": "A girl and a dragon."}));
        assert_eq!(text("ru"), json!({"name": "Синтел", "synopsis": "Про дракона."}));
        assert!(changed.genres.is_empty());
        let without = change(film(), json!({"localisations": {"en": {"synopsis": null}}})).unwrap();
        assert_eq!(without.localisations[&Locale::english()].synopsis, None);
    }

    #[test]
    fn what_a_patch_must_not_do_is_refused_where_it_is() {
        for (patch, pointer) in [
            (json!({"kind": "series"}), "/kind"),
            (json!({"kind": null}), "/kind"),
            (json!({"slug": null}), "/slug"),
            (json!({"original_title": null}), "/original_title"),
            (json!({"localisations": {"en": {"name": null}}}), "/localisations/en/name"),
            (json!({"localisations": {"de": {}}}), "/localisations/de/name"),
            (json!({"number": 3}), "/number"),
        ] {
            assert_eq!(change(film(), patch.clone()), Err(pointer.to_owned()), "{patch}");
        }
        for patch in [
            json!({"publication": "published"}),
            json!({"localisations": {"ru": {"name": ""}}}),
            json!({"localisations": {"russian": {"name": "a"}}}),
            json!({"windows": "always"}),
        ] {
            assert!(change(film(), patch.clone()).is_err(), "{patch}");
        }
    }
}
