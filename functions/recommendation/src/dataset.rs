//! Who liked what and when: what a model is learnt from, and how it is split to judge one.

use std::collections::{BTreeMap, BTreeSet};

use kernel::TitleId;

/// Titles that fewer people liked say nothing by numbers; what they are like says more.
pub const LEAST_POSITIVES: usize = 5;
/// Of each person, the newest.
const MOST_OF_ONE: usize = 500;

/// Somebody liked something.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Positive {
    pub title: TitleId,
    pub weight: f32,
    /// Milliseconds since 1970.
    pub at: i64,
}

/// People without names, each with what they liked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Dataset {
    people: Vec<Vec<Positive>>,
}

/// What a model may know, and what it has to guess.
#[derive(Debug, Clone, Default)]
pub struct Split {
    pub known: Dataset,
    /// By the person's place in `known`.
    pub hidden: BTreeMap<usize, BTreeSet<TitleId>>,
}

impl Dataset {
    /// In an order of its own: whoever reads the same people in another order makes the same model.
    pub fn new(people: impl IntoIterator<Item = Vec<Positive>>) -> Self {
        let newest = |mut positives: Vec<Positive>| {
            positives.retain(|positive| positive.weight.is_finite() && positive.weight > 0.0);
            positives.sort_by(|one, other| {
                (other.at, one.title).cmp(&(one.at, other.title)).then(other.weight.total_cmp(&one.weight))
            });
            let mut known = BTreeSet::new();
            positives.retain(|positive| known.insert(positive.title));
            positives.truncate(MOST_OF_ONE);
            positives
        };
        let mut people: Vec<_> = people.into_iter().map(newest).filter(|positives| !positives.is_empty()).collect();
        let key = |positives: &[Positive]| -> Vec<_> {
            positives.iter().map(|positive| (positive.at, positive.title, positive.weight.to_bits())).collect()
        };
        people.sort_by_cached_key(|positives| key(positives));
        Self { people }
    }

    /// Each person's positives, newest first.
    pub fn people(&self) -> &[Vec<Positive>] {
        &self.people
    }

    /// How many positives there are.
    pub fn len(&self) -> usize {
        self.people.iter().map(Vec::len).sum()
    }

    /// Whether nobody liked anything.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// When the last thing happened.
    pub fn newest_at(&self) -> i64 {
        self.people.iter().flatten().map(|positive| positive.at).max().unwrap_or_default()
    }

    /// Those who liked something last, as many as there may be of them and of what they liked.
    pub fn latest(&self, most_people: usize, most_positives: usize) -> &[Vec<Positive>] {
        let mut left = most_positives;
        let is_within = |positives: &&Vec<Positive>| {
            let rest = left.checked_sub(positives.len());
            left = rest.unwrap_or_default();
            rest.is_some()
        };
        let count = self.people.iter().rev().take(most_people).take_while(is_within).count();
        &self.people[self.people.len() - count..]
    }

    /// How many titles enough people liked.
    pub fn count_titles(&self) -> usize {
        Self::items_of(&self.people, usize::MAX).len()
    }

    /// The titles that a model is learnt for, in the order of their ids: those that most of these people liked.
    pub fn items_of(people: &[Vec<Positive>], most: usize) -> Vec<TitleId> {
        let mut counts: BTreeMap<TitleId, usize> = BTreeMap::new();
        for positive in people.iter().flatten() {
            *counts.entry(positive.title).or_default() += 1;
        }
        let mut items: Vec<(usize, TitleId)> =
            counts.into_iter().filter(|(_, count)| *count >= LEAST_POSITIVES).map(|(id, count)| (count, id)).collect();
        items.sort_by_key(|(count, id)| (std::cmp::Reverse(*count), *id));
        let mut items: Vec<TitleId> = items.into_iter().take(most).map(|(_, id)| id).collect();
        items.sort_unstable();
        items
    }

