//! The prices of a single title: by territory, to rent and to buy.

use kernel::{Money, PriceId, PurchaseKind, Territory};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::plan::{DEFAULT_SELLER, HIGHEST_PRICE, is_key};

/// All prices of a title from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TitlePricesRequest {
    /// One for each territory and kind; none when it is not sold by itself. A changed price is a new version; purchases keep theirs.
    pub prices: Vec<TitlePriceRequest>,
}

/// A price as an administrator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TitlePriceRequest {
    /// Where; every territory that has no price of its own for the title without it.
    pub territory: Option<Territory>,
    /// To rent or to buy.
    pub kind: PurchaseKind,
    /// With the tax in it.
    pub amount: Money,
    /// The tax that is in the amount, in hundredths of a percent.
    #[schema(maximum = 10000, example = 1900)]
    pub tax_basis_points: u16,
    /// The legal entity that sells; its invoices have numbers of their own.
    #[serde(default = "default_seller")]
    #[schema(pattern = "^[a-z0-9-]{1,32}$")]
    pub seller: String,
}

fn default_seller() -> String {
    DEFAULT_SELLER.to_owned()
}

impl TitlePricesRequest {
    /// Everything that makes no sense: where, and why.
    pub fn violations(&self) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        let mut require = |holds: bool, pointer: String, reason: &'static str| {
            if !holds {
                found.push((pointer, reason));
            }
        };
        require(self.prices.len() <= 500, "/prices".to_owned(), "must be at most 500");
        for (place, price) in self.prices.iter().enumerate() {
            let at = |member: &str| format!("/prices/{place}{member}");
            let before = &self.prices[..place];
            let is_positive = (1..=HIGHEST_PRICE).contains(&price.amount.minor);
            require(is_positive, at("/amount/amount"), "must be 1 to 10000000000 minor units");
            require(price.tax_basis_points <= 10_000, at("/tax_basis_points"), "must be at most 10000");
            require(is_key(&price.seller), at("/seller"), "must be 1 to 32 small letters, digits and dashes");
            let twin = |other: &TitlePriceRequest| other.territory == price.territory && other.kind == price.kind;
            require(!before.iter().any(twin), at(""), "is the second for its territory and kind");
            let other_currency = |other: &TitlePriceRequest| {
                other.territory == price.territory && other.amount.currency != price.amount.currency
            };
            require(!before.iter().any(other_currency), at("/amount/currency"), "a territory has one currency");
        }
        found
    }
}

/// A version of a price as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitlePrice {
    /// Its id.
    pub id: PriceId,
    /// What it says.
    pub price: TitlePriceRequest,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// What a title costs by itself where the caller is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TitleOffer {
    /// To rent or to buy.
    pub kind: PurchaseKind,
    /// With the tax in it.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// Hundredths of a percent.
    pub tax_basis_points: u16,
    /// Days in which a rental must be begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_to_begin: Option<i64>,
    /// Hours for which it may be watched from its first second on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours_to_watch: Option<i64>,
}

impl TitlePrice {
    /// As people see it; `None` where the tax cannot be reckoned.
    pub fn offer(&self) -> Option<TitleOffer> {
        let TitlePriceRequest { kind, amount, tax_basis_points, .. } = self.price;
        let tax = amount.tax_included(tax_basis_points).ok()?;
        let rent = |time: i64| (kind == PurchaseKind::Rent).then_some(time);
        Some(TitleOffer {
            kind,
            amount,
            tax,
            tax_basis_points,
            days_to_begin: rent(crate::purchase::TIME_TO_BEGIN.whole_days()),
            hours_to_watch: rent(crate::purchase::TIME_TO_WATCH.whole_hours()),
        })
    }
}

/// The prices of a title that count in a territory. Its own prices take the place of those for everywhere.
pub fn here<'p>(prices: &'p [TitlePrice], territory: &Territory) -> Vec<&'p TitlePrice> {
    let own: Vec<_> = prices.iter().filter(|it| it.price.territory.as_ref() == Some(territory)).collect();
    let everywhere = || prices.iter().filter(|it| it.price.territory.is_none()).collect();
    if own.is_empty() { everywhere() } else { own }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use serde_json::{Value, json};

    use super::*;

    fn price(territory: Value, kind: &str, amount: i64, currency: &str) -> Value {
        json!({"territory": territory, "kind": kind, "amount": {"amount": amount, "currency": currency}, "tax_basis_points": 1900})
    }

    fn pointers(prices: Value) -> Vec<String> {
        let request: TitlePricesRequest = serde_json::from_value(json!({ "prices": prices })).unwrap();
        request.violations().into_iter().map(|(pointer, _)| pointer).collect()
    }

    #[test]
    fn prices_of_nothing_of_too_much_twice_and_in_two_currencies_are_refused() {
        let (de, everywhere) = (json!("DE"), Value::Null);
        let good = json!([
            price(de.clone(), "rent", 399, "EUR"),
            price(de.clone(), "buy", 999, "EUR"),
            price(everywhere, "rent", 499, "USD")
        ]);
        assert_eq!(pointers(good), Vec::<String>::new());
        for amount in [0, -1, HIGHEST_PRICE + 1, i64::MAX] {
            assert_eq!(pointers(json!([price(de.clone(), "rent", amount, "EUR")])), ["/prices/0/amount/amount"]);
        }
        let mixed = json!([price(de.clone(), "rent", 399, "EUR"), price(de.clone(), "buy", 999, "USD")]);
        assert_eq!(pointers(mixed), ["/prices/1/amount/currency"]);
        let twice = json!([price(de.clone(), "rent", 399, "EUR"), price(de, "rent", 499, "EUR")]);
        assert_eq!(pointers(twice), ["/prices/1"]);
    }

    #[test]
    fn no_number_beyond_64_bits_and_no_fraction_is_read() {
        for amount in [json!(9_223_372_036_854_775_808u64), json!(1.5), json!("5")] {
            let prices = json!({"prices": [{"kind": "rent", "amount": {"amount": amount, "currency": "EUR"}, "tax_basis_points": 0}]});
            assert!(serde_json::from_value::<TitlePricesRequest>(prices).is_err());
        }
    }

    #[test]
    fn a_territory_with_prices_of_its_own_sees_only_those() {
        let stored = |(territory, kind, amount): (Value, &str, i64)| TitlePrice {
            id: PriceId::derived(&format!("{territory}{kind}")),
            price: serde_json::from_value(price(territory, kind, amount, "EUR")).unwrap(),
            created_at: time::macros::datetime!(2027-01-01 00:00 UTC),
        };
        let prices: Vec<_> = [(json!("DE"), "rent", 399), (Value::Null, "rent", 499), (Value::Null, "buy", 999)]
            .into_iter()
            .map(stored)
            .collect();
        let seen = |territory: &str| {
            here(&prices, &territory.parse().unwrap()).iter().map(|it| it.price.amount.minor).collect::<Vec<_>>()
        };
        assert_eq!((seen("DE"), seen("FR")), (vec![399], vec![499, 999]));
        let offer = prices[0].offer().unwrap();
        assert_eq!((offer.tax.minor, offer.days_to_begin, offer.hours_to_watch), (64, Some(30), Some(48)));
        assert_eq!(prices[2].offer().unwrap().hours_to_watch, None);
    }
}
