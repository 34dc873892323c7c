//! How alike titles are by what they are: for titles that too few people watched yet.

use crate::title::Title;

const GENRES: f32 = 0.6;
const PEOPLE: f32 = 0.3;
const YEARS: f32 = 0.1;
/// Films this far apart have nothing of their time in common.
const FAR_YEARS: f32 = 30.0;

/// 0–1: genres and people that two titles share (Jaccard), and how near their years are. 0 where neither genre nor person is shared.
pub fn likeness(one: &Title, other: &Title) -> f32 {
    let genres = shared(&one.genres, &other.genres);
    let people = shared(&one.people, &other.people);
    if genres == 0.0 && people == 0.0 {
        return 0.0;
    }
    let years = one.year.zip(other.year).map_or(0.0, |(one, other)| {
        let apart = (f32::from(one) - f32::from(other)).abs();
        (1.0 - apart / FAR_YEARS).max(0.0)
    });
    GENRES * genres + PEOPLE * people + YEARS * years
}

fn shared(one: &[String], other: &[String]) -> f32 {
    let both = one.iter().filter(|word| other.contains(word)).count();
    let all = one.len() + other.len() - both;
    if all == 0 { 0.0 } else { both as f32 / all as f32 }
}
