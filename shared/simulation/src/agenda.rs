//! What is still to happen, by its time; what has the same time comes in a random order.

use std::{cmp::Reverse, collections::BinaryHeap};

use time::OffsetDateTime;

use crate::Chance;

/// Happenings to come.
#[derive(Debug)]
pub struct Agenda<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    count: u64,
}

#[derive(Debug)]
struct Entry<T> {
    at: OffsetDateTime,
    /// Decides among those of one moment.
    lot: u64,
    number: u64,
    what: T,
}

impl<T> Entry<T> {
    fn place(&self) -> (OffsetDateTime, u64, u64) {
        (self.at, self.lot, self.number)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.place().cmp(&other.place())
    }
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { heap: BinaryHeap::new(), count: 0 }
    }
}

impl<T> Agenda<T> {
    /// Something happens at a time.
    pub fn add(&mut self, at: OffsetDateTime, what: T, chance: &mut Chance) {
        self.count += 1;
        self.heap.push(Reverse(Entry { at, lot: chance.below(u64::MAX), number: self.count, what }));
    }

    /// The next happening, which is taken off.
    pub fn pop(&mut self) -> Option<(OffsetDateTime, T)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }

    /// When it is.
    pub fn next_at(&self) -> Option<OffsetDateTime> {
        self.heap.peek().map(|Reverse(entry)| entry.at)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn happenings_come_by_time_and_in_one_order_for_one_seed() {
        let (early, late) = (datetime!(2027-01-01 00:00 UTC), datetime!(2027-01-02 00:00 UTC));
        let order = |seed| {
            let (mut agenda, mut chance) = (Agenda::default(), Chance::new(seed));
            agenda.add(late, 0, &mut chance);
            for number in 1..20 {
                agenda.add(early, number, &mut chance);
            }
            assert_eq!(agenda.next_at(), Some(early));
            std::iter::from_fn(|| agenda.pop()).map(|(_, number)| number).collect::<Vec<_>>()
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).last(), Some(&0));
    }
}
