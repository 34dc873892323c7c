//! Episodes that a series did not have: since when they can be watched somewhere, and what a person hears of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kernel::{
    Territory, TitleId,
    policy::{ADULT, Audience, TitleRules, Visibility, may_watch_once_paid, visibility},
};
use proto::mail::NewEpisodes;
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use crate::notice::Notice;

/// So long a release is news: runs that did not take place are caught up.
pub const NEWS: Duration = Duration::days(3);

/// An episode as the catalogue tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// Its id.
    pub id: TitleId,
    /// When both it and its season became, or become, public.
    pub published_at: OffsetDateTime,
    /// Its own.
    pub rules: TitleRules,
    /// Those of its season and its series.
    pub wholes: [TitleRules; 2],
}

impl Episode {
    /// Since when everybody of age in the territory has been able to watch it without a break; `None` while they are not.
    pub fn released_at(&self, territory: &Territory, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let audience = Audience { territory: territory.clone(), max_rating: ADULT };
        let is_open = |at: OffsetDateTime| {
            may_watch_once_paid(&self.rules, &audience, at).is_ok()
                && self.wholes.iter().all(|whole| visibility(whole, &audience, at) == Visibility::Visible)
        };
        if now < self.published_at || !is_open(now) {
            return None;
        }
        // Only where a window begins or ends does the answer change. A window that follows another at once brings nothing new.
        let opened = |edge: &OffsetDateTime| *edge <= now && !is_open(*edge - Duration::NANOSECOND);
        let windows = self.all_rules().flat_map(|rules| &rules.windows);
        let opening = windows.flat_map(|window| [window.from, window.until]).flatten().filter(opened).max();
        Some(opening.map_or(self.published_at, |opening| opening.max(self.published_at)))
    }

    fn all_rules(&self) -> impl Iterator<Item = &TitleRules> {
        self.wholes.iter().chain([&self.rules])
    }

    fn territories(&self) -> impl Iterator<Item = Territory> {
        self.all_rules().flat_map(|rules| &rules.windows).flat_map(|window| window.territories.iter().cloned())
    }
}

/// An episode where it was released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// [`Territory::unknown`]: wherever no window names the territory.
    pub territory: Territory,
    /// Which one.
    pub episode: TitleId,
    /// When.
    pub at: OffsetDateTime,
}

/// What became new of a series on one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Which series.
    pub series: TitleId,
    /// In UTC.
    pub day: Date,
    /// The territories for which `released` does not speak as elsewhere.
    pub named: BTreeSet<Territory>,
    /// Of that day only.
    pub released: Vec<Released>,
    names: HashMap<String, String>,
}

impl Release {
    /// The news of a series with these names, by day.
    pub fn all(
        series: TitleId,
        names: &HashMap<String, String>,
        episodes: &[Episode],
        now: OffsetDateTime,
    ) -> Vec<Self> {
        let named: BTreeSet<Territory> = episodes.iter().flat_map(Episode::territories).collect();
        let mut days = BTreeMap::<Date, Vec<Released>>::new();
        for territory in named.iter().cloned().chain([Territory::unknown()]) {
            for episode in episodes {
                let at = episode.released_at(&territory, now).filter(|at| now - NEWS < *at);
                let Some(at) = at else { continue };
                let released = Released { territory: territory.clone(), episode: episode.id, at };
                days.entry(at.to_offset(UtcOffset::UTC).date()).or_default().push(released);
            }
        }
        let release = |(day, released)| Self { series, day, named: named.clone(), released, names: names.clone() };
        days.into_iter().map(release).collect()
    }

    /// However many episodes there are, an account hears of a series once for each day.
    pub fn notice(&self) -> Notice {
        let template = NewEpisodes { names: self.names.clone(), title_id: self.series.to_string() };
        Notice { fact: format!("{} episodes {}", self.series, self.day), template: template.into(), stale_at: None }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{
        Id,
        policy::{Publication, Window},
    };
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-30 12:00 UTC);

    fn at(hours: i64) -> OffsetDateTime {
        NOW + Duration::hours(hours)
    }

    fn territory(code: &str) -> Territory {
        code.parse().unwrap()
    }

    fn window(territories: &[&str], from: Option<i64>, until: Option<i64>) -> Window {
        let territories = territories.iter().map(|code| territory(code)).collect();
        Window { territories, plans: vec![], from: from.map(at), until: until.map(at) }
    }

    fn rules(windows: Vec<Window>) -> TitleRules {
        TitleRules { publication: Publication::Published, rating: Some(16), windows, has_asset: true }
    }

    fn title(number: u8) -> TitleId {
        TitleId::from_parts(NOW, [number; 10])
    }

    /// Public for two hours.
    fn episode(windows: Vec<Window>) -> Episode {
        Episode { id: title(1), published_at: at(-2), rules: rules(windows), wholes: [rules(vec![]), rules(vec![])] }
    }

    fn released(episode: &Episode) -> Option<i64> {
        episode.released_at(&territory("DE"), NOW).map(|released| (released - NOW).whole_hours())
    }

