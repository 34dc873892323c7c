//! A subscription as a state machine: pure functions of its document, a command and the moment.
//!
//! ```text
//! pending ─paid→ active ⇄ past_due ─fourth decline→ suspended ─30 days→ ended
//! trialing ─paid→ active ─period over, cancelled→ ended
//!                 active ─period over, pausing→ paused ─paid→ active
//! ```
//! Period 0 is the trial, or the wait for the first payment; each paid period has the number after the one before, so that it is invoiced once.

use events::contracts::SubscriptionStatus;
use kernel::{Money, MoneyError, policy::Entitlement};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa::ToSchema;

use crate::terms::{Discount, Terms};

/// Days after the first decline on which the same invoice is tried again.
pub const LADDER: [i64; 3] = [3, 5, 7];
/// Watching goes on for this long after a paid period: a day more than the ladder, so that its last try ends within.
pub const GRACE: Duration = Duration::days(8);
/// After a trial only for as long as renewing may take: nothing was paid yet.
pub const TRIAL_GRACE: Duration = Duration::days(1);
/// A suspended subscription can be paid for this long; then it ends.
pub const SUSPENDED: Duration = Duration::days(30);
/// A trial's end is announced this long ahead.
pub const TRIAL_NOTICE: Duration = Duration::days(3);

/// How a subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SubscriptionStatus)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its first payment.
    Pending,
    /// Not paid for yet.
    Trialing,
    /// Paid for.
    Active,
    /// A payment was declined; it is tried again.
    PastDue,
    /// All tries were declined: nothing can be watched, but it can still be paid.
    Suspended,
    /// Brings nothing for some months, by the person's wish.
    Paused,
    /// Over.
    Ended,
}

impl Status {
    /// The word used in JSON and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Trialing => "trialing",
            Self::Active => "active",
            Self::PastDue => "past_due",
            Self::Suspended => "suspended",
            Self::Paused => "paused",
            Self::Ended => "ended",
        }
    }
}

/// What happens at the end of the running period instead of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leaving {
    /// It ends.
    Cancel,
    /// It brings nothing and costs nothing for so many months, then it is renewed.
    Pause(u8),
}

/// Declines of one invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dunning {
    /// The first decline.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// How many there were.
    pub declines: u8,
}

/// The document of a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// How it stands.
    pub status: Status,
    /// What the running period brings.
    pub terms: Terms,
    /// What the next one brings, if that is something else.
    pub next_terms: Option<Terms>,
    /// The number of the running period.
    pub period: u32,
    /// Its first moment.
    #[serde(with = "time::serde::rfc3339")]
    pub from: OffsetDateTime,
    /// The first moment after it.
    #[serde(with = "time::serde::rfc3339")]
    pub to: OffsetDateTime,
    /// Periods end on anniversaries of this moment…
    #[serde(with = "time::serde::rfc3339")]
    pub anchor: OffsetDateTime,
    /// …the running one on the anniversary of this number.
    pub cycle: u32,
    /// What a promo took off the running period.
    pub percent_off: u8,
    /// What a promo takes off those to come.
    pub discount: Option<Discount>,
    /// The person's wish for the period's end.
    pub leaving: Option<Leaving>,
    /// While its payment is late.
    pub dunning: Option<Dunning>,
    /// The end of a pause.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub paused_until: Option<OffsetDateTime>,
    /// Whether the trial's end was announced.
    pub is_announced: bool,
}

/// What must happen to a subscription at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing yet.
    Nothing,
    /// The next period must be paid.
    Bill,
    /// See [`Subscription::end`].
    End,
    /// See [`Subscription::pause`].
    Pause,
}

/// The next period as it is invoiced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// Its number.
    pub period: u32,
    /// What it brings.
    pub terms: Terms,
    /// What it costs; may be nothing.
    pub amount: Money,
    /// What a promo takes off.
    pub percent_off: u8,
}

