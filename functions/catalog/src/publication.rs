//! What must be true before viewers may see a title.

use kernel::policy::{Publication, TitleRules};
use time::OffsetDateTime;

use crate::{
    title::Title,
    windows::{beginning_at, to_millisecond},
};

/// A rule of publication that a title does not meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unmet {
    /// A film or episode needs a verified film.
    Asset,
    /// Everything needs an age rating.
    Rating,
    /// A film or episode needs a poster.
    Artwork,
    /// Somebody must be able to read what it is.
    Localisation,
    /// There must be a time in which it is offered.
    Window,
    /// A part must be offered to somebody to whom its whole is.
    Whole,
}

impl Unmet {
    /// Where the editor has to look.
    pub fn pointer(self) -> &'static str {
        match self {
            Self::Asset => "/asset",
            Self::Rating => "/rating",
            Self::Artwork => "/artwork",
            Self::Localisation => "/localisations",
            Self::Window | Self::Whole => "/windows",
        }
    }

    /// What is missing.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Asset => "has no film that is ready to play",
            Self::Rating => "has no age rating",
            Self::Artwork => "has no poster",
            Self::Localisation => "has no name in any language",
            Self::Window => "has no window that is open or will open",
            Self::Whole => "has no moment, territory and plan in common with its season and series",
        }
    }
}

/// Every rule that the title does not meet.
pub fn unmet(title: &Title, now: OffsetDateTime) -> Vec<Unmet> {
    let has_film = title.about.kind.has_film();
    let windows = &title.about.windows;
    let is_over = !windows.is_empty() && windows.iter().all(|window| window.until.is_some_and(|until| until <= now));
    [
        (Unmet::Asset, has_film && title.asset.is_none()),
        (Unmet::Rating, title.rating.is_none()),
        (Unmet::Artwork, has_film && title.poster().is_none()),
        (Unmet::Localisation, title.about.localisations.is_empty()),
        (Unmet::Window, is_over),
    ]
    .into_iter()
    .filter_map(|(rule, is_unmet)| is_unmet.then_some(rule))
    .collect()
}

/// The rules that keep a title from the public; at least one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} rules of publication are not met", .0.len())]
pub struct NotPublishable(pub Vec<Unmet>);

impl NotPublishable {
    fn unless_empty(unmet: Vec<Unmet>) -> Result<(), Self> {
        if unmet.is_empty() { Ok(()) } else { Err(Self(unmet)) }
    }
}

/// The title is, was or will be public.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a draft")]
pub struct WasPublic;

/// Refuses to delete what somebody may have seen: their lists and histories name it.
///
/// # Errors
/// Of everything that is no draft.
pub fn deletable(title: &Title) -> Result<(), WasPublic> {
    if title.publication == Publication::Draft { Ok(()) } else { Err(WasPublic) }
}

/// Refuses a change that takes from a public title what it must have. Its windows may end, but not before it was public.
///
/// # Errors
/// Every unmet rule.
pub fn still_publishable(before: &Title, after: &Title, now: OffsetDateTime) -> Result<(), NotPublishable> {
    let since = after.published_at.unwrap_or(now);
    NotPublishable::unless_empty(if is_public(after) && after != before { unmet(after, since) } else { vec![] })
}

fn is_public(title: &Title) -> bool {
    matches!(title.publication, Publication::Published | Publication::Scheduled)
}

/// A draft cannot be withdrawn: nobody sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the title is not public")]
pub struct NotPublic;

/// The title as nobody sees it any longer. One whose first moment has not come is a draft again: it never was public, so nothing is gone.
///
/// # Errors
/// For a draft.
pub fn withdraw(title: &Title, now: OffsetDateTime) -> Result<Title, NotPublic> {
    let is_still_to_come = title.published_at.is_none_or(|at| now < at);
    match title.publication {
        Publication::Draft => Err(NotPublic),
        Publication::Withdrawn => Ok(title.clone()),
        Publication::Scheduled | Publication::Published if is_still_to_come => {
            Ok(Title { publication: Publication::Draft, published_at: None, ..title.clone() })
        }
        Publication::Scheduled | Publication::Published => {
            Ok(Title { publication: Publication::Withdrawn, ..title.clone() })
        }
    }
}