    #[test]
    fn an_episode_is_released_when_it_is_public_and_its_window_opens() {
        let german = |from, until| window(&["DE"], from, until);
        for (windows, expected) in [
            (vec![], Some(-2)),
            (vec![german(Some(-9), Some(9))], Some(-2)),
            (vec![german(Some(-1), None)], Some(-1)),
            (vec![german(Some(0), None)], Some(0)),
            (vec![german(Some(1), None)], None),
            (vec![german(None, Some(0))], None),
            (vec![window(&["FR"], None, None)], None),
            // What goes on is not new, what comes back is.
            (vec![german(None, Some(-1)), german(Some(-1), None)], Some(-2)),
            (vec![german(Some(-9), Some(1)), window(&[], Some(-1), None)], Some(-2)),
            (vec![german(Some(-9), Some(-1)), german(Some(0), None)], Some(0)),
            (vec![window(&["FR"], Some(-9), Some(9)), german(Some(-1), None)], Some(-1)),
        ] {
            assert_eq!(released(&episode(windows.clone())), expected, "{windows:?}");
        }
        assert_eq!(released(&Episode { published_at: at(1), ..episode(vec![]) }), None, "not public yet");
    }

    #[test]
    fn what_cannot_be_watched_is_not_released() {
        let no_longer = |publication| TitleRules { publication, ..rules(vec![]) };
        for hidden in [Publication::Draft, Publication::Scheduled, Publication::Withdrawn].map(no_longer) {
            for (own, season, series) in [
                (hidden.clone(), rules(vec![]), rules(vec![])),
                (rules(vec![]), hidden.clone(), rules(vec![])),
                (rules(vec![]), rules(vec![]), hidden.clone()),
            ] {
                assert_eq!(released(&Episode { rules: own, wholes: [season, series], ..episode(vec![]) }), None);
            }
        }
        for rules in [TitleRules { has_asset: false, ..rules(vec![]) }, TitleRules { rating: None, ..rules(vec![]) }] {
            assert_eq!(released(&Episode { rules, ..episode(vec![]) }), None);
        }
        let wholes = [rules(vec![]), rules(vec![window(&["DE"], Some(-1), Some(1))])];
        assert_eq!(released(&Episode { wholes: wholes.clone(), ..episode(vec![]) }), Some(-1), "with its series");
        let elsewhere = [rules(vec![]), rules(vec![window(&["FR"], None, None)])];
        assert_eq!(released(&Episode { wholes: elsewhere, ..episode(vec![]) }), None);
    }

    #[test]
    fn a_season_is_one_fact_a_day_and_the_day_is_that_of_the_place() {
        let names = [(String::new(), "Bron".to_owned())].into_iter().collect();
        let mut episodes: Vec<Episode> =
            (1..=10).map(|number| Episode { id: title(number), ..episode(vec![]) }).collect();
        let all = |episodes: &[Episode]| Release::all(title(0), &names, episodes, NOW);
        let [release] = &all(&episodes)[..] else { panic!("one day") };
        assert_eq!((release.released.len(), release.named.len()), (10, 0));
        assert_eq!(release.notice().fact, format!("{} episodes 2026-11-30", title(0)));
        // In France since yesterday, and where nobody said anything since the day before.
        let windows = vec![window(&["FR"], Some(-24), None), window(&[], Some(-48), None), window(&["AT"], None, None)];
        episodes[0] = Episode { published_at: at(-60), ..episode(windows) };
        let days: Vec<_> =
            all(&episodes[..1]).into_iter().map(|release| (release.day.day(), release.released)).collect();
        let places = |day: u8| {
            let released = days.iter().filter(|(found, _)| *found == day).flat_map(|(_, released)| released);
            released.map(|released| released.territory.to_string()).collect::<Vec<_>>()
        };
        assert_eq!((places(28), places(27)), (vec!["AT".to_owned(), "FR".to_owned(), "ZZ".to_owned()], vec![]));
        let old = Episode { published_at: NOW - NEWS, ..episode(vec![]) };
        assert_eq!(all(&[old]), [], "no news any more");
    }

    fn any_rules() -> impl Strategy<Value = TitleRules> {
        let edge = || proptest::option::of(-6i64..=2);
        let territories = proptest::sample::select(vec![vec![], vec!["DE"], vec!["FR"], vec!["DE", "FR"]]);
        let window =
            (territories, edge(), edge()).prop_map(|(territories, from, until)| window(&territories, from, until));
        proptest::collection::vec(window, 0..4).prop_map(rules)
    }

    proptest! {
        /// Held against a look at each half hour: released is since when it was seen at each of them until now.
        #[test]
        fn released_is_the_beginning_of_what_lasts_until_now(own in any_rules(), season in any_rules(), series in any_rules(), published in -6i64..=2) {
            let episode = Episode { id: title(1), published_at: at(published), rules: own, wholes: [season, series] };
            for code in ["DE", "FR", "US"] {
                let audience = Audience { territory: territory(code), max_rating: ADULT };
                let is_seen = |half: &i64| {
                    let moment = NOW + Duration::minutes(30 * half);
                    episode.published_at <= moment && episode.all_rules().all(|rules| visibility(rules, &audience, moment) == Visibility::Visible)
                };
                let first = (-20..=0).rev().take_while(is_seen).last();
                prop_assert_eq!(episode.released_at(&audience.territory, NOW), first.map(|half| NOW + Duration::minutes(30 * half)));
            }
        }
    }
}