/// A payment that the subscription has no use for any more: the money goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subscription has no use for the payment any more")]
pub struct Surplus;

/// When a change of plan takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once; the rest of the running period is paid for.
    Now,
    /// With the next period.
    PeriodEnd,
}

/// Why a command does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// It is over.
    #[error("it has ended")]
    Ended,
    /// It is not in a state in which this can be done.
    #[error("it is neither running nor on trial")]
    NotRunning,
    /// It has these terms already.
    #[error("it has this price already")]
    Same,
    /// Another currency, a shorter or longer period, or nothing to pay: only with the next period.
    #[error("only the next period can begin with this price")]
    OnlyAtPeriodEnd,
    /// Another currency.
    #[error("a subscription keeps its currency")]
    OtherCurrency,
    /// The amount cannot be reckoned.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Subscription {
    /// A new one: on trial for so many days, or waiting for its first payment.
    pub fn begin(terms: Terms, trial_days: u16, discount: Option<Discount>, now: OffsetDateTime) -> Self {
        let to = now + Duration::days(i64::from(trial_days));
        Self {
            status: if trial_days > 0 { Status::Trialing } else { Status::Pending },
            terms,
            next_terms: None,
            period: 0,
            from: now,
            to,
            anchor: to,
            cycle: 0,
            percent_off: 0,
            discount,
            leaving: None,
            dunning: None,
            paused_until: None,
            is_announced: false,
        }
    }

    /// What must happen now.
    pub fn due(&self, now: OffsetDateTime) -> Due {
        if self.due_at().is_none_or(|at| now < at) {
            return Due::Nothing;
        }
        match (self.status, self.leaving) {
            (Status::Suspended, _) | (Status::Trialing | Status::Active, Some(Leaving::Cancel)) => Due::End,
            (Status::Active, Some(Leaving::Pause(_))) => Due::Pause,
            _ => Due::Bill,
        }
    }

    /// When it must be looked at next; `None` for one that waits for its first payment, or is over.
    pub fn due_at(&self) -> Option<OffsetDateTime> {
        match self.status {
            Status::Pending | Status::Ended => None,
            Status::Trialing | Status::Active => Some(self.to),
            Status::Paused => self.paused_until,
            Status::PastDue => self.dunning.map(|dunning| dunning.next()),
            Status::Suspended => self.dunning.map(|dunning| dunning.last() + SUSPENDED),
        }
    }

    /// Whether the next period is charged by itself.
    pub fn is_renewed(&self) -> bool {
        let runs = matches!(self.status, Status::Trialing | Status::Active | Status::PastDue | Status::Paused);
        runs && self.leaving != Some(Leaving::Cancel)
    }

    /// What the next period costs.
    ///
    /// # Errors
    /// When the amount cannot be reckoned.
    pub fn bill(&self) -> Result<Bill, MoneyError> {
        let terms = self.next_terms.as_ref().unwrap_or(&self.terms).clone();
        let percent_off = self.discount.filter(|discount| discount.periods_left > 0).map_or(0, |it| it.percent_off);
        let amount = terms.amount_less(percent_off)?;
        Ok(Bill { period: self.period + 1, terms, amount, percent_off })
    }

    /// The period was paid. What it covers is then `from` to `to`.
    ///
    /// # Errors
    /// When it was another period than the next, or of a trial that still runs something else: the money goes back.
    pub fn paid(&mut self, period: u32, terms: &Terms, percent_off: u8, now: OffsetDateTime) -> Result<(), Surplus> {
        // Nobody pays for being given something else than the trial brings before it is over.
        let cuts_trial = self.status == Status::Trialing && now < self.to && !terms.is_same_price(&self.terms);
        if self.status == Status::Ended || period != self.period + 1 || cuts_trial {
            return Err(Surplus);
        }
        let begins_anew = matches!(self.status, Status::Pending | Status::Suspended | Status::Paused);
        if begins_anew {
            (self.from, self.anchor, self.cycle) = (now, now, 1);
        } else if terms.period != self.terms.period {
            (self.from, self.anchor, self.cycle) = (self.to, self.to, 1);
        } else {
            (self.from, self.cycle) = (self.to, self.cycle + 1);
        }
        self.to = terms.period.anniversary(self.anchor, self.cycle);
        self.period = period;
        self.status = Status::Active;
        if self.next_terms.as_ref().is_some_and(|next| next.is_same_price(terms)) {
            self.next_terms = None;
        }
        self.terms = terms.clone();
        self.percent_off = percent_off;
        if percent_off > 0 {
            self.discount = self.discount.and_then(|it| {
                let left = it.periods_left.saturating_sub(1);
                (left > 0).then_some(Discount { periods_left: left, ..it })
            });
        }
        (self.dunning, self.paused_until) = (None, None);
        Ok(())
    }

    /// The next period's payment was declined. Says whether anything changed: a decline that comes late, or for a period that has been paid, means
    /// nothing.
    pub fn declined(&mut self, period: u32, now: OffsetDateTime) -> bool {
        if period != self.period + 1 {
            return false;
        }
        match (self.status, self.dunning) {
            (Status::Pending, _) => self.end(now),
            (Status::Trialing | Status::Active, _) if self.to <= now => {
                self.status = Status::PastDue;
                self.dunning = Some(Dunning { since: now, declines: 1 });
            }
            (Status::PastDue, Some(dunning)) if dunning.next() <= now => {
                let declines = dunning.declines.saturating_add(1);
                self.dunning = Some(Dunning { declines, ..dunning });
                if usize::from(declines) > LADDER.len() {
                    self.status = Status::Suspended;
                }
            }
            (Status::Paused, _) if self.paused_until.is_some_and(|until| until <= now) => {
                self.status = Status::Suspended;
                self.dunning = Some(Dunning { since: now, declines: 1 });
                self.paused_until = None;
            }
            _ => return false,
        }
        true
    }

    /// The whole running period was given back: it ends, but a trial that still runs does so to its end.
    pub fn give_back(&mut self, now: OffsetDateTime) {
        if self.status != Status::Active || self.from <= now {
            return self.end(now);
        }
        (self.status, self.leaving) = (Status::Trialing, Some(Leaving::Cancel));
        (self.to, self.anchor, self.cycle) = (self.from, self.from, 0);
        self.from = now;
        if self.percent_off > 0 {
            // It has counted for nothing.
            let periods_left = self.discount.map_or(0, |left| left.periods_left).saturating_add(1);
            self.discount = Some(Discount { percent_off: self.percent_off, periods_left });
        }
        (self.percent_off, self.is_announced) = (0, false);
    }

    /// It is over. What was paid for is not taken away by this, unless the period is over or was given back.
    pub fn end(&mut self, now: OffsetDateTime) {
        self.status = Status::Ended;
        self.to = self.to.min(now);
        (self.leaving, self.dunning, self.paused_until, self.next_terms) = (None, None, None, None);
    }

    /// The pause that the person wished for begins.
    pub fn pause(&mut self) {
        if let Some(Leaving::Pause(months)) = self.leaving.take() {
            self.status = Status::Paused;
            self.paused_until = Some(self.end_of_pause(months));
        }
    }

    /// Ends with the running period; at once if nothing is running.
    ///
    /// # Errors
    /// [`NotNow::Ended`].
    pub fn cancel(&mut self, now: OffsetDateTime) -> Result<(), NotNow> {
        match self.status {
            Status::Ended => return Err(NotNow::Ended),
            Status::Trialing | Status::Active if now < self.to => self.leaving = Some(Leaving::Cancel),
            _ => self.end(now),
        }
        Ok(())
    }

    /// Pauses for so many months from the end of the running period.
    ///
    /// # Errors
    /// Unless it is paid for and running.
    pub fn leave_for(&mut self, months: u8, now: OffsetDateTime) -> Result<(), NotNow> {
        match self.status {
            Status::Ended => Err(NotNow::Ended),
            Status::Active if now < self.to => {
                self.leaving = Some(Leaving::Pause(months));
                Ok(())
            }
            _ => Err(NotNow::NotRunning),
        }
    }

    /// Goes on after all. A paused one is due at once.
    ///
    /// # Errors
    /// [`NotNow::Ended`].
    pub fn resume(&mut self, now: OffsetDateTime) -> Result<(), NotNow> {
        if self.status == Status::Ended {
            return Err(NotNow::Ended);
        }
        self.leaving = None;
        if self.status == Status::Paused {
            self.paused_until = Some(self.paused_until.map_or(now, |until| until.min(now)));
        }
        Ok(())
    }

    /// When a change that is agreed to at a moment begins.
    pub fn begin_of_change(&self, when: When, now: OffsetDateTime) -> OffsetDateTime {
        if when == When::Now { now } else { self.to }
    }

    /// What changing to these terms costs now: the difference of both for the rest of the running period, to the second, rounded once. Nothing
    /// during a trial and for a change with the next period.
    ///
    /// # Errors
    /// Why it cannot be changed.
    pub fn price_of_change(&self, to: &Terms, when: When, now: OffsetDateTime) -> Result<Money, NotNow> {
        let nothing = Money::zero(self.terms.amount.currency);
        match self.status {
            Status::Ended => return Err(NotNow::Ended),
            Status::Trialing | Status::Active if now < self.to && self.leaving.is_none() => {}
            _ => return Err(NotNow::NotRunning),
        }
        if to.amount.currency != self.terms.amount.currency {
            return Err(NotNow::OtherCurrency);
        }
        if to.is_same_price(&self.terms) && self.next_terms.is_some() {
            // What was to come with the next period does not.
            return Ok(nothing);
        }
        let present =
            if when == When::PeriodEnd { self.next_terms.as_ref().unwrap_or(&self.terms) } else { &self.terms };
        if to.is_same_price(present) {
            return Err(NotNow::Same);
        }
        if when == When::PeriodEnd || self.status == Status::Trialing {
            return Ok(nothing);
        }
        if to.period != self.terms.period {
            return Err(NotNow::OnlyAtPeriodEnd);
        }
        let more = to.amount.minus(self.terms.amount)?;
        let keep = 100 - i64::from(self.percent_off.min(100));
        let (left, whole) = ((self.to - now.max(self.from)).whole_seconds(), (self.to - self.from).whole_seconds());
        let whole = whole.checked_mul(100).ok_or(MoneyError::Overflow)?;
        let price = more.share(left.checked_mul(keep).ok_or(MoneyError::Overflow)?, whole)?;
        if price.minor > 0 { Ok(price) } else { Err(NotNow::OnlyAtPeriodEnd) }
    }

    /// Changes without a payment: with the next period, or at once during a trial. [`Self::price_of_change`] has allowed it.
    pub fn change(&mut self, to: Terms, when: When) {
        match when {
            When::PeriodEnd => self.next_terms = (!to.is_same_price(&self.terms)).then_some(to),
            When::Now => {
                self.terms = to;
                self.next_terms = None;
            }
        }
        // What was announced costs something else now.
        self.is_announced = false;
    }

    /// A change within the running period was paid.
    ///
    /// # Errors
    /// When that period is over: the money goes back.
    pub fn changed(&mut self, period: u32, to: Terms, now: OffsetDateTime) -> Result<(), Surplus> {
        if self.status != Status::Active || self.period != period || self.to <= now || to.period != self.terms.period {
            return Err(Surplus);
        }
        self.terms = to;
        self.next_terms = None;
        Ok(())
    }

    /// A change within the running period was given back: the period brings again what is still paid for. Says whether anything changed.
    pub fn take_back(&mut self, period: u32, paid_for: &Terms) -> bool {
        if self.status == Status::Ended || self.period != period || self.terms.is_same_price(paid_for) {
            return false;
        }
        if self.next_terms.as_ref().is_some_and(|next| next.is_same_price(paid_for)) {
            self.next_terms = None;
        }
        self.terms = paid_for.clone();
        true
    }

    /// Whether its trial ends within [`TRIAL_NOTICE`], is paid for afterwards, and nobody was told.
    pub fn is_to_be_announced(&self, now: OffsetDateTime) -> bool {
        let goes_on = self.status == Status::Trialing && self.leaving.is_none();
        goes_on && !self.is_announced && now < self.to && self.to - now <= TRIAL_NOTICE
    }

    /// Whether nothing is paid for what it brings now, or brought last.
    fn is_trial(&self) -> bool {
        self.cycle == 0
    }

    /// What the running period costs: nothing during a trial.
    pub fn cost(&self) -> Money {
        let nothing = Money::zero(self.terms.amount.currency);
        if self.is_trial() { nothing } else { self.terms.amount_less(self.percent_off).unwrap_or(nothing) }
    }

    /// When the period after a pause is paid, of a pause that is to come or runs.
    pub fn resumes_at(&self) -> Option<OffsetDateTime> {
        match (self.status, self.leaving) {
            (Status::Active, Some(Leaving::Pause(months))) => Some(self.end_of_pause(months)),
            (Status::Paused, _) => self.paused_until,
            _ => None,
        }
    }

    fn end_of_pause(&self, months: u8) -> OffsetDateTime {
        kernel::Period::Month.anniversary(self.to, u32::from(months))
    }

    /// Whether it ever brought something: a paid period, or a trial.
    fn has_begun(&self) -> bool {
        self.period > 0 || self.from < self.anchor
    }

    /// What it brings, and will go on to bring with the next period; `None` when it does not run, or is about to end or to rest.
    pub fn going_on(&self) -> Option<Entitlement> {
        let runs = matches!(self.status, Status::Trialing | Status::Active) && self.leaving.is_none();
        let (_, valid_to, grace_to) = self.access().filter(|_| runs)?;
        let Terms { plan, max_streams, max_height, .. } = self.terms.clone();
        Some(Entitlement { plan, max_streams, max_height, valid_to, grace_to })
    }

    /// What everybody hears: the contract's word, until when it is paid and until when it brings something. `None` while it never brought
    /// anything.
    pub fn access(&self) -> Option<(SubscriptionStatus, OffsetDateTime, OffsetDateTime)> {
        let goes_on = self.to + if self.is_trial() { TRIAL_GRACE } else { GRACE };
        Some(match (self.status, self.leaving) {
            (Status::Pending, _) => return None,
            (Status::Ended, _) if !self.has_begun() => return None,
            (Status::Trialing | Status::Active, Some(_)) => (SubscriptionStatus::Cancelled, self.to, self.to),
            (Status::Trialing, None) => (SubscriptionStatus::Trialing, self.to, goes_on),
            (Status::Active, None) => (SubscriptionStatus::Active, self.to, goes_on),
            (Status::PastDue, _) => (SubscriptionStatus::PastDue, self.to, goes_on),
            (Status::Suspended, _) => (SubscriptionStatus::PastDue, self.to, self.to),
            (Status::Paused, _) => (SubscriptionStatus::Cancelled, self.to, self.to),
            (Status::Ended, _) => (SubscriptionStatus::Ended, self.to, self.to),
        })
    }
}

impl Dunning {
    /// The next try.
    fn next(self) -> OffsetDateTime {
        let place = usize::from(self.declines.saturating_sub(1)).min(LADDER.len() - 1);
        self.since + Duration::days(LADDER[place])
    }

    /// The last try.
    fn last(self) -> OffsetDateTime {
        self.since + Duration::days(LADDER[LADDER.len() - 1])
    }
}

#[cfg(test)]
mod tests;
