//! What is paid for what: `docs/benchmarks/prices.json`.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{
    decimal,
    entry::{document, entries},
    money::{self, Money},
};

const FILE: &str = "docs/benchmarks/prices.json";
const GIB: u128 = 1 << 30;
/// A GB-second in MiB and microseconds.
const GB_SECOND: u128 = 1024 * 1_000_000;

/// The table of prices.
#[derive(Debug)]
pub(super) struct Prices(BTreeMap<String, Price>);

/// A list price.
#[derive(Debug)]
pub(super) struct Price {
    /// Picodollars of the first tier, of the next…, each up to a quantity; the last has no end.
    tiers: Vec<(Option<u128>, u128)>,
    /// The quantity that costs so much.
    per: u128,
}

/// What a price is for, and in what quantities of it are told.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Unit {
    /// In bytes.
    #[serde(rename = "GB")]
    Gb,
    /// In bytes that are kept for a month.
    #[serde(rename = "GB-month")]
    GbMonth,
    /// In MiB times microseconds.
    #[serde(rename = "GB-second")]
    GbSecond,
    #[serde(rename = "hour")]
    Hour,
    #[serde(rename = "month")]
    Month,
    #[serde(rename = "mail")]
    Mail,
    #[serde(rename = "payload unit")]
    Payload,
    #[serde(rename = "request")]
    Request,
    #[serde(rename = "request unit")]
    Capacity,
}

