//! What the made-up viewers choose from: few titles are watched by many (Zipf), and who likes a genre watches mostly that.

use std::collections::BTreeMap;

use kernel::{TitleId, sha256};
use simulation::Chance;

/// Of the most popular title; the next has half of it, the third a third.
const FIRST_WEIGHT: u64 = 1_000_000_000;
/// A genre of fewer titles is nobody's taste: it is soon seen.
const LEAST_OF_A_TASTE: usize = 5;
/// Of a hundred choices so many are of the favourite genre,
const OF_FAVOURITE: u64 = 65;
/// and so many of the other one.
const OF_OTHER: u64 = 20;

/// What is played from one end to the other: a film, an episode, or a stretch of a series that has no episodes. In seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    pub title: TitleId,
    pub begins: u32,
    pub ends: u32,
    /// Of the whole title.
    pub running_time: u32,
}

/// A film or series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Work {
    pub id: TitleId,
    /// Slugs.
    pub genres: Vec<String>,
    /// In the order in which they are watched.
    pub parts: Vec<Part>,
}

/// Which genres somebody watches, by their places in the catalogue: neighbours in a circle, so that tastes overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taste {
    pub favourite: usize,
    pub other: usize,
}

/// How much somebody likes what they have chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Liking {
    /// Of the favourite genre.
    Much,
    /// Of the other genre.
    Some,
    /// Chosen because others watch it.
    Little,
}

/// Films and series, the most popular first.
#[derive(Debug)]
pub(super) struct Catalogue {
    works: Vec<Work>,
    all: Pool,
    /// One for each genre that is somebody's taste.
    genres: Vec<Pool>,
}

/// Places of works, the most popular first.
#[derive(Debug, Default)]
struct Pool {
    works: Vec<usize>,
    /// The weights up to each work and with it.
    totals: Vec<u64>,
}

impl Pool {
    fn of(works: Vec<usize>) -> Self {
        let mut total = 0;
        let mut totals = Vec::with_capacity(works.len());
        for rank in 1..=works.len() as u64 {
            total += FIRST_WEIGHT / rank;
            totals.push(total);
        }
        Self { works, totals }
    }

    fn pick(&self, chance: &mut Chance) -> Option<usize> {
        let drawn = chance.below(*self.totals.last()?);
        let place = self.totals.partition_point(|total| *total <= drawn);
        self.works.get(place).copied()
    }
}

impl Catalogue {
    /// Of works in any order. How popular each is follows from the seed and its id.
    pub fn new(mut works: Vec<Work>, seed: u64) -> Self {
        works.retain(|work| !work.parts.is_empty());
        works.sort_by_cached_key(|work| sha256(format!("popularity {seed} {}", work.id)));
        let mut by_genre: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (place, work) in works.iter().enumerate() {
            for genre in &work.genres {
                by_genre.entry(genre).or_default().push(place);
            }
        }
        let genres = by_genre.into_values().filter(|places| places.len() >= LEAST_OF_A_TASTE).map(Pool::of).collect();
        let all = Pool::of((0..works.len()).collect());
        Self { works, all, genres }
    }

    pub fn len(&self) -> usize {
        self.works.len()
    }

    pub fn is_empty(&self) -> bool {
        self.works.is_empty()
    }

    /// A part of a work, by the places of both.
    pub fn part(&self, work: usize, part: usize) -> Option<&Part> {
        self.works.get(work)?.parts.get(part)
    }

    /// Somebody's taste.
    pub fn taste(&self, chance: &mut Chance) -> Taste {
        let count = self.genres.len().max(1);
        let favourite = usize::try_from(chance.below(count as u64)).unwrap_or_default();
        Taste { favourite, other: (favourite + 1) % count }
    }

