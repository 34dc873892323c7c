//! A season with its episodes: one call for each language, for translations of episodes come no other way.
//!
//! <https://developer.themoviedb.org/reference/tv-season-details>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{NAME_RULE, Reader, TRANSLATED, Tmdb, role};
use crate::{
    draft::GREATEST_NUMBER,
    metadata::{FetchError, Metadata, Part, Season},
    text::ExternalId,
};

/// Most seasons of a series, and most episodes of a season.
const MOST_SEASONS: usize = crate::import::MOST_SEASONS;
const MOST_EPISODES: usize = 500;

impl Tmdb {
    pub(super) async fn season(&self, series: &ExternalId, number: u16) -> Result<Season, FetchError> {
        let path = |language: &str| format!("tv/{series}/season/{number}?language={language}");
        let english = self.ask(&path("en-US")).await?;
        let translated = self.ask(&path(TRANSLATED)).await?;
        read(&english, &translated, number)
    }
}

impl Reader<'_> {
    /// The seasons of a series, by number.
    pub(super) fn seasons(&mut self) {
        let document = self.document;
        for (at, season) in self.list(&document["seasons"], "/seasons").iter().enumerate() {
            let pointer = format!("/seasons/{at}");
            let number = number(season, "season_number").filter(|number| !self.found.seasons.contains(number));
            let Some(number) = number else {
                self.found.leave_out(pointer, NUMBER_RULE);
                continue;
            };
            if self.found.seasons.len() == MOST_SEASONS {
                return self.found.leave_out(pointer, "is one of too many seasons");
            }
            self.found.seasons.push(number);
        }
    }
}

const NUMBER_RULE: &str = "must have a number of its own from 0 to 9999";

fn number(document: &Value, member: &str) -> Option<u16> {
    let number = u16::try_from(document[member].as_u64()?).ok()?;
    (number <= GREATEST_NUMBER).then_some(number)
}

/// What the two documents say of a season.
fn read(english: &Value, translated: &Value, wanted: u16) -> Result<Season, FetchError> {
    if number(english, "season_number") != Some(wanted) {
        return Err(FetchError::Unreadable("about another season".to_owned()));
    }
    let season = part(english, Some(translated), "season_number", String::new());
    let mut season = season.ok_or_else(|| FetchError::Unreadable("a season without an id".to_owned()))?;
    let translations = translated["episodes"].as_array().into_iter().flatten();
    let translations: BTreeMap<u64, &Value> =
        translations.filter_map(|episode| Some((episode["id"].as_u64()?, episode))).collect();
    let mut episodes: BTreeMap<u16, Part> = BTreeMap::new();
    let listed = Reader { document: english, found: Metadata::default() }.list(&english["episodes"], "/episodes");
    for (at, episode) in listed.iter().enumerate() {
        let pointer = format!("/episodes/{at}");
        if episodes.len() == MOST_EPISODES {
            season.about.leave_out(pointer, "is one of too many episodes");
            break;
        }
        let translation = episode["id"].as_u64().and_then(|id| translations.get(&id)).copied();
        let part = part(episode, translation, "episode_number", pointer.clone());
        let Some(part) = part.filter(|part| !episodes.contains_key(&part.number)) else {
            season.about.leave_out(pointer, NUMBER_RULE);
            continue;
        };
        for left_out in &part.about.left_out {
            season.about.leave_out(format!("{pointer}{}", left_out.pointer), &left_out.reason);
        }
        episodes.insert(part.number, part);
    }
    Ok(Season { part: season, episodes: episodes.into_values().collect() })
}

