//! Announcements that a title leaves: which are due, and who is told of them together.

use std::collections::BTreeMap;

use kernel::{
    Territory, TitleId,
    policy::{ADULT, Audience, TitleRules, Visibility, leaving_at, visibility},
};
use proto::catalog;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

/// How many days before the end it is announced, the last announcement first.
const STAGES: [i16; 3] = [1, 7, 30];

/// An announcement for one territory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// `ZZ` for every territory that no window names.
    pub territory: Territory,
    /// First moment without the title.
    pub ends_at: OffsetDateTime,
    /// 30, 7 or 1.
    pub days: i16,
}

/// What has to be announced now, unless it was: where somebody can see the title, the latest stage that has begun. Earlier ones that nobody
/// announced in time are left out.
pub fn due(title: &TitleRules, now: OffsetDateTime) -> Vec<Due> {
    let elsewhere = Territory::unknown();
    let mut territories = named(title);
    if !territories.contains(&elsewhere) {
        territories.push(elsewhere);
    }
    let of = |territory: Territory| {
        let ends_at = leaving_at(title, &territory)?;
        let days = STAGES.into_iter().find(|days| ends_at - now <= Duration::days((*days).into()))?;
        let audience = Audience { territory, max_rating: ADULT };
        let is_offered = visibility(title, &audience, now) == Visibility::Visible;
        is_offered.then_some(Due { territory: audience.territory, ends_at, days })
    };
    territories.into_iter().filter_map(of).collect()
}

/// The territories that windows name, each once.
fn named(title: &TitleRules) -> Vec<Territory> {
    let mut named: Vec<Territory> = title.windows.iter().flat_map(|window| window.territories.clone()).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// One announcement for all territories where the title ends at the same moment.
pub fn announcements(id: TitleId, title: &TitleRules, announced: Vec<Due>) -> Vec<catalog::TitleLeaving> {
    let mut together: BTreeMap<(OffsetDateTime, i16), Vec<Territory>> = BTreeMap::new();
    for Due { territory, ends_at, days } in announced {
        together.entry((ends_at, days)).or_default().push(territory);
    }
    let named = named(title);
    let announcement = |((ends_at, days), mut territories): ((OffsetDateTime, i16), Vec<Territory>)| {
        let count = territories.len();
        territories.retain(|territory| named.contains(territory));
        catalog::TitleLeaving {
            title_id: id.to_string(),
            elsewhere: territories.len() < count,
            territories: territories.iter().map(ToString::to_string).collect(),
            named: named.iter().map(ToString::to_string).collect(),
            ends_at: ends_at.format(&Rfc3339).unwrap_or_default(),
            days: days.unsigned_abs().into(),
        }
    };
    together.into_iter().map(announcement).collect()
}

#[cfg(test)]
mod tests {
    use kernel::{
        Id,
        policy::{Publication, Window},
    };
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    fn window(territories: &[&str], from_hours: i64, until_hours: Option<i64>) -> Window {
        Window {
            territories: territories.iter().map(|code| code.parse().unwrap()).collect(),
            plans: vec![],
            from: Some(NOW + Duration::hours(from_hours)),
            until: until_hours.map(|hours| NOW + Duration::hours(hours)),
        }
    }

    fn title(windows: Vec<Window>) -> TitleRules {
        TitleRules { publication: Publication::Published, rating: Some(12), windows, has_asset: true }
    }

    fn told(title: &TitleRules) -> Vec<(String, i64, i16)> {
        let plain = |due: Due| (due.territory.to_string(), (due.ends_at - NOW).whole_hours(), due.days);
        due(title, NOW).into_iter().map(plain).collect()
    }

    #[test]
    fn each_stage_begins_at_its_day() {
        for (hours, days) in [
            (30 * 24 + 1, None),
            (30 * 24, Some(30)),
            (7 * 24 + 1, Some(30)),
            (7 * 24, Some(7)),
            (25, Some(7)),
            (24, Some(1)),
            (1, Some(1)),
            (0, None),
            (-1, None),
        ] {
            let found = told(&title(vec![window(&[], -99, Some(hours))]));
            assert_eq!(
                found,
                days.map(|days| ("ZZ".to_owned(), hours, days)).into_iter().collect::<Vec<_>>(),
                "{hours}"
            );
        }
    }

    #[test]
    fn a_territory_leaves_with_its_last_window_and_only_where_it_is_offered() {
        let two = title(vec![window(&["DE"], -9, Some(20)), window(&["FR"], -9, None)]);
        assert_eq!(told(&two), [("DE".to_owned(), 20, 1)]);
        let longer_elsewhere = title(vec![window(&["DE"], -9, Some(20)), window(&[], -9, Some(200))]);
        assert_eq!(told(&longer_elsewhere), [("DE".to_owned(), 200, 30), ("ZZ".to_owned(), 200, 30)]);
        let returns = title(vec![window(&["DE"], -9, Some(20)), window(&["DE"], 900, None)]);
        assert_eq!(told(&returns), []);
        let not_yet = title(vec![window(&["DE"], 1, Some(20))]);
        assert_eq!(told(&not_yet), []);
        for hidden in [Publication::Draft, Publication::Scheduled, Publication::Withdrawn] {
            assert_eq!(told(&TitleRules { publication: hidden, ..two.clone() }), [], "{hidden}");
        }
        assert_eq!(told(&title(vec![])), []);
    }

    #[test]
    fn territories_that_end_together_are_announced_together() {
        let rules =
            title(vec![window(&["DE", "FR"], -9, Some(20)), window(&["US"], -9, Some(100)), window(&["GB"], -9, None)]);
        let id = TitleId::from_parts(NOW, [0; 10]);
        let told = announcements(id, &rules, due(&rules, NOW));
        let plain: Vec<_> =
            told.iter().map(|leaving| (leaving.territories.join(","), leaving.elsewhere, leaving.days)).collect();
        assert_eq!(plain, [("DE,FR".to_owned(), false, 1), ("US".to_owned(), false, 7)]);
        assert_eq!(told[0].named, ["DE", "FR", "GB", "US"]);
        let everywhere = title(vec![window(&[], -9, Some(20))]);
        let told = announcements(id, &everywhere, due(&everywhere, NOW));
        assert_eq!((told.len(), told[0].elsewhere, told[0].territories.len()), (1, true, 0));
    }
}
