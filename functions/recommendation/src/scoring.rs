//! What a model says of a history.

/// A history among the items of a model, by their places.
pub trait Scoring {
    /// How much each item fits the history.
    fn scores(&self) -> Vec<f32>;

    /// The part that each title of the history has in an item's score, negative ones too: their sum is the score.
    fn parts(&self, item: usize) -> Vec<(usize, f32)>;
}