/// The title as it is published now, or for a later moment: its windows then begin no earlier, so that no clock has to fire for it.
///
/// # Errors
/// Every unmet rule.
pub fn publish(
    title: &Title,
    rating: Option<u8>,
    at: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<Title, NotPublishable> {
    let mut published = Title { publication: Publication::Published, rating: rating.or(title.rating), ..title.clone() };
    let is_new = title.publication != Publication::Published;
    if let Some(at) = at.map(to_millisecond).filter(|at| *at > now) {
        published.about.windows = beginning_at(&title.about.windows, at);
        published.published_at = Some(at);
        if published.about.windows.is_empty() {
            let mut rules = unmet(&published, now);
            rules.push(Unmet::Window);
            return Err(NotPublishable(rules));
        }
    } else if is_new {
        published.published_at = Some(to_millisecond(now));
    }
    NotPublishable::unless_empty(unmet(&published, now))?;
    Ok(published)
}

/// Refuses to publish a part that nobody could ever watch: its windows and those of its season and series have nothing in common.
///
/// # Errors
/// [`Unmet::Whole`].
pub fn offered_within(title: &Title, wholes: &[Title]) -> Result<(), NotPublishable> {
    // As if all were public: the windows alone are compared.
    let public = |title: &Title| TitleRules { publication: Publication::Published, ..title.rules() };
    let rules = wholes.iter().fold(public(title), |rules, whole| rules.within(&public(whole)));
    let is_never = rules.publication != Publication::Published;
    NotPublishable::unless_empty(if is_never { vec![Unmet::Whole] } else { vec![] })
}

#[cfg(test)]
mod tests {
    use kernel::{AssetId, Id, TitleId, policy};
    use serde_json::json;
    use time::{Duration, macros::datetime};

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn bare() -> Title {
        let about = json!({"kind": "film", "slug": "a", "original_title": "A"});
        Title::new(TitleId::from_parts(NOW, [0; 10]), serde_json::from_value(about).unwrap(), vec![])
    }

    fn complete() -> Title {
        let asset = json!({
            "asset_id": AssetId::from_parts(NOW, [0; 10]), "duration_seconds": 60.0, "renditions": [], "audio_languages": [],
            "caption_languages": [], "poster": "a/poster.jpg", "trickplay": null, "protection": "none",
        });
        let mut title = bare();
        title.asset = serde_json::from_value(asset).unwrap();
        title.about.localisations = serde_json::from_value(json!({"en": {"name": "A"}})).unwrap();
        title
    }

    #[test]
    fn every_unmet_rule_is_named() {
        let mut title = bare();
        title.about.windows = serde_json::from_value(json!([{"until": "2025-01-01T00:00:00Z"}])).unwrap();
        let all = [Unmet::Asset, Unmet::Rating, Unmet::Artwork, Unmet::Localisation, Unmet::Window];
        assert_eq!(publish(&title, None, None, NOW), Err(NotPublishable(all.to_vec())));
        assert_eq!(publish(&complete(), None, None, NOW), Err(NotPublishable(vec![Unmet::Rating])));
    }

    #[test]
    fn a_series_has_no_film_of_its_own() {
        let mut series = bare();
        series.about.kind = kernel::TitleKind::Series;
        series.about.localisations = complete().about.localisations;
        assert!(publish(&series, Some(6), None, NOW).is_ok());
    }

    #[test]
    fn only_what_was_public_is_gone() {
        assert_eq!(withdraw(&complete(), NOW), Err(NotPublic));
        let published = publish(&complete(), Some(12), None, NOW).unwrap();
        let withdrawn = withdraw(&published, NOW).unwrap();
        assert_eq!((withdrawn.publication, withdrawn.published_at), (Publication::Withdrawn, Some(NOW)));
        assert_eq!(withdraw(&withdrawn, NOW + Duration::DAY), Ok(withdrawn.clone()), "a repetition changes nothing");
        let again = publish(&withdrawn, None, None, NOW + Duration::DAY).unwrap();
        assert_eq!((again.publication, again.published_at), (Publication::Published, Some(NOW + Duration::DAY)));
        let later = publish(&complete(), Some(12), Some(NOW + Duration::DAY), NOW).unwrap();
        let (before, after) = (withdraw(&later, NOW).unwrap(), withdraw(&later, NOW + Duration::DAY).unwrap());
        assert_eq!((before.publication, before.published_at), (Publication::Draft, None));
        assert_eq!(after.publication, Publication::Withdrawn);
    }

    #[test]
    fn a_window_may_end_but_not_before_the_title_was_public() {
        let published = publish(&complete(), Some(12), None, NOW).unwrap();
        let ending = |until: OffsetDateTime| {
            let mut title = published.clone();
            title.about.windows = crate::windows::beginning_at(&[], NOW - Duration::DAY);
            title.about.windows[0].until = Some(until);
            title
        };
        let later = NOW + Duration::days(9);
        assert_eq!(still_publishable(&published, &ending(later), later), Ok(()));
        assert_eq!(still_publishable(&published, &ending(NOW + Duration::HOUR), later), Ok(()));
        assert_eq!(still_publishable(&published, &ending(NOW), later), Err(NotPublishable(vec![Unmet::Window])));
        let draft = Title { publication: Publication::Draft, ..ending(NOW) };
        assert_eq!(still_publishable(&published, &draft, later), Ok(()));
    }

    #[test]
    fn published_now_or_later() {
        let audience = policy::Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        let now = publish(&complete(), Some(12), None, NOW).unwrap();
        assert_eq!(policy::visibility(&now.rules(), &audience, NOW), policy::Visibility::Visible);
        assert_eq!(publish(&now, None, None, NOW + Duration::DAY).unwrap(), now, "publishing twice changes nothing");
        let start = NOW + Duration::DAY;
        let later = publish(&complete(), Some(12), Some(start), NOW).unwrap();
        assert_eq!(policy::visibility(&later.rules(), &audience, NOW), policy::Visibility::Hidden);
        assert_eq!(policy::visibility(&later.rules(), &audience, start), policy::Visibility::Visible);
        let mut over = complete();
        over.about.windows = serde_json::from_value(json!([{"until": "2026-01-01T18:00:00Z"}])).unwrap();
        assert_eq!(publish(&over, Some(12), Some(start), NOW), Err(NotPublishable(vec![Unmet::Window])));
    }

    #[test]
    fn a_part_and_its_wholes_must_have_something_in_common() {
        let offered = |windows: serde_json::Value| {
            let mut title = complete();
            title.about.windows = serde_json::from_value(windows).unwrap();
            title
        };
        let premium = offered(json!([{"plans": ["premium"]}]));
        let basic = offered(json!([{"plans": ["basic"]}, {"territories": ["DE"], "plans": ["extra"]}]));
        let french = offered(json!([{"territories": ["FR"], "plans": ["extra"]}]));
        let always = offered(json!([]));
        for (title, wholes, is_offered) in [
            (&premium, vec![], true),
            (&premium, vec![&always, &always], true),
            (&premium, vec![&premium, &always], true),
            (&premium, vec![&basic], false),
            (&premium, vec![&always, &basic], false),
            (&always, vec![&premium, &basic], false),
            (&basic, vec![&french], false),
        ] {
            let wholes: Vec<Title> = wholes.into_iter().cloned().collect();
            let expected = if is_offered { Ok(()) } else { Err(NotPublishable(vec![Unmet::Whole])) };
            assert_eq!(offered_within(title, &wholes), expected, "{:?} in {wholes:?}", title.about.windows);
        }
    }
}
