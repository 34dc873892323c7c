//! Which of the two learns: EASE, which inverts a matrix of all titles, and above the titles for which that fits into memory iALS.

use crate::limits::Limits;

/// Which one learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Ease,
    Ials,
}

impl Algorithm {
    /// The one for data with so many titles.
    pub fn for_titles(titles: usize, limits: &Limits) -> Self {
        if titles > limits.inverted_titles { Self::Ials } else { Self::Ease }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn above_the_limit_another_one_learns() {
        let limits = Limits { inverted_titles: 3, ..Limits::default() };
        for (titles, expected) in [(0, Algorithm::Ease), (3, Algorithm::Ease), (4, Algorithm::Ials)] {
            assert_eq!(Algorithm::for_titles(titles, &limits), expected, "{titles}");
        }
    }
}
