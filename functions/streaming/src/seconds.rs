//! A number of seconds that a client sends.

use serde::{Deserialize, Deserializer, de::Error as _};

/// Longer than any film: a day.
const MOST: f64 = 86_400.0;

/// From 0 to a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seconds(pub f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        if (0.0..=MOST).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(D::Error::custom("must be from 0 to 86400"))
        }
    }
}

impl utoipa::PartialSchema for Seconds {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Number)
            .minimum(Some(0))
            .maximum(Some(86_400))
            .into()
    }
}

impl utoipa::ToSchema for Seconds {}
