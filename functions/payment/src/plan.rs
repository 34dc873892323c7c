//! Plans and the prices that they are offered at.

use std::collections::BTreeMap;

use kernel::{Languages, Locale, Money, Names, Period, PriceId, Territory, VisibleLine};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::terms::Terms;

/// Higher prices are typing mistakes: a hundred million in a currency with two digits.
pub const HIGHEST_PRICE: i64 = 10_000_000_000;
/// No trial is longer.
pub const LONGEST_TRIAL_DAYS: u16 = 90;
/// Who sells where nobody is named.
pub const DEFAULT_SELLER: &str = "cinema";

/// A plan as an administrator describes it: whole, with every price at which it is offered from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// By language; at least one.
    #[schema(value_type = BTreeMap<String, String>, example = json!({"en": "Standard", "ru": "Стандарт"}))]
    pub names: BTreeMap<Locale, VisibleLine<60>>,
    /// Parallel streams.
    #[schema(minimum = 1, maximum = 100)]
    pub max_streams: u32,
    /// Highest picture in lines.
    #[schema(minimum = 1, maximum = 10000)]
    pub max_height: u32,
    /// Whether anybody can begin it; running subscriptions go on either way.
    pub is_offered: bool,
    /// One for each territory and period. A changed price is a new version; running subscriptions keep theirs.
    pub prices: Vec<PriceRequest>,
}

/// A price as an administrator describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRequest {
    /// Where; every territory that has no price of its own without it.
    pub territory: Option<Territory>,
    /// How long one payment lasts.
    pub period: Period,
    /// With the tax in it.
    pub amount: Money,
    /// Days before the first payment, for accounts that never had a subscription.
    #[serde(default)]
    #[schema(maximum = 90)]
    pub trial_days: u16,
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

/// Whether it can be the key of a plan.
pub fn is_key(text: &str) -> bool {
    is_slug(text)
}

fn is_slug(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl PlanRequest {
    /// Everything that makes no sense: where, and why.
    pub fn violations(&self) -> Vec<(String, &'static str)> {
        let mut found = Vec::new();
        let mut require = |holds: bool, pointer: String, reason: &'static str| {
            if !holds {
                found.push((pointer, reason));
            }
        };
        require(!self.names.is_empty(), "/names".to_owned(), "must hold a name in some language");
        require((1..=100).contains(&self.max_streams), "/max_streams".to_owned(), "must be 1 to 100");
        require((1..=10_000).contains(&self.max_height), "/max_height".to_owned(), "must be 1 to 10000");
        require(self.prices.len() <= 500, "/prices".to_owned(), "must be at most 500");
        for (place, price) in self.prices.iter().enumerate() {
            let at = |member: &str| format!("/prices/{place}{member}");
            let twin = |other: &PriceRequest| other.territory == price.territory && other.period == price.period;
            let is_positive = (1..=HIGHEST_PRICE).contains(&price.amount.minor);
            require(is_positive, at("/amount/amount"), "must be 1 to 10000000000 minor units");
            require(price.trial_days <= LONGEST_TRIAL_DAYS, at("/trial_days"), "must be at most 90");
            require(price.tax_basis_points <= 10_000, at("/tax_basis_points"), "must be at most 10000");
            require(is_slug(&price.seller), at("/seller"), "must be 1 to 32 small letters, digits and dashes");
            require(!self.prices[..place].iter().any(twin), at(""), "is the second for its territory and period");
            let other_currency = |other: &PriceRequest| {
                other.territory == price.territory && other.amount.currency != price.amount.currency
            };
            let is_mixed = self.prices[..place].iter().any(other_currency);
            require(!is_mixed, at("/amount/currency"), "a territory has one currency");
        }
        found
    }

    /// As the column keeps them.
    pub fn names(&self) -> Names {
        let by_locale: BTreeMap<_, _> =
            self.names.iter().map(|(locale, name)| (locale.clone(), name.as_str().to_owned())).collect();
        Names { original: by_locale.values().next().cloned().unwrap_or_default(), by_locale }
    }
}

/// A version of a price as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// Its id.
    pub id: PriceId,
    /// What it says.
    pub price: PriceRequest,
    /// Since when.
    pub created_at: OffsetDateTime,
}

/// A plan as people see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Plan {
    /// Its key.
    #[schema(example = "standard")]
    pub id: String,
    /// In the caller's language.
    pub name: String,
    /// Parallel streams.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
    /// What it costs where the caller is.
    pub prices: Vec<OfferedPrice>,
}

/// A price at which a subscription can begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfferedPrice {
    /// What `POST /v1/subscriptions` takes.
    pub id: PriceId,
    /// How long one payment lasts.
    pub period: Period,
    /// With the tax in it.
    pub amount: Money,
    /// The tax in it.
    pub tax: Money,
    /// Hundredths of a percent.
    pub tax_basis_points: u16,
    /// Days before the first payment, for accounts that never had a subscription.
    pub trial_days: u16,
}

