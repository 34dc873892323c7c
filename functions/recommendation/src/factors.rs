//! Item factors as they are served: a history is folded in by solving its row of the factorisation, and each of its titles has a part of every score.

use algebra::{Ridge, Solution, Symmetric, product};
use half::f16;

use crate::{parameters::IalsParameters as Parameters, scoring::Scoring};

/// Neighbours beyond these are in no list.
const MOST_NEIGHBOURS: usize = 200;

/// A factor of each item.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    parameters: Parameters,
    /// One after the other.
    values: Vec<f32>,
    /// What all items say that were not watched.
    base: Symmetric,
}

/// A history among the items.
pub struct Folded<'a> {
    factors: &'a Factors,
    history: Vec<(usize, f32)>,
    /// None: nothing is known of the history, and nothing fits it.
    pub(crate) solution: Option<Solution>,
}

impl Factors {
    /// Takes factors that lie one after the other, each of as many numbers as the parameters say.
    pub fn new(parameters: Parameters, values: Vec<f32>) -> Self {
        let exact: Vec<f64> = values.iter().map(|value| f64::from(*value)).collect();
        let base = Symmetric::gram(&exact, parameters.dimensions(), parameters.unobserved_weight);
        Self { parameters, values, base }
    }

    fn count(&self) -> usize {
        self.values.len() / self.parameters.dimensions()
    }

    /// All numbers, little-endian.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()));
    }

    /// Reads what [`Self::write`] wrote of so many items.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(parameters: Parameters, items: usize, bytes: &[u8]) -> Result<Self, &'static str> {
        if !parameters.are_sound() {
            return Err("its parameters make no sense");
        }
        let (numbers, rest) = bytes.as_chunks();
        if !rest.is_empty() || Some(numbers.len()) != items.checked_mul(parameters.dimensions()) {
            return Err("cut off or too long");
        }
        let values: Vec<f32> = numbers.iter().map(|number| f16::from_le_bytes(*number).to_f32()).collect();
        if values.iter().all(|value| value.is_finite()) {
            Ok(Self::new(parameters, values))
        } else {
            Err("a factor is no number")
        }
    }

    fn of(&self, item: usize) -> Vec<f64> {
        let dimensions = self.parameters.dimensions();
        self.values[item * dimensions..(item + 1) * dimensions].iter().map(|value| f64::from(*value)).collect()
    }

    /// Solves the row of a history: once, however much is asked of it.
    pub fn fold_in(&self, history: Vec<(usize, f32)>) -> Folded<'_> {
        let mut ridge = Ridge::new(self.parameters.dimensions());
        let observed: f64 = history.iter().map(|(_, weight)| f64::from(*weight)).sum();
        ridge.begin(&self.base, self.parameters.regularisation(observed, self.count()));
        for (item, weight) in &history {
            ridge.observe((*weight).into(), &self.of(*item));
        }
        let solution = if history.is_empty() { None } else { ridge.solve().ok() };
        Folded { factors: self, history, solution }
    }

    /// What fits whoever watched only this item, best first.
    pub fn neighbours(&self, item: usize) -> Vec<(usize, f32)> {
        let scores = self.fold_in(vec![(item, 1.0)]).scores();
        let mut neighbours: Vec<(usize, f32)> = scores.into_iter().enumerate().collect();
        neighbours.retain(|(other, score)| *other != item && *score > 0.0);
        let better = |one: &(usize, f32), other: &(usize, f32)| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0));
        if neighbours.len() > MOST_NEIGHBOURS {
            neighbours.select_nth_unstable_by(MOST_NEIGHBOURS, better);
            neighbours.truncate(MOST_NEIGHBOURS);
        }
        neighbours.sort_unstable_by(better);
        neighbours
    }
}

impl Scoring for Folded<'_> {
    fn scores(&self) -> Vec<f32> {
        let Some(solution) = &self.solution else { return vec![0.0; self.factors.count()] };
        let factor: Vec<f32> = solution.factor().iter().map(|value| *value as f32).collect();
        self.factors.values.chunks_exact(factor.len()).map(|item| product(item, &factor)).collect()
    }

    /// With `A` the matrix of the row, the score is `hᵀA⁻¹ Σ weight·h'`: each `weight·hᵀA⁻¹h'` is a part (Hu, Koren, Volinsky, 2008, section 5).
    fn parts(&self, item: usize) -> Vec<(usize, f32)> {
        let Some(solution) = &self.solution else { return Vec::new() };
        let seen_from = solution.apply(&self.factors.of(item));
        let likeness = |other: usize| -> f64 {
            self.factors.of(other).iter().zip(&seen_from).map(|(one, other)| one * other).sum()
        };
        let parts = self.history.iter();
        parts.map(|(other, weight)| (*other, (f64::from(*weight) * likeness(*other)) as f32)).collect()
    }
}
