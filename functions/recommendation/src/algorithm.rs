//! What learns a model. There are two: EASE, which inverts a matrix of all titles, and above the titles for which that fits into memory iALS. Nothing
//! outside of this file asks which one it was.

use kernel::TitleId;
use serde::{Deserialize, Serialize};

use crate::{
    dataset::Dataset,
    ease::{self, NoInverse},
    factors::Factors,
    ials,
    limits::Limits,
    ridge::Unsolvable,
    weights::Weights,
};

/// Why nothing was learnt.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum Unlearnable {
    NoInverse(#[from] NoInverse),
    Unsolvable(#[from] Unsolvable),
}

/// Learns from data; what it makes ready of them is the same for all parameters.
pub trait Learner: Sized {
    /// What is chosen on the inner holdout.
    type Parameters: Copy + Into<Parameters> + 'static;
    /// What they are chosen from; of two that are as good the first is taken.
    const CANDIDATES: &'static [Self::Parameters];
    /// When there is nothing to choose by.
    const USUAL: Self::Parameters;

    /// Makes the data ready, as much of them as the limits allow.
    fn of(data: &Dataset, limits: &Limits) -> Self;

    /// The titles that are learnt, in the order of their ids.
    fn items(&self) -> &[TitleId];

    /// Learns: the same data and parameters give the same bits.
    ///
    /// # Errors
    /// When the numbers allow no model.
    fn fit(&self, parameters: Self::Parameters) -> Result<Learnt, Unlearnable>;
}

/// A history among the items of a model, by their places.
pub trait Scoring {
    /// How much each item fits the history.
    fn scores(&self) -> Vec<f32>;

    /// The part that each title of the history has in an item's score, negative ones too: their sum is the score.
    fn parts(&self, item: usize) -> Vec<(usize, f32)>;
}

/// Which one learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Ease,
    Ials,
}

/// What was chosen before a model was learnt. EASE's are what versions had before there was another one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameters {
    // First: it has all that EASE has.
    Ials(ials::Parameters),
    Ease(ease::Parameters),
}

/// What a model knows of its titles.
#[derive(Debug, Clone, PartialEq)]
pub enum Learnt {
    Ease(Weights),
    Ials(Factors),
}

impl Algorithm {
    /// The one for data with so many titles.
    pub fn for_titles(titles: usize, limits: &Limits) -> Self {
        if titles > limits.inverted_titles { Self::Ials } else { Self::Ease }
    }
}

impl From<ease::Parameters> for Parameters {
    fn from(parameters: ease::Parameters) -> Self {
        Self::Ease(parameters)
    }
}

impl From<ials::Parameters> for Parameters {
    fn from(parameters: ials::Parameters) -> Self {
        Self::Ials(parameters)
    }
}

impl Parameters {
    /// What an object begins with: code that knows only one of them does not misread the other.
    pub fn magic(&self) -> &'static [u8; 8] {
        match self {
            Self::Ease(_) => b"CINEASE1",
            Self::Ials(_) => b"CINEIALS",
        }
    }

    /// Reads what was learnt of so many items.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(&self, items: usize, bytes: &[u8]) -> Result<Learnt, &'static str> {
        match self {
            Self::Ease(_) => Weights::read(items, bytes).map(Learnt::Ease),
            Self::Ials(parameters) => Factors::read(*parameters, items, bytes).map(Learnt::Ials),
        }
    }
}

impl Learnt {
    /// The bytes, the same for the same: numbers are rounded to `f16`.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Ease(weights) => weights.write(bytes),
            Self::Ials(factors) => factors.write(bytes),
        }
    }

    /// Takes in a history: places of items, and weights.
    pub fn fold_in(&self, history: Vec<(usize, f32)>) -> Box<dyn Scoring + '_> {
        match self {
            Self::Ease(weights) => Box::new(weights.fold_in(history)),
            Self::Ials(factors) => Box::new(factors.fold_in(history)),
        }
    }

    /// The items that one speaks for, the strongest first.
    pub fn neighbours(&self, item: usize) -> Vec<(usize, f32)> {
        match self {
            Self::Ease(weights) => weights.neighbours(item),
            Self::Ials(factors) => factors.neighbours(item),
        }
    }
}

#[cfg(test)]
mod tests;
