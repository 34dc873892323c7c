//! EASE, the closed form (Steck, "Embarrassingly Shallow Autoencoders for Sparse Data", 2019): with `P = (XᵀX + λI)⁻¹` the weights from one title
//! to another are `B[i][j] = -P[i][j] / P[j][j]`, and none from a title to itself.

use std::collections::HashMap;

use algebra::Symmetric;
use kernel::TitleId;

use crate::{
    dataset::Dataset,
    learner::{Learner, NoInverse, Unlearnable},
    learnt::Learnt,
    limits::Limits,
    weights::{Row, Weights},
};

pub use crate::parameters::EaseParameters as Parameters;

/// The weights that are kept of each title, by their size: fewer cost quality (50: −3 %), and so do positive ones alone (−4 %).
pub const KEPT_WEIGHTS: usize = 200;

/// How often titles were liked together: the same for every λ.
pub struct Gram {
    /// In the order of their ids.
    items: Vec<TitleId>,
    sums: Symmetric,
}

impl Learner for Gram {
    type Parameters = Parameters;
    const CANDIDATES: &'static [Parameters] = &[
        Parameters { lambda: 100.0 },
        Parameters { lambda: 200.0 },
        Parameters { lambda: 400.0 },
        Parameters { lambda: 800.0 },
    ];
    const USUAL: Parameters = Parameters { lambda: 200.0 };

    /// Counts. The sums run in the order of the data, so the same data give the same bits.
    fn of(data: &Dataset, limits: &Limits) -> Self {
        let items = Dataset::items_of(data.people(), limits.inverted_titles);
        let places: HashMap<TitleId, usize> = items.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let mut sums = Symmetric::zeros(items.len());
        for positives in data.people() {
            let known: Vec<(usize, f64)> = positives
                .iter()
                .filter_map(|positive| Some((*places.get(&positive.title)?, f64::from(positive.weight))))
                .collect();
            sums.add(&known);
        }
        Self { items, sums }
    }

    fn items(&self) -> &[TitleId] {
        &self.items
    }

    fn fit(&self, Parameters { lambda }: Parameters) -> Result<Learnt, Unlearnable> {
        Ok(Learnt::Ease(Weights::new(self.solve(lambda)?)))
    }
}

impl Gram {
    /// The largest weights of each title.
    ///
    /// # Errors
    /// When the numbers are such that nothing can be solved.
    pub fn solve(&self, lambda: f64) -> Result<Vec<Row>, NoInverse> {
        let count = self.items.len();
        let failed = || NoInverse { items: count, lambda };
        if count == 0 {
            return Ok(Vec::new());
        }
        let inverse = self.sums.inverse(lambda).map_err(|_| failed())?;
        let diagonal = inverse.diagonal();
        (0..count).map(|from| largest(from, inverse.row(from), &diagonal).ok_or_else(failed)).collect()
    }
}

fn largest(from: usize, row: &[f64], diagonal: &[f64]) -> Option<Row> {
    let mut weights = Vec::with_capacity(row.len());
    for (to, (value, own)) in row.iter().zip(diagonal).enumerate() {
        let weight = (-value / own) as f32;
        if !weight.is_finite() {
            return None;
        }
        if to != from && weight != 0.0 {
            weights.push((u16::try_from(to).ok()?, weight));
        }
    }
    let by_size =
        |one: &(u16, f32), other: &(u16, f32)| other.1.abs().total_cmp(&one.1.abs()).then(one.0.cmp(&other.0));
    if weights.len() > KEPT_WEIGHTS {
        weights.select_nth_unstable_by(KEPT_WEIGHTS, by_size);
        weights.truncate(KEPT_WEIGHTS);
    }
    weights.sort_unstable_by_key(|(to, _)| *to);
    Some(weights)
}
