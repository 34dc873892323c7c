//! A model in memory: how much each title fits a history, and because of what.

use std::collections::HashMap;

use kernel::TitleId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::artefact::{Artefact, Damaged, Header, Item, version};

/// A title that speaks for another one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// What was watched, liked or chosen.
    pub title_id: TitleId,
    /// Its part of the score.
    pub weight: f32,
}

/// A version that can be asked.
#[derive(Debug)]
pub struct Model {
    /// Its name.
    pub version: String,
    header: Header,
    weights: Vec<Vec<(u16, f32)>>,
    places: HashMap<TitleId, usize>,
}

impl Model {
    /// Reads an object.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let Artefact { header, weights } = Artefact::decode(bytes)?;
        let places = header.items.iter().enumerate().map(|(place, item)| (item.id, place)).collect();
        Ok(Self { version: version(bytes), header, weights, places })
    }

    /// Its titles, in the order of their ids.
    pub fn items(&self) -> &[Item] {
        &self.header.items
    }

    /// Where a title is among them.
    pub fn place(&self, title: TitleId) -> Option<usize> {
        self.places.get(&title).copied()
    }

    /// How much each item fits a history. Titles that the model does not know say nothing.
    pub fn scores(&self, history: &[(TitleId, f32)]) -> Vec<f32> {
        let mut scores = vec![0.0; self.header.items.len()];
        for (title, weight) in history {
            let Some(from) = self.place(*title) else { continue };
            for (to, strength) in &self.weights[from] {
                scores[usize::from(*to)] += weight * strength;
            }
        }
        scores
    }

    /// The best of the items that may be taken: by score, then by popularity, then by id.
    pub fn ranked(&self, scores: &[f32], is_allowed: impl Fn(usize) -> bool, most: usize) -> Vec<usize> {
        let items = &self.header.items;
        let mut ranked: Vec<usize> = (0..items.len()).filter(|place| is_allowed(*place)).collect();
        let better = |one: &usize, other: &usize| {
            let by_score = scores[*other].total_cmp(&scores[*one]);
            by_score.then(items[*other].popularity.total_cmp(&items[*one].popularity)).then(one.cmp(other))
        };
        if ranked.len() > most && most > 0 {
            ranked.select_nth_unstable_by(most, better);
        }
        ranked.truncate(most);
        ranked.sort_unstable_by(better);
        ranked
    }

    /// What speaks most for an item, the strongest first.
    pub fn reasons(&self, history: &[(TitleId, f32)], item: usize, most: usize) -> Vec<Reason> {
        let Ok(wanted) = u16::try_from(item) else { return Vec::new() };
        let strength = |title: TitleId| -> Option<f32> {
            let row = &self.weights[self.place(title)?];
            row.binary_search_by_key(&wanted, |(to, _)| *to).ok().map(|at| row[at].1)
        };
        let parts = history.iter().filter_map(|(title, weight)| {
            Some(Reason { title_id: *title, weight: weight * strength(*title)? }).filter(|reason| reason.weight > 0.0)
        });
        let mut reasons: Vec<Reason> = parts.collect();
        reasons.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.title_id.cmp(&other.title_id)));
        reasons.truncate(most);
        reasons
    }

    /// The items that one title speaks for, the strongest first.
    pub fn neighbours(&self, title: TitleId) -> Vec<(usize, f32)> {
        let Some(from) = self.place(title) else { return Vec::new() };
        let row = self.weights[from].iter().map(|(to, weight)| (usize::from(*to), *weight));
        let mut neighbours: Vec<(usize, f32)> = row.filter(|(_, weight)| *weight > 0.0).collect();
        neighbours.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        neighbours
    }
}
