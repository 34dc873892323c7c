//! A provider's report against what we know: a pure comparison, line by line.

use std::{collections::BTreeMap, fmt};

use kernel::Money;

use crate::providers::{ReportKind, ReportLine};

/// A payment or refund as we know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// Which way the money went.
    pub kind: ReportKind,
    /// Our payment's or refund's id.
    pub reference: String,
    /// Always positive.
    pub amount: Money,
}

/// Something that one side does not know, or knows otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Only the provider knows it, by its id.
    OnlyThere(ReportKind, String, Money),
    /// Only we know it, by our id.
    OnlyHere(ReportKind, String, Money),
    /// Ours, then the provider's.
    Amount(ReportKind, String, Money, Money),
    /// The provider names it twice.
    Twice(ReportKind, String),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OnlyThere(kind, id, it) => write!(f, "only there: {kind:?} {id} of {} {}", it.minor, it.currency),
            Self::OnlyHere(kind, id, it) => write!(f, "only here: {kind:?} {id} of {} {}", it.minor, it.currency),
            Self::Amount(kind, id, ours, theirs) => {
                write!(
                    f,
                    "{kind:?} {id}: {} {} here, {} {} there",
                    ours.minor, ours.currency, theirs.minor, theirs.currency
                )
            }
            Self::Twice(kind, id) => write!(f, "{kind:?} {id} is named twice"),
        }
    }
}

/// Every difference. The days of both sides may differ by what happened around midnight: such a line shows on two days, once on each side.
pub fn differences(report: &[ReportLine], ours: &[Booked]) -> Vec<Difference> {
    let mut open: BTreeMap<(ReportKind, &str), Money> =
        ours.iter().map(|booked| ((booked.kind, booked.reference.as_str()), booked.amount)).collect();
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for line in report {
        let reference = line.reference.as_deref().unwrap_or_default();
        if !reference.is_empty() && seen.insert((line.kind, reference), ()).is_some() {
            found.push(Difference::Twice(line.kind, reference.to_owned()));
            continue;
        }
        match open.remove(&(line.kind, reference)) {
            None => found.push(Difference::OnlyThere(line.kind, line.id.clone(), line.amount)),
            Some(amount) if amount != line.amount => {
                found.push(Difference::Amount(line.kind, reference.to_owned(), amount, line.amount));
            }
            Some(_) => {}
        }
    }
    found.extend(open.into_iter().map(|((kind, id), amount)| Difference::OnlyHere(kind, id.to_owned(), amount)));
    found
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn euro(minor: i64) -> Money {
        Money::new(minor, "EUR".parse().unwrap())
    }

    fn line(kind: ReportKind, reference: Option<&str>, minor: i64) -> ReportLine {
        let reference = reference.map(str::to_owned);
        ReportLine { kind, id: "there".into(), reference, amount: euro(minor), at: datetime!(2027-01-01 00:00 UTC) }
    }

    fn booked(kind: ReportKind, reference: &str, minor: i64) -> Booked {
        Booked { kind, reference: reference.into(), amount: euro(minor) }
    }

    #[test]
    fn what_agrees_says_nothing_and_a_minor_unit_does() {
        use ReportKind::{Payment, Refund};
        let ours = [booked(Payment, "pay_1", 999), booked(Refund, "rfd_1", 1)];
        let same = [line(Refund, Some("rfd_1"), 1), line(Payment, Some("pay_1"), 999)];
        assert_eq!(differences(&same, &ours), []);
        assert_eq!(
            differences(&[line(Payment, Some("pay_1"), 998)], &ours),
            [
                Difference::Amount(Payment, "pay_1".into(), euro(999), euro(998)),
                Difference::OnlyHere(Refund, "rfd_1".into(), euro(1)),
            ]
        );
        let more = [same.to_vec(), vec![line(Payment, None, 5), line(Payment, Some("pay_1"), 999)]].concat();
        assert_eq!(
            differences(&more, &ours),
            [Difference::OnlyThere(Payment, "there".into(), euro(5)), Difference::Twice(Payment, "pay_1".into())]
        );
        // A refund is not a payment of the same id.
        assert_eq!(differences(&[line(Refund, Some("pay_1"), 999)], &ours[..1]).len(), 2);
    }
}