/// What is said of a season or an episode; nothing without an id and a number.
fn part(english: &Value, translated: Option<&Value>, member: &str, pointer: String) -> Option<Part> {
    let number = number(english, member)?;
    let id = ExternalId::new(&english["id"].as_u64()?.to_string())?;
    let mut reader = Reader { document: english, found: Metadata::default() };
    let name = reader.name("name");
    if name.is_none() && reader.found.left_out.is_empty() {
        reader.found.leave_out("/name", NAME_RULE);
    }
    reader.found.original_title = name.clone();
    reader.year("air_date");
    reader.english(name.clone());
    // What is not translated comes in English, or without a text about it.
    let is_translated = |translated: &&Value| {
        let overview = translated["overview"].as_str().unwrap_or_default();
        translated["name"] != english["name"]
            || !overview.trim().is_empty() && translated["overview"] != english["overview"]
    };
    if let Some(translated) = translated.filter(is_translated) {
        reader.translated(translated, "name", "", name);
    }
    reader.people(&english["crew"], "/crew", |person| role(person["job"].as_str()?));
    reader.people(&english["guest_stars"], "/guest_stars", |_| Some("actor"));
    reader.own_id(&id);
    Some(Part { pointer, number, id, about: reader.found })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::text::{Name, Year};

    fn season() -> Value {
        json!({"id": 9, "season_number": 1, "name": "Season 1", "overview": "", "air_date": "2010-06-16", "episodes": [
            {"id": 91, "episode_number": 2, "name": "Second", "overview": "Told.", "air_date": null,
             "crew": [{"name": "Di", "job": "Director"}], "guest_stars": [{"name": "Gus", "character": "G"}]},
            {"id": 90, "episode_number": 1, "name": "First", "overview": ""},
            {"id": 92, "episode_number": 1, "name": "Twice"},
            {"episode_number": 3, "name": "Without an id"},
            {"id": 93, "episode_number": 10000, "name": "Too far"},
            7,
        ]})
    }

    fn translated() -> Value {
        json!({"id": 9, "season_number": 1, "name": "Сезон 1", "overview": "", "episodes": [
            {"id": 90, "episode_number": 1, "name": "First", "overview": ""},
            {"id": 91, "episode_number": 2, "name": "Вторая", "overview": "Рассказано."},
        ]})
    }

    fn text(part: &Part, locale: &str) -> Option<(Option<Name>, bool)> {
        let text = part.about.texts.get(&locale.parse().unwrap())?;
        Some((text.name.clone(), text.synopsis.is_some()))
    }

    #[test]
    fn a_season_is_read_with_its_episodes_in_order() {
        let Season { part, episodes } = read(&season(), &translated(), 1).unwrap();
        assert_eq!((part.number, part.id.as_str(), part.about.year), (1, "9", Some(Year(2010))));
        assert_eq!(text(&part, "ru"), Some((Name::new("Сезон 1"), false)));
        assert_eq!(
            episodes.iter().map(|episode| (episode.number, episode.id.as_str())).collect::<Vec<_>>(),
            [(1, "90"), (2, "91")]
        );
        assert_eq!(text(&episodes[0], "ru"), None, "it is not translated");
        assert_eq!(text(&episodes[1], "ru"), Some((Name::new("Вторая"), true)));
        let credits: Vec<_> =
            episodes[1].about.credits.iter().map(|credit| (credit.name.as_str(), credit.role.as_str())).collect();
        assert_eq!(credits, [("Di", "director"), ("Gus", "actor")]);
        let pointers: Vec<_> = part.about.left_out.iter().map(|left_out| left_out.pointer.as_str()).collect();
        assert_eq!(pointers, ["/episodes/2", "/episodes/3", "/episodes/4", "/episodes/5"]);
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_not_read_and_a_crowd_is_bounded() {
        for document in
            [json!([]), json!({}), json!({"season_number": 1}), json!({"id": 9, "season_number": 2}), Value::Null]
        {
            assert!(matches!(read(&document, &document, 1), Err(FetchError::Unreadable(_))), "{document}");
        }
        let mut crowd = season();
        crowd["episodes"] =
            (0..9_000).map(|number| json!({"id": number + 1, "episode_number": number, "name": "N"})).collect();
        assert_eq!(read(&crowd, &Value::Null, 1).unwrap().episodes.len(), MOST_EPISODES);
        crowd["episodes"] = json!("none");
        assert!(read(&crowd, &json!("nothing"), 1).unwrap().episodes.is_empty());
    }

    #[test]
    fn a_series_says_which_seasons_it_has() {
        let seasons = json!({"seasons": [{"season_number": 0}, {"season_number": 2}, {"season_number": 2}, {}, 1]});
        let mut reader = Reader { document: &seasons, found: Metadata::default() };
        reader.seasons();
        assert_eq!((reader.found.seasons, reader.found.left_out.len()), (vec![0, 2], 3));
    }
}
