//! Which of the best titles make a row: not all of one genre, and not only what everybody watches.

use std::collections::HashMap;

/// A row holds no more.
pub const ROW: usize = 20;
/// A row is not worth showing with fewer.
pub const LEAST: usize = 3;
/// Shorter rows than this cannot be mixed.
const LEAST_MIXED: usize = 5;

/// How much of a row may be alike, as shares of its length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Of titles with a genre in common.
    pub of_one_genre: f64,
    /// Of what everybody watches.
    pub heads: f64,
}

/// A title that a row could show.
pub struct Candidate<'a> {
    /// Slugs.
    pub genres: &'a [String],
    /// Whether everybody watches it.
    pub is_head: bool,
}

/// Places of the options that make the row, in their order.
///
/// The row is as long as it can be within the limits. Where the options allow no such row, as in a catalogue of one genre, it is the first of them.
pub fn mixed(options: &[Candidate<'_>], limits: Limits) -> Vec<usize> {
    let longest = options.len().min(ROW);
    let lengths = (LEAST_MIXED..=longest).rev();
    let mixed = lengths.map(|length| greedy(options, length, limits)).find(|(length, row)| row.len() == *length);
    mixed.map_or_else(|| (0..longest).collect(), |(_, row)| row)
}

fn greedy(options: &[Candidate<'_>], length: usize, limits: Limits) -> (usize, Vec<usize>) {
    let of_one_genre = (length as f64 * limits.of_one_genre) as usize;
    let most_heads = (length as f64 * limits.heads).ceil() as usize;
    let (mut row, mut counts, mut taken_heads) = (Vec::with_capacity(length), HashMap::new(), 0);
    for (place, option) in options.iter().enumerate() {
        if row.len() == length {
            break;
        }
        let is_full = |genre: &String| counts.get(genre).is_some_and(|count| *count >= of_one_genre);
        if option.genres.iter().any(is_full) || option.is_head && taken_heads >= most_heads {
            continue;
        }
        for genre in option.genres {
            *counts.entry(genre).or_insert(0) += 1;
        }
        taken_heads += usize::from(option.is_head);
        row.push(place);
    }
    (length, row)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn row(genres: &[Vec<String>], heads: f64, head: usize) -> Vec<usize> {
        within(genres, Limits { of_one_genre: 0.4, heads }, head)
    }

    fn within(genres: &[Vec<String>], limits: Limits, head: usize) -> Vec<usize> {
        let options: Vec<_> =
            genres.iter().enumerate().map(|(at, genres)| Candidate { genres, is_head: at < head }).collect();
        mixed(&options, limits)
    }

    fn of(words: &[&str]) -> Vec<Vec<String>> {
        words.iter().map(|word| word.split_whitespace().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn a_catalogue_of_one_genre_has_a_row_all_the_same() {
        assert_eq!(row(&of(&["drama"; 30]), 1.0, 0).len(), ROW);
        assert_eq!(row(&of(&["drama"; 2]), 1.0, 0), [0, 1]);
        assert!(row(&[], 1.0, 0).is_empty());
    }

    #[test]
    fn what_everybody_watches_is_held_back() {
        let plain = vec![vec![]; 40];
        assert_eq!(row(&plain, 1.0, 20), (0..20).collect::<Vec<_>>());
        assert_eq!(row(&plain, 0.25, 20).iter().filter(|place| **place < 20).count(), 5);
    }

    proptest! {
        #[test]
        fn no_mixed_row_is_for_the_most_part_of_one_genre(
            genres in vec(vec(proptest::sample::select(vec!["a", "b", "c", "d", "e", "f"]), 0..3), 0..60),
            percent in 20u8..=100,
        ) {
            let genres: Vec<Vec<String>> = genres.iter().map(|all| {
                let mut all: Vec<String> = all.iter().map(|word| (*word).to_owned()).collect();
                all.sort();
                all.dedup();
                all
            }).collect();
            let of_one_genre = f64::from(percent) / 100.0;
            let row = within(&genres, Limits { of_one_genre, heads: 1.0 }, 0);
            prop_assert!(row.is_sorted_by(|one, other| one < other));
            prop_assert!(row.len() <= ROW && (row.is_empty() == genres.is_empty()));
            let most = ["a", "b", "c", "d", "e", "f"].iter()
                .map(|genre| row.iter().filter(|place| genres[**place].iter().any(|own| own == genre)).count()).max();
            let is_first = row.iter().copied().eq(0..row.len());
            let is_mixed = most.unwrap_or_default() as f64 <= row.len() as f64 * of_one_genre;
            prop_assert!(is_mixed || is_first, "{row:?} {genres:?}");
        }
    }
}