impl Unit {
    /// The quantity that is one of it.
    fn quantity(self) -> u128 {
        match self {
            Self::Gb | Self::GbMonth => GIB,
            Self::GbSecond => GB_SECOND,
            Self::Hour | Self::Month | Self::Mail | Self::Payload | Self::Request | Self::Capacity => 1,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    unit: Unit,
    /// So many units cost the price.
    #[serde(default = "one")]
    per: u128,
    usd: Option<String>,
    #[serde(default)]
    tiers: Vec<RawTier>,
    region: String,
    noted: String,
    source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTier {
    /// In units; the last tier has no end.
    up_to: Option<u128>,
    usd: String,
}

fn one() -> u128 {
    1
}

impl TryFrom<Raw> for Price {
    type Error = anyhow::Error;

    fn try_from(raw: Raw) -> Result<Self> {
        let Raw { unit, per, usd, tiers, region, noted, source } = raw;
        ensure!(per > 0, "`per` is nothing");
        ensure!(!region.is_empty(), "no region");
        ensure!(noted.len() == "2026-11-30".len(), "`noted` is no date");
        ensure!(source.starts_with("https://"), "`source` is no address");
        let tiers: Vec<RawTier> = usd.map(|usd| RawTier { up_to: None, usd }).into_iter().chain(tiers).collect();
        let ends: Vec<Option<u128>> = tiers.iter().map(|tier| tier.up_to).collect();
        ensure!(ends.iter().filter(|end| end.is_none()).count() == 1, "one tier, the last, has no `up_to`");
        ensure!(ends.last() == Some(&None), "the last tier has an `up_to`");
        ensure!(ends.iter().flatten().is_sorted_by(|first, next| first < next), "tiers are out of order");
        let quantity = unit.quantity();
        let tier = |tier: RawTier| -> Result<_> {
            Ok((tier.up_to.map(|units| units * quantity), decimal::parse(&tier.usd, money::DIGITS)?))
        };
        Ok(Self { tiers: tiers.into_iter().map(tier).collect::<Result<_>>()?, per: per * quantity })
    }
}

impl Price {
    /// What a quantity of a month costs: requests, bytes, MiB times microseconds. Rounded up to a picodollar.
    pub(super) fn of(&self, quantity: u128) -> Money {
        let mut begin = 0;
        let mut cost = 0;
        for (end, picodollars) in &self.tiers {
            let end = end.unwrap_or(u128::MAX).min(quantity);
            cost += end.saturating_sub(begin) * picodollars;
            begin = begin.max(end);
        }
        Money::of_picodollars(cost.div_ceil(self.per))
    }
}

impl Prices {
    /// Reads the table.
    ///
    /// # Errors
    /// With the file and the name, when a price has no unit, no source, or is no number.
    pub(super) fn load(root: &Path) -> Result<Self> {
        Self::parse(document(root, FILE)?)
    }

    pub(super) fn parse(mut document: Value) -> Result<Self> {
        let raw: BTreeMap<String, Raw> = entries(FILE, &mut document, "prices")?;
        let price = |(name, raw): (String, Raw)| {
            let price = Price::try_from(raw).with_context(|| format!("{FILE}: prices: {name}"))?;
            Ok((name, price))
        };
        raw.into_iter().map(price).collect::<Result<_>>().map(Self)
    }

    /// What a quantity costs of what has this name.
    ///
    /// # Errors
    /// When nothing has.
    pub(super) fn cost(&self, name: &str, quantity: u128) -> Result<Money> {
        let price = self.0.get(name).with_context(|| format!("{FILE}: prices: there is no `{name}`"))?;
        Ok(price.of(quantity))
    }

    /// All names.
    #[cfg(test)]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOURCE: &str = "https://aws.amazon.com/lambda/pricing/";

    fn price(mut raw: Value) -> Result<Prices> {
        let more = json!({"region": "us-east-1", "noted": "2026-11-30", "source": SOURCE});
        let more = more.as_object().unwrap().clone();
        raw.as_object_mut().unwrap().extend(more);
        Prices::parse(json!({"prices": {"a": raw}}))
    }

    #[test]
    fn a_million_calls_of_128_mib_and_100_ms_cost_what_a_hand_reckons() {
        // 10⁶ × 0.125 GB × 0.1 s = 12,500 GB-seconds; × 0.0000133334 = 0.1666675 dollars.
        let seconds = price(json!({"unit": "GB-second", "usd": "0.0000133334"})).unwrap();
        let cost = seconds.cost("a", 1_000_000 * 128 * 100_000).unwrap();
        assert_eq!(cost.text(7), "0.1666675");
        let requests = price(json!({"unit": "request", "per": 1_000_000, "usd": "0.20"})).unwrap();
        assert_eq!(requests.cost("a", 1_000_000).unwrap().text(2), "0.20");
    }

    #[test]
    fn each_part_of_a_quantity_costs_its_tier() {
        let tiers = json!([{"up_to": 10, "usd": "0.085"}, {"up_to": 50, "usd": "0.080"}, {"usd": "0.060"}]);
        let egress = price(json!({"unit": "GB", "tiers": tiers})).unwrap();
        // 10 × 0.085 + 40 × 0.08 + 50 × 0.06
        for (gb, usd) in [(0, "0.000"), (10, "0.850"), (11, "0.930"), (100, "7.050")] {
            assert_eq!(egress.cost("a", gb * GIB).unwrap().text(3), usd, "{gb}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_name() {
        for (raw, told) in [
            (json!({"usd": "1"}), "missing field `unit`"),
            (json!({"unit": "league", "usd": "1"}), "unknown variant `league`"),
            (json!({"unit": "hour", "usd": "1e3"}), "is no decimal"),
            (json!({"unit": "hour"}), "has no `up_to`"),
            (json!({"unit": "hour", "tiers": [{"up_to": 5, "usd": "1"}]}), "has no `up_to`"),
            (
                json!({"unit": "hour", "tiers": [{"up_to": 5, "usd": "1"}, {"up_to": 2, "usd": "1"}, {"usd": "1"}]}),
                "out of order",
            ),
        ] {
            let error = format!("{:#}", price(raw).unwrap_err());
            assert!(error.contains("docs/benchmarks/prices.json: prices: a") && error.contains(told), "{error}");
        }
        let known = price(json!({"unit": "hour", "usd": "1"})).unwrap();
        let error = known.cost("b", 1).unwrap_err().to_string();
        assert!(error.contains("prices.json: prices: there is no `b`"), "{error}");
    }
}
