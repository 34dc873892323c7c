//! How well the searches of a day were answered.

use serde::Serialize;

/// Counts of a day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Relevance {
    pub searches: i64,
    /// Searches of which a result was opened.
    pub clicked: i64,
    /// Over those searches, the sum of 1 / place of the best result that was opened.
    pub reciprocal_ranks: f64,
    pub without_results: i64,
    pub missed: Vec<Missed>,
}

/// Words that found nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Missed {
    pub words: String,
    pub times: i64,
}

impl Relevance {
    /// The share of searches of which a result was opened.
    pub fn click_through_rate(&self) -> f64 {
        ratio(self.clicked as f64, self.searches)
    }

    /// The mean reciprocal rank of what was opened.
    pub fn mean_reciprocal_rank(&self) -> f64 {
        ratio(self.reciprocal_ranks, self.clicked)
    }
}

fn ratio(part: f64, whole: i64) -> f64 {
    if whole > 0 { part / whole as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_searches_has_no_rate() {
        let nothing = Relevance { searches: 0, clicked: 0, reciprocal_ranks: 0.0, without_results: 0, missed: vec![] };
        assert_eq!((nothing.click_through_rate(), nothing.mean_reciprocal_rank()), (0.0, 0.0));
        let some = Relevance { searches: 4, clicked: 2, reciprocal_ranks: 1.5, ..nothing };
        assert_eq!((some.click_through_rate(), some.mean_reciprocal_rank()), (0.5, 0.75));
    }
}