    /// What happened before the last fifth of everything, and what came then to people of whom something was known.
    pub fn split_by_time(&self) -> Split {
        let mut times: Vec<i64> = self.people.iter().flatten().map(|positive| positive.at).collect();
        times.sort_unstable();
        let Some(border) = times.get(times.len() * 4 / 5).copied() else { return Split::default() };
        let (mut people, mut hidden) = (Vec::new(), BTreeMap::new());
        for positives in &self.people {
            let (known, later): (Vec<_>, Vec<_>) =
                positives.iter().copied().partition(|positive: &Positive| positive.at < border);
            if known.is_empty() {
                continue;
            }
            if !later.is_empty() {
                hidden.insert(people.len(), later.into_iter().map(|positive| positive.title).collect());
            }
            people.push(known);
        }
        // Already in order: each is a part of somebody's, and whose is whose must not get lost.
        Split { known: Self { people }, hidden }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use uuid::Uuid;

    use super::*;

    fn positive(title: u128, at: i64) -> Positive {
        Positive { title: TitleId::from_uuid(Uuid::from_u128(title)), weight: 1.0, at }
    }

    #[test]
    fn order_and_repetition_of_what_is_read_do_not_matter() {
        let (one, other) = (vec![positive(1, 10), positive(2, 20)], vec![positive(3, 5)]);
        let expected = Dataset::new([one.clone(), other.clone()]);
        let doubled = vec![one[1], one[0], one[1]];
        assert_eq!(Dataset::new([other, doubled, vec![]]), expected);
        assert_eq!((expected.len(), expected.newest_at()), (3, 20));
    }

    #[test]
    fn weights_that_are_no_numbers_are_left_out() {
        for weight in [f32::NAN, f32::INFINITY, 0.0, -1.0] {
            assert!(Dataset::new([vec![Positive { weight, ..positive(1, 1) }]]).is_empty(), "{weight}");
        }
    }

    #[test]
    fn one_person_with_fifty_thousand_has_the_newest() {
        let data = Dataset::new([(0..50_000).map(|n| positive(n, n as i64)).collect()]);
        assert_eq!((data.len(), data.newest_at()), (500, 49_999));
    }

    #[test]
    fn the_latest_people_are_taken_and_nobody_in_part() {
        let people = (0..6).map(|person| (0..3).map(|n| positive(n, (person * 10 + n) as i64)).collect());
        let data = Dataset::new(people);
        for (most_people, most_positives, expected) in
            [(9, 99, 6), (2, 99, 2), (9, 9, 3), (9, 8, 2), (9, 2, 0), (0, 9, 0)]
        {
            let latest = data.latest(most_people, most_positives);
            assert_eq!(latest, &data.people()[6 - expected..], "{most_people} {most_positives}");
        }
    }

    #[test]
    fn titles_that_few_liked_are_left_out_and_so_are_the_least_liked_above_the_limit() {
        let people = (0..7_u128)
            .map(|person| (1..=3).filter(|title| person < 3 + title).map(|title| positive(title, 1)).collect());
        let data = Dataset::new(people);
        let title = |n: u128| TitleId::from_uuid(Uuid::from_u128(n));
        assert_eq!((data.count_titles(), Dataset::items_of(data.people(), 9)), (2, vec![title(2), title(3)]));
        assert_eq!(Dataset::items_of(data.people(), 1), [title(3)]);
    }

    #[test]
    fn the_last_fifth_is_hidden_from_people_who_were_there_before() {
        let regular = (0..8).map(|n| positive(n, n as i64)).collect();
        let split = Dataset::new([regular, vec![positive(9, 8), positive(10, 9)]]).split_by_time();
        assert_eq!((split.known.people().len(), split.known.len()), (1, 8));
        assert!(split.hidden.is_empty(), "who came later cannot be judged by");
        let regular = (0..10).map(|n| positive(n, n as i64)).collect();
        let split = Dataset::new([regular]).split_by_time();
        assert_eq!((split.known.len(), split.hidden[&0].len()), (8, 2));
        assert!(Dataset::default().split_by_time().hidden.is_empty());
    }
}
