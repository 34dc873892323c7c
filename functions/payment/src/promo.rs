//! Promo codes: a share of the price off the first periods, for a limited number of accounts, once each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use time::OffsetDateTime;
use utoipa::ToSchema;

/// A promo code: 3 to 32 capital letters, digits and dashes; small letters are read as capitals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9-]{3,32}$", example = "SPRING-2027")]
pub struct Code(String);

impl Code {
    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?.to_ascii_uppercase();
        let is_code = (3..=32).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
        if is_code { Ok(Self(text)) } else { Err(D::Error::custom("must be 3 to 32 letters, digits and dashes")) }
    }
}

/// A promo code with its limits.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Promo {
    /// What people type.
    pub code: Code,
    /// Taken off each period.
    #[schema(minimum = 1, maximum = 100)]
    pub percent_off: u8,
    /// How many periods it takes something off.
    #[schema(minimum = 1, maximum = 120)]
    pub periods: u32,
    /// How many accounts may use it; any number without.
    #[schema(minimum = 1, maximum = 2147483647)]
    pub most_uses: Option<u32>,
    /// First moment at which it can be used.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub valid_from: Option<OffsetDateTime>,
    /// First moment at which it cannot any more.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub valid_until: Option<OffsetDateTime>,
}

impl Promo {
    /// Every limit that makes no sense: where, and why.
    pub fn violations(&self, now: OffsetDateTime) -> Vec<(&'static str, &'static str)> {
        let in_range = i32::try_from(self.most_uses.unwrap_or(1)).is_ok_and(|most| most > 0);
        let is_never = self.valid_until.is_some_and(|until| until <= self.valid_from.unwrap_or(now).max(now));
        [
            (!(1..=100).contains(&self.percent_off), "/percent_off", "must be 1 to 100"),
            (!(1..=120).contains(&self.periods), "/periods", "must be 1 to 120"),
            (!in_range, "/most_uses", "must be 1 to 2147483647"),
            (is_never, "/valid_until", "must be after valid_from, and to come"),
        ]
        .into_iter()
        .filter_map(|(is_wrong, pointer, reason)| is_wrong.then_some((pointer, reason)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use time::macros::datetime;

    use super::*;

    fn promo(change: (&str, Value)) -> Result<Vec<&'static str>, serde_json::Error> {
        let mut body = json!({"code": "spring-2027", "percent_off": 50, "periods": 3, "most_uses": 10});
        body[change.0] = change.1;
        let promo: Promo = serde_json::from_value(body)?;
        Ok(promo.violations(datetime!(2027-01-01 00:00 UTC)).into_iter().map(|(pointer, _)| pointer).collect())
    }

    #[test]
    fn small_letters_are_read_as_capitals() {
        let code: Code = serde_json::from_value(json!("spring-2027")).unwrap();
        assert_eq!((code.as_str(), code.to_string().as_str()), ("SPRING-2027", "SPRING-2027"));
    }

    #[test]
    fn limits_that_make_no_sense_are_named() {
        assert_eq!(promo(("periods", json!(3))).unwrap(), Vec::<&str>::new());
        for (name, value) in [
            ("percent_off", json!(0)),
            ("percent_off", json!(101)),
            ("periods", json!(0)),
            ("periods", json!(121)),
            ("most_uses", json!(0)),
            ("most_uses", json!(2_147_483_648u32)),
            ("valid_until", json!("2026-12-31T00:00:00Z")),
        ] {
            assert_eq!(promo((name, value)).unwrap(), [format!("/{name}")]);
        }
        for code in ["", "ab", "spring 2027", "весна", &"A".repeat(33)] {
            assert!(promo(("code", json!(code))).is_err(), "{code}");
        }
        assert!(promo(("percent_off", json!(2.5))).is_err());
    }
}
