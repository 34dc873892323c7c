//! A single title that somebody rents or buys: when it may be watched, as a pure function of when it was paid, begun and given back.
//!
//! ```text
//! pending ─paid→ active ─its time is over→ ended ─first second was played later than thought→ active
//!    └─nothing was taken→ not_paid   active, ended ─all of it was given back→ refunded
//! ```

use kernel::{AccountId, Money, PriceId, PurchaseId, PurchaseKind, Territory, TitleId};
use time::{Duration, OffsetDateTime};

use crate::word::words;

/// A rental must be begun within so long.
pub const TIME_TO_BEGIN: Duration = Duration::days(30);
/// So long it may be watched from its first second on.
pub const TIME_TO_WATCH: Duration = Duration::hours(48);
/// Whoever has not begun a rental is told this long before they cannot any more…
pub const NOTICE_TO_BEGIN: Duration = Duration::days(3);
/// …and whoever has, this long before it ends.
pub const NOTICE_TO_WATCH: Duration = Duration::hours(24);
/// More that run at once do not fit into an event of 256 KiB, at 200 bytes each.
pub const MOST_RUNNING: i64 = 1_000;

words! {
    /// How a purchase stands.
    #[schema(as = PurchaseStatus)]
    Status {
        /// Waits for its payment.
        Pending = "pending",
        /// Paid.
        Active = "active",
        /// Its time is over.
        Ended = "ended",
        /// All of it was given back, or is on its way back.
        Refunded = "refunded",
        /// Nothing was taken.
        NotPaid = "not_paid",
    }
}

/// A purchase as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Its id.
    pub id: PurchaseId,
    /// Absent once the person was erased.
    pub account: Option<AccountId>,
    /// What is sold.
    pub title: TitleId,
    /// How.
    pub kind: PurchaseKind,
    /// The price's version.
    pub price: PriceId,
    /// What it costs, with the tax in it.
    pub amount: Money,
    /// Where it was sold.
    pub territory: Territory,
    /// How it stands.
    pub status: Status,
    /// When it was paid.
    pub paid_at: Option<OffsetDateTime>,
    /// When the first second of a rental was played.
    pub begun_at: Option<OffsetDateTime>,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// Counts its changes.
    pub version: i64,
}

/// Times are kept and told in whole milliseconds: the same before and after Postgres has had them.
fn whole(moment: OffsetDateTime) -> OffsetDateTime {
    moment.replace_millisecond(moment.millisecond()).unwrap_or(moment)
}

impl Purchase {
    /// First moment without it; `None` for what was bought, and for what was not paid.
    pub fn valid_to(&self) -> Option<OffsetDateTime> {
        let paid_at = self.paid_at.filter(|_| self.kind == PurchaseKind::Rent)?;
        Some(self.begun_at.map_or(paid_at + TIME_TO_BEGIN, |begun_at| begun_at + TIME_TO_WATCH))
    }

    /// Until when a rental may be begun; `None` once it is, and for anything else.
    pub fn begin_by(&self) -> Option<OffsetDateTime> {
        self.valid_to().filter(|_| self.begun_at.is_none() && self.status == Status::Active)
    }

    /// The end of a rental that is so near that its person is told of it.
    pub fn ends_soon(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let notice = if self.begun_at.is_some() { NOTICE_TO_WATCH } else { NOTICE_TO_BEGIN };
        self.valid_to().filter(|valid_to| self.is_running(now) && *valid_to - now <= notice)
    }