/// A plan with its prices as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPlan {
    /// Its key.
    pub id: String,
    /// In every language.
    pub names: Names,
    /// Parallel streams.
    pub max_streams: u32,
    /// Highest picture in lines.
    pub max_height: u32,
}

impl StoredPlan {
    /// As it is sold at a price.
    pub fn terms(&self, price: &Price) -> Terms {
        Terms {
            price: price.id,
            plan: self.id.clone(),
            names: self.names.clone(),
            amount: price.price.amount,
            period: price.price.period,
            tax_basis_points: price.price.tax_basis_points,
            seller: price.price.seller.clone(),
            max_streams: self.max_streams,
            max_height: self.max_height,
        }
    }

    /// As a reader in a territory sees it; `None` where it is not offered. A territory's own prices take the place of those for everywhere.
    pub fn offered(&self, prices: &[Price], territory: &Territory, reader: &Languages) -> Option<Plan> {
        let own: Vec<&Price> = prices.iter().filter(|it| it.price.territory.as_ref() == Some(territory)).collect();
        let everywhere = || prices.iter().filter(|it| it.price.territory.is_none()).collect();
        let here = if own.is_empty() { everywhere() } else { own };
        let prices: Vec<_> = here.into_iter().filter_map(Price::offered).collect();
        (!prices.is_empty()).then(|| Plan {
            id: self.id.clone(),
            name: self.names.for_reader(reader).to_owned(),
            max_streams: self.max_streams,
            max_height: self.max_height,
            prices,
        })
    }
}

impl Price {
    fn offered(&self) -> Option<OfferedPrice> {
        let PriceRequest { period, amount, trial_days, tax_basis_points, .. } = self.price;
        let tax = amount.tax_included(tax_basis_points).ok()?;
        Some(OfferedPrice { id: self.id, period, amount, tax, tax_basis_points, trial_days })
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use serde_json::{Value, json};

    use super::*;

    fn plan(prices: Value) -> PlanRequest {
        serde_json::from_value(json!({
            "names": {"en": "Standard"}, "max_streams": 2, "max_height": 1080, "is_offered": true, "prices": prices,
        }))
        .unwrap()
    }

    fn price(territory: Value, amount: i64, currency: &str) -> Value {
        json!({"territory": territory, "period": "month", "amount": {"amount": amount, "currency": currency}, "tax_basis_points": 1900})
    }

    #[test]
    fn prices_of_nothing_of_too_much_and_of_two_currencies_are_refused() {
        let pointers = |prices| plan(prices).violations().into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
        assert_eq!(
            pointers(json!([price(json!("DE"), 999, "EUR"), price(Value::Null, 999, "USD")])),
            Vec::<String>::new()
        );
        for amount in [0, -1, i64::MAX] {
            assert_eq!(pointers(json!([price(json!("DE"), amount, "EUR")])), ["/prices/0/amount/amount"]);
        }
        let yearly = json!({"territory": "DE", "period": "year", "amount": {"amount": 1, "currency": "USD"}, "tax_basis_points": 0});
        assert_eq!(pointers(json!([price(json!("DE"), 999, "EUR"), yearly])), ["/prices/1/amount/currency"]);
        assert_eq!(pointers(json!([price(json!("DE"), 1, "EUR"), price(json!("DE"), 2, "EUR")])), ["/prices/1"]);
    }

    #[test]
    fn a_territory_with_prices_of_its_own_sees_only_those() {
        let request = plan(json!([price(json!("DE"), 999, "EUR"), price(Value::Null, 500, "USD")]));
        let now = time::macros::datetime!(2027-01-01 00:00 UTC);
        let stored = |(place, price): (usize, &PriceRequest)| Price {
            id: PriceId::derived(&place.to_string()),
            price: price.clone(),
            created_at: now,
        };
        let prices: Vec<Price> = request.prices.iter().enumerate().map(stored).collect();
        let plan = StoredPlan { id: "standard".into(), names: request.names(), max_streams: 2, max_height: 1080 };
        let seen = |territory: &str| {
            let plan = plan.offered(&prices, &territory.parse().unwrap(), &Locale::english().into()).unwrap();
            plan.prices.iter().map(|price| (price.amount.minor, price.tax.minor)).collect::<Vec<_>>()
        };
        assert_eq!(seen("DE"), [(999, 160)]);
        assert_eq!(seen("ZZ"), [(500, 80)]);
        assert_eq!(plan.offered(&prices[..1], &"FR".parse().unwrap(), &Locale::english().into()), None);
    }
}
