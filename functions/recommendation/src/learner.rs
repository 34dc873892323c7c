//! What learns a model from data, whichever it is.

use algebra::Unsolvable;
use kernel::TitleId;

use crate::{dataset::Dataset, learnt::Learnt, limits::Limits, parameters::Parameters};

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
#[error("the matrix of {items} titles has no inverse with λ = {lambda}")]
pub struct NoInverse {
    pub items: usize,
    pub lambda: f64,
}

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