    /// Whether its time is over.
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.valid_to().is_some_and(|valid_to| valid_to <= now)
    }

    /// Whether it brings something.
    pub fn is_running(&self, now: OffsetDateTime) -> bool {
        self.status == Status::Active && !self.is_over(now)
    }

    /// Whether another one of `kind` would bring nothing more.
    pub fn covers(&self, kind: PurchaseKind, now: OffsetDateTime) -> bool {
        self.is_running(now) && (self.kind == PurchaseKind::Buy || self.kind == kind)
    }

    /// It was paid. `false` when nothing waits for that any more.
    pub fn pay(&mut self, now: OffsetDateTime) -> bool {
        let waits = self.status == Status::Pending;
        if waits {
            (self.status, self.paid_at) = (Status::Active, Some(whole(now)));
        }
        waits
    }

    /// Nothing was taken.
    pub fn decline(&mut self) -> bool {
        let waits = self.status == Status::Pending;
        if waits {
            self.status = Status::NotPaid;
        }
        waits
    }

    /// The first second was played, as one of perhaps several sessions tells: the earliest counts, whatever the order. `false` when nothing
    /// changes by it.
    pub fn begin(&mut self, at: OffsetDateTime, now: OffsetDateTime) -> bool {
        let Some(paid_at) = self.paid_at.filter(|_| self.kind == PurchaseKind::Rent) else { return false };
        if !matches!(self.status, Status::Active | Status::Ended) {
            return false;
        }
        let at = whole(at).clamp(paid_at, paid_at + TIME_TO_BEGIN);
        if self.begun_at.is_some_and(|begun_at| begun_at <= at) {
            return false;
        }
        self.begun_at = Some(at);
        self.status = if self.is_over(now) { Status::Ended } else { Status::Active };
        true
    }

    /// Its time is over. `false` when it is not, or has no end.
    pub fn end(&mut self, now: OffsetDateTime) -> bool {
        let ends = self.status == Status::Active && self.is_over(now);
        if ends {
            self.status = Status::Ended;
        }
        ends
    }

    /// All of it was given back. `false` when it brought nothing before.
    pub fn give_back(&mut self) -> bool {
        let had = matches!(self.status, Status::Active | Status::Ended);
        if had {
            self.status = Status::Refunded;
        }
        had
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2027-01-31 10:00 UTC);

    fn purchase(kind: PurchaseKind) -> Purchase {
        Purchase {
            id: PurchaseId::derived("one"),
            account: None,
            title: TitleId::derived("film"),
            kind,
            price: PriceId::derived("price"),
            amount: Money::new(499, "EUR".parse().unwrap()),
            territory: "DE".parse().unwrap(),
            status: Status::Pending,
            paid_at: None,
            begun_at: None,
            created_at: NOW,
            version: 1,
        }
    }

    fn paid(kind: PurchaseKind) -> Purchase {
        let mut purchase = purchase(kind);
        assert!(purchase.pay(NOW));
        purchase
    }

    #[test]
    fn a_rental_has_thirty_days_to_begin_and_then_forty_eight_hours() {
        let mut rental = paid(PurchaseKind::Rent);
        assert_eq!(rental.valid_to(), Some(NOW + TIME_TO_BEGIN));
        assert!(!rental.is_over(NOW + TIME_TO_BEGIN - Duration::MILLISECOND) && rental.is_over(NOW + TIME_TO_BEGIN));
        let begun_at = NOW + Duration::days(29);
        assert!(rental.begin(begun_at, begun_at));
        assert_eq!((rental.valid_to(), rental.begin_by()), (Some(begun_at + TIME_TO_WATCH), None));
        assert!(!rental.end(begun_at) && rental.end(begun_at + TIME_TO_WATCH));
    }

    #[test]
    fn only_a_rental_that_waits_has_a_day_to_begin_by() {
        let mut rental = paid(PurchaseKind::Rent);
        assert_eq!((rental.begin_by(), paid(PurchaseKind::Buy).begin_by()), (Some(NOW + TIME_TO_BEGIN), None));
        assert!(rental.give_back());
        assert_eq!(rental.begin_by(), None);
    }

    #[test]
    fn the_earliest_first_second_counts_whatever_the_order() {
        let mut rental = paid(PurchaseKind::Rent);
        let [early, first, late] = [1, 2, 3].map(|day| NOW + Duration::days(day));
        assert!(rental.begin(first, late) && !rental.begin(first, late) && !rental.begin(late, late));
        assert_eq!(rental.begun_at, Some(first));
        assert!(rental.begin(early, late));
        assert_eq!(rental.begun_at, Some(early));
    }

    #[test]
    fn the_end_of_a_rental_is_told_in_time_and_of_nothing_else() {
        let mut rental = paid(PurchaseKind::Rent);
        let last = NOW + TIME_TO_BEGIN;
        let (early, soon) = (last - NOTICE_TO_BEGIN - Duration::MILLISECOND, last - NOTICE_TO_BEGIN);
        assert_eq!([early, soon, last].map(|now| rental.ends_soon(now)), [None, Some(last), None]);
        assert!(rental.begin(soon, soon));
        let last = soon + TIME_TO_WATCH;
        let (early, soon) = (last - NOTICE_TO_WATCH - Duration::MILLISECOND, last - NOTICE_TO_WATCH);
        assert_eq!([early, soon, last].map(|now| rental.ends_soon(now)), [None, Some(last), None]);
        assert!(rental.give_back());
        assert_eq!(rental.ends_soon(soon), None);
        assert_eq!(purchase(PurchaseKind::Rent).ends_soon(NOW), None);
        assert_eq!(paid(PurchaseKind::Buy).ends_soon(NOW), None);
    }

    #[test]
    fn what_was_bought_ends_only_by_being_given_back() {
        let mut bought = paid(PurchaseKind::Buy);
        assert!(!bought.begin(NOW, NOW) && !bought.end(NOW + Duration::days(36_500)));
        assert_eq!(bought.valid_to(), None);
        assert!(bought.give_back() && !bought.give_back());
        assert!(!bought.pay(NOW), "what was given back is not paid again");
    }

    #[test]
    fn nothing_is_watched_before_it_is_paid_or_when_nothing_was_taken() {
        let mut waiting = purchase(PurchaseKind::Rent);
        assert!(!waiting.is_running(NOW) && !waiting.begin(NOW, NOW) && !waiting.give_back());
        assert!(waiting.decline() && !waiting.decline());
        assert!(!waiting.pay(NOW), "money that comes now goes back");
    }

    #[test]
    fn a_rental_that_was_begun_in_time_lives_on_although_that_is_heard_late() {
        let mut rental = paid(PurchaseKind::Rent);
        let (begun_at, heard_at) = (NOW + Duration::days(30) - Duration::MINUTE, NOW + Duration::days(31));
        assert!(rental.end(heard_at) && rental.begin(begun_at, heard_at));
        assert!(rental.is_running(heard_at));
    }

    #[test]
    fn buying_is_more_than_renting() {
        let (rental, bought) = (paid(PurchaseKind::Rent), paid(PurchaseKind::Buy));
        let covers = |one: &Purchase| [PurchaseKind::Rent, PurchaseKind::Buy].map(|kind| one.covers(kind, NOW));
        assert_eq!((covers(&rental), covers(&bought)), ([true, false], [true, true]));
        assert!(!rental.covers(PurchaseKind::Rent, NOW + TIME_TO_BEGIN));
    }

    proptest! {
        /// The same first second counts in every order and however often it is told; no clock of a player's stretches the rental.
        #[test]
        fn order_and_copies_do_not_matter(minutes in prop::collection::vec(-5_000i64..50_000, 1..6), turn in 0usize..6) {
            let now = NOW + Duration::days(20);
            let tell = |moments: &[i64]| {
                let mut rental = paid(PurchaseKind::Rent);
                for minutes in moments {
                    rental.begin(NOW + Duration::minutes(*minutes), now);
                    rental.begin(NOW + Duration::minutes(*minutes), now);
                }
                rental
            };
            let mut turned = minutes.clone();
            turned.rotate_left(turn % minutes.len());
            let rental = tell(&minutes);
            prop_assert_eq!(&tell(&turned), &rental);
            prop_assert!(rental.valid_to().unwrap() <= NOW + TIME_TO_BEGIN + TIME_TO_WATCH);
            prop_assert!(rental.begun_at.unwrap() >= NOW);
        }
    }
}
