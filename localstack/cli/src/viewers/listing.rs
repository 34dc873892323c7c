//! The catalogue as everybody sees it.

use anyhow::{Context, Result};
use kernel::{TitleId, sha256};
use serde_json::Value;

use crate::{
    client::Cinema,
    made_up,
    viewers::catalogue::{Part, Work},
};

/// Nothing runs longer; a contract that says otherwise is a mistake.
const LONGEST_SECONDS: f64 = 6.0 * 3600.0;
const MINUTE: u32 = 60;

/// Films that can be played, and series with their episodes. Made-up series have none: they are watched in stretches.
pub(super) async fn works(cinema: &Cinema) -> Result<Vec<Work>> {
    let mut works = Vec::new();
    for card in all(cinema, "/v1/titles").await? {
        works.extend(work(cinema, &card).await?);
    }
    Ok(works)
}

/// What of each item is looked at, of all pages.
async fn all(cinema: &Cinema, path: &str) -> Result<Vec<Value>> {
    const LOOKED_AT: [&str; 6] = ["id", "kind", "slug", "genres", "playable", "duration_seconds"];
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = cinema.get(&format!("{path}?limit=100{cursor}")).await?;
        for item in page["items"].as_array().with_context(|| format!("{path} is no list"))? {
            items.push(LOOKED_AT.iter().map(|name| ((*name).to_owned(), item[*name].clone())).collect());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(items),
        }
    }
}

async fn work(cinema: &Cinema, card: &Value) -> Result<Option<Work>> {
    let id = id(card)?;
    let is_made_up = card["slug"].as_str().is_some_and(made_up::is_made_up);
    let parts = match card["kind"].as_str() {
        Some("film") => whole(card)?.into_iter().collect(),
        Some("series") if is_made_up => stretches(id),
        Some("series") => episodes(cinema, id).await?,
        _ => Vec::new(),
    };
    let genres = card["genres"].as_array().into_iter().flatten();
    let genres = genres.filter_map(|genre| genre.as_str().map(str::to_owned)).collect();
    Ok(Some(Work { id, genres, parts }).filter(|work| !work.parts.is_empty()))
}

async fn episodes(cinema: &Cinema, series: TitleId) -> Result<Vec<Part>> {
    let episodes = all(cinema, &format!("/v1/titles/{series}/episodes")).await?;
    let parts: Result<Vec<Option<Part>>> = episodes.iter().map(whole).collect();
    Ok(parts?.into_iter().flatten().collect())
}

fn id(item: &Value) -> Result<TitleId> {
    Ok(item["id"].as_str().context("a title has no id")?.parse()?)
}

/// A film or an episode, if it can be played.
fn whole(item: &Value) -> Result<Option<Part>> {
    let seconds = item["duration_seconds"].as_f64().filter(|seconds| *seconds >= 1.0 && item["playable"] == true);
    // Cut, so that it fits.
    let length = seconds.map(|seconds| seconds.min(LONGEST_SECONDS) as u32);
    let title = id(item)?;
    Ok(length.map(|length| Part { title, begins: 0, ends: length, running_time: length }))
}

/// A series without episodes as one long film of three to six stretches of 20 to 50 minutes, always the same.
fn stretches(series: TitleId) -> Vec<Part> {
    let [first, second, ..] = sha256(series.to_string());
    let (count, length) = (3 + u32::from(first) % 4, (20 + u32::from(second) % 31) * MINUTE);
    let stretch = |number: u32| Part {
        title: series,
        begins: number * length,
        ends: (number + 1) * length,
        running_time: count * length,
    };
    (0..count).map(stretch).collect()
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_can_be_played_is_watched() {
        let id = TitleId::derived("a film");
        let part = Part { title: id, begins: 0, ends: 24, running_time: 24 };
        for (item, expected) in [
            (json!({ "id": id, "playable": true, "duration_seconds": 24.04 }), Some(part)),
            (json!({ "id": id, "playable": false, "duration_seconds": 24.04 }), None),
            (json!({ "id": id, "playable": true }), None),
            (json!({ "id": id, "playable": true, "duration_seconds": 0.5 }), None),
        ] {
            assert_eq!(whole(&item).unwrap(), expected, "{item}");
        }
        assert!(whole(&json!({ "playable": true })).is_err());
    }

    #[test]
    fn stretches_follow_each_other_from_the_beginning_to_the_end() {
        for number in 0..100 {
            let parts = stretches(TitleId::derived(&number.to_string()));
            assert!((3..=6).contains(&parts.len()), "{parts:?}");
            assert_eq!((parts[0].begins, parts[parts.len() - 1].ends), (0, parts[0].running_time));
            assert!(parts.windows(2).all(|pair| pair[0].ends == pair[1].begins), "{parts:?}");
            assert!(parts.iter().all(|part| (1_200..=3_000).contains(&(part.ends - part.begins))), "{parts:?}");
        }
    }
}