    /// The place of a work, and how much whoever chose it likes it; `None` of an empty catalogue.
    pub fn choose(&self, taste: Taste, chance: &mut Chance) -> Option<(usize, Liking)> {
        let drawn = chance.below(100);
        let (genre, liking) = if drawn < OF_FAVOURITE {
            (self.genres.get(taste.favourite), Liking::Much)
        } else if drawn < OF_FAVOURITE + OF_OTHER {
            (self.genres.get(taste.other), Liking::Some)
        } else {
            (None, Liking::Little)
        };
        Some((genre.unwrap_or(&self.all).pick(chance)?, liking))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use kernel::Id;

    use super::*;

    pub(crate) const GENRES: [&str; 4] = ["crime", "drama", "fantasy", "romance"];
    const FILM: u32 = 6_000;
    const EPISODE: u32 = 2_400;

    /// Films and, one in four, series of five episodes; the genres take turns.
    pub(crate) fn works(count: usize) -> Vec<Work> {
        let title = |name: String| TitleId::derived(&name);
        let whole = |title, length| Part { title, begins: 0, ends: length, running_time: length };
        let parts = |number: usize| match number % 16 {
            0..4 => (1..=5).map(|episode| whole(title(format!("{number} {episode}")), EPISODE)).collect(),
            _ => vec![whole(title(number.to_string()), FILM)],
        };
        let work = |number: usize| Work {
            id: title(number.to_string()),
            genres: vec![GENRES[number % GENRES.len()].to_owned()],
            parts: parts(number),
        };
        (0..count).map(work).collect()
    }

    #[test]
    fn the_order_of_the_list_does_not_matter_and_the_seed_does() {
        let ids = |works: Vec<Work>, seed| -> Vec<TitleId> {
            Catalogue::new(works, seed).works.iter().map(|work| work.id).collect()
        };
        let backwards: Vec<Work> = works(50).into_iter().rev().collect();
        assert_eq!(ids(works(50), 1), ids(backwards, 1));
        assert_ne!(ids(works(50), 1), ids(works(50), 2));
    }

    #[test]
    fn popularity_falls_with_the_rank() {
        let (catalogue, mut chance) = (Catalogue::new(works(100), 1), Chance::new(1));
        let mut counts = vec![0_u32; 100];
        (0..100_000).for_each(|_| counts[catalogue.all.pick(&mut chance).unwrap()] += 1);
        // 1 + 1/2 + … + 1/100 is 5.19: the first has 19.3 %, the second half of it, the tenth a tenth.
        assert!(counts[0].abs_diff(19_277) < 1_000, "{}", counts[0]);
        assert!(counts[1].abs_diff(9_639) < 700 && counts[9].abs_diff(1_928) < 300, "{counts:?}");
        assert!(counts.iter().all(|count| *count > 0), "nothing is never watched");
    }

    #[test]
    fn who_likes_a_genre_watches_mostly_that() {
        let (catalogue, mut chance) = (Catalogue::new(works(400), 1), Chance::new(1));
        let taste = Taste { favourite: 1, other: 2 };
        let mut counts = [0_u32; GENRES.len()];
        for _ in 0..10_000 {
            let (work, _) = catalogue.choose(taste, &mut chance).unwrap();
            let genre = &catalogue.works[work].genres[0];
            counts[GENRES.iter().position(|known| known == genre).unwrap()] += 1;
        }
        // Genres lie in the order of their names.
        assert!(counts[1] > 6_000 && (1_800..4_000).contains(&counts[2]), "{counts:?}");
        assert!(counts[0] < 1_500 && counts[3] < 1_500, "{counts:?}");
    }

    #[test]
    fn a_small_catalogue_has_no_tastes_and_an_empty_one_no_choice() {
        let mut chance = Chance::new(1);
        let small = Catalogue::new(works(3), 1);
        let taste = small.taste(&mut chance);
        assert!((0..100).all(|_| small.choose(taste, &mut chance).is_some()));
        let empty = Catalogue::new(vec![Work { parts: Vec::new(), ..works(1).remove(0) }], 1);
        assert!(empty.is_empty() && empty.choose(taste, &mut chance).is_none());
    }
}
