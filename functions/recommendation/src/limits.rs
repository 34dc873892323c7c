//! How much a model is learnt from: what the function that trains can do in its memory and time. docs/architecture/0077-ials.md has the sums.

/// Of everything, the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Titles up to which a matrix of all of them is inverted: three of 512 MB.
    pub inverted_titles: usize,
    /// Titles that are factorised; the least watched are left to what they are like. A place in a page's inputs is a `u16`.
    pub factorised_titles: usize,
    /// People that a factorisation learns from: those who liked something last. The others are served all the same.
    pub people: usize,
    /// What these people liked, in all.
    pub positives: usize,
    /// The same while parameters are chosen.
    pub positives_to_choose_by: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inverted_titles: 8_000,
            factorised_titles: 50_000,
            people: 200_000,
            positives: 5_000_000,
            positives_to_choose_by: 1_000_000,
        }
    }
}

impl Limits {
    /// What parameters are chosen by.
    #[must_use]
    pub fn to_choose(self) -> Self {
        Self { positives: self.positives.min(self.positives_to_choose_by), ..self }
    }
}
