//! A model in memory: how much each title fits a history, and because of what.

use std::collections::HashMap;

use kernel::TitleId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    artefact::{Artefact, Damaged, Header, Item, version},
    learnt::Learnt,
    scoring::Scoring,
};

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
    learnt: Learnt,
    places: HashMap<TitleId, usize>,
}

/// A history that a model has taken in: solved once, asked as often as need be.
pub struct FoldIn<'a> {
    model: &'a Model,
    scoring: Box<dyn Scoring + 'a>,
}

impl Model {
    /// Reads an object.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let Artefact { header, learnt } = Artefact::decode(bytes)?;
        let places = header.items.iter().enumerate().map(|(place, item)| (item.id, place)).collect();
        Ok(Self { version: version(bytes), header, learnt, places })
    }

    /// Its titles, in the order of their ids.
    pub fn items(&self) -> &[Item] {
        &self.header.items
    }

    /// Where a title is among them.
    pub fn place(&self, title: TitleId) -> Option<usize> {
        self.places.get(&title).copied()
    }

    /// Takes in a history. Titles that the model does not know say nothing.
    pub fn fold_in(&self, history: &[(TitleId, f32)]) -> FoldIn<'_> {
        let known = history.iter().filter_map(|(title, weight)| Some((self.place(*title)?, *weight)));
        FoldIn { model: self, scoring: self.learnt.fold_in(known.collect()) }
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

    /// The items that one title speaks for, the strongest first.
    pub fn neighbours(&self, title: TitleId) -> Vec<(usize, f32)> {
        self.place(title).map(|place| self.learnt.neighbours(place)).unwrap_or_default()
    }
}

impl FoldIn<'_> {
    /// How much each item fits the history.
    pub fn scores(&self) -> Vec<f32> {
        self.scoring.scores()
    }

    /// What speaks most for an item, the strongest first.
    pub fn reasons(&self, item: usize, most: usize) -> Vec<Reason> {
        let parts = self.scoring.parts(item).into_iter().filter(|(_, weight)| *weight > 0.0);
        let items = self.model.items();
        let mut reasons: Vec<Reason> =
            parts.map(|(place, weight)| Reason { title_id: items[place].id, weight }).collect();
        reasons.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.title_id.cmp(&other.title_id)));
        reasons.truncate(most);
        reasons
    }
}
