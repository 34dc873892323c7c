//! What a profile thinks of a title.

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

/// From 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u8, minimum = 1, maximum = 10, example = 8)]
pub struct Stars(u8);

impl From<Stars> for i16 {
    fn from(stars: Stars) -> Self {
        stars.0.into()
    }
}

/// A number that is no rating.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number from 1 to 10")]
pub struct NotStars;

impl TryFrom<i16> for Stars {
    type Error = NotStars;

    fn try_from(value: i16) -> Result<Self, NotStars> {
        u8::try_from(value).ok().filter(|value| (1..=10).contains(value)).map(Self).ok_or(NotStars)
    }
}

impl<'de> Deserialize<'de> for Stars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(i16::from(u8::deserialize(deserializer)?)).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rating_is_one_to_ten() {
        for wrong in [json!(0), json!(11), json!(5.5), json!("5"), json!(null), json!(-1), json!(1000)] {
            assert!(serde_json::from_value::<Stars>(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(i16::from(serde_json::from_value::<Stars>(json!(10)).unwrap()), 10);
    }
}
