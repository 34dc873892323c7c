//! Money in minor units; never a float.

use serde::{Deserialize, Serialize};

/// An amount in a currency's minor unit: `{"amount": 29900, "currency": "RUB"}` is 299 roubles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units; negative for a credit.
    pub amount: i64,
    /// ISO 4217 code in capitals.
    #[schema(pattern = "^[A-Z]{3}$", example = "RUB")]
    pub currency: String,
}
