//! What a model knows of its titles. Nothing outside of this file asks which one it was.

use crate::{factors::Factors, parameters::Parameters, scoring::Scoring, weights::Weights};

/// What a model knows of its titles.
#[derive(Debug, Clone, PartialEq)]
pub enum Learnt {
    Ease(Weights),
    Ials(Factors),
}

impl Learnt {
    /// Reads what was learnt of so many items with these parameters.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(parameters: &Parameters, items: usize, bytes: &[u8]) -> Result<Self, &'static str> {
        match parameters {
            Parameters::Ease(_) => Weights::read(items, bytes).map(Self::Ease),
            Parameters::Ials(parameters) => Factors::read(*parameters, items, bytes).map(Self::Ials),
        }
    }

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
