use kernel::{Period, PriceId, PurchaseKind, Territory, TitleId};
use proptest::prelude::*;
use time::macros::datetime;

use super::*;
use crate::purchase;

const NOW: OffsetDateTime = datetime!(2026-11-30 10:00 UTC);

fn id<I: Id>(of: &str) -> I {
    I::derived(of)
}

fn money(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

fn names() -> Names {
    let by_locale =
        [("en", "Standard"), ("ru", "Стандарт")].map(|(locale, name)| (locale.parse().unwrap(), name.to_owned()));
    Names { original: "Standard".to_owned(), by_locale: by_locale.into() }
}

fn terms() -> Terms {
    Terms {
        price: id("price"),
        plan: "standard".to_owned(),
        names: names(),
        amount: money(1_200),
        period: Period::Month,
        tax_basis_points: 2_000,
        seller: "cinema".to_owned(),
        max_streams: 2,
        max_height: 1_080,
    }
}

/// Of a period for 12.00 EUR, 2.00 of it tax.
fn period() -> Invoice {
    let bill = Bill { period: 3, terms: terms(), amount: money(1_200), percent_off: 50 };
    Invoice::of_period(id("account"), id("subscription"), bill, NOW).unwrap()
}

#[test]
fn a_period_is_invoiced_once_with_what_it_brings() {
    let expected = Invoice {
        id: InvoiceId::derived(&format!("{} period 3", id::<SubscriptionId>("subscription"))),
        account: Some(id("account")),
        subscription: Some(id("subscription")),
        purchase: None,
        kind: Kind::Period,
        period: Some(3),
        corrects: None,
        status: Status::Open,
        amount: money(1_200),
        tax: 200,
        tax_basis_points: 2_000,
        description: "standard, month".to_owned(),
        names: names(),
        sold: Some(Sold { terms: terms(), percent_off: 50 }),
        covers_from: None,
        covers_to: None,
        seller: "cinema".to_owned(),
        number: None,
        issued_at: None,
        created_at: NOW,
    };
    assert_eq!(period(), expected);
}

#[test]
fn every_change_has_an_invoice_of_its_own() {
    let of = |place: (u32, u32), minor: i64| {
        let sold = Sold { terms: terms(), percent_off: 0 };
        Invoice::of_change(id("account"), (id("subscription"), place.0, place.1), money(minor), sold, NOW).unwrap()
    };
    let change = of((3, 1), 600);
    assert_eq!((change.kind, change.subscription, change.period), (Kind::Change, Some(id("subscription")), Some(3)));
    assert_eq!((change.amount, change.tax), (money(600), 100));
    assert_eq!(change.sold, Some(Sold { terms: terms(), percent_off: 0 }));
    assert_eq!(change.id, of((3, 1), 600).id);
    let others = [of((3, 2), 600), of((4, 1), 600), of((3, 1), 601), period()];
    assert!(others.iter().all(|other| other.id != change.id));
}

fn purchase() -> Purchase {
    Purchase {
        id: id("purchase"),
        account: Some(id("account")),
        title: id::<TitleId>("title"),
        kind: PurchaseKind::Rent,
        price: id::<PriceId>("price"),
        amount: money(399),
        territory: Territory::unknown(),
        status: purchase::Status::Pending,
        paid_at: None,
        begun_at: None,
        created_at: NOW,
        version: 1,
    }
}

#[test]
fn a_title_is_invoiced_by_its_name() {
    let sold = ("Nosferatu, a Symphony", names());
    let invoice = Invoice::of_purchase(id("account"), &purchase(), (700, "cinema"), sold, NOW).unwrap();
    assert_eq!((invoice.kind, invoice.purchase, invoice.subscription), (Kind::Purchase, Some(id("purchase")), None));
    // 3.99 − 3.99 / 1.07 = 0.261.
    assert_eq!((invoice.amount, invoice.tax, invoice.tax_basis_points), (money(399), 26, 700));
    assert_eq!(invoice.description, "Nosferatu, a Symphony, rent");
    let without = Invoice { names: Names::default(), ..invoice };
    assert_eq!(without.item(&Languages::accepted("ru")), ("Nosferatu, a Symphony", "rent"));
}

#[test]
fn what_is_sold_is_called_as_its_reader_calls_it() {
    let (english, russian) = (Languages::accepted("en"), Languages::accepted("ru"));
    assert_eq!(period().item(&russian), ("Стандарт", "month"));
    assert_eq!(period().described(&russian), "Стандарт, 1 месяц");
    assert_eq!(period().described(&english), "Standard, one month");
    let plain = Invoice { description: "gift".to_owned(), names: Names::default(), ..period() };
    assert_eq!((plain.item(&english), plain.described(&russian).as_str()), (("gift", ""), "gift"));
}

#[test]
fn a_credit_note_takes_back_and_names_what_it_corrects() {
    let sold = Invoice {
        status: Status::Paid,
        number: Some((2026, 7)),
        issued_at: Some(NOW),
        covers_from: Some(NOW),
        covers_to: Some(NOW + time::Duration::DAY),
        ..period()
    };
    let later = NOW + time::Duration::HOUR;
    let note = sold.credit(id("refund"), money(300), 50, later).unwrap();
    let expected = Invoice {
        id: InvoiceId::derived(&format!("credit note of {}", id::<RefundId>("refund"))),
        kind: Kind::CreditNote,
        corrects: Some(sold.id),
        status: Status::Open,
        amount: money(-300),
        tax: -50,
        sold: None,
        number: None,
        issued_at: None,
        created_at: later,
        ..sold
    };
    assert_eq!(note, expected);
}

#[test]
fn a_number_is_printed_with_six_digits_at_least() {
    assert_eq!(printed("cinema", (2026, 7)), "CINEMA-2026-000007");
    assert_eq!(printed("Über", (2027, 1_234_567)), "ÜBER-2027-1234567");
}

proptest! {
    /// However much is given back in however many parts: together it is the tax that was charged, and no part changes its sign.
    #[test]
    fn parts_give_back_exactly_the_tax_of_the_whole(
        amount in 1_i64..1_000_000, basis_points in 0_u16..3_000, cuts in prop::collection::vec(0_i64..1_000_000, 0..6),
    ) {
        let bill = Bill { period: 1, terms: Terms { tax_basis_points: basis_points, ..terms() }, amount: money(amount), percent_off: 0 };
        let invoice = Invoice::of_period(id("account"), id("subscription"), bill, NOW).unwrap();
        let mut until: Vec<i64> = cuts.into_iter().map(|cut| cut % amount).chain([amount]).collect();
        until.sort_unstable();
        let (mut before, mut back) = (0, 0);
        for end in until {
            let tax = invoice.tax_given_back(before, end - before).unwrap();
            prop_assert!((0..=end - before).contains(&tax), "{tax} of {}", end - before);
            (before, back) = (end, back + tax);
        }
        prop_assert_eq!(back, invoice.tax);
    }
}
