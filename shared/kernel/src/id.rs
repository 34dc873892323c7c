//! Typed, prefixed, sortable and opaque ids: `ttl_` + lower-case Crockford base32 of a UUIDv7 (26 characters).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::OffsetDateTime;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const DIGITS: usize = 26;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that begins with `{prefix}_`")]
pub struct IdError {
    /// The prefix that was expected, without the underscore.
    pub prefix: &'static str,
}

/// What all id types have in common.
pub trait Id: Copy + fmt::Display + FromStr<Err = IdError> {
    /// The prefix without its underscore.
    const PREFIX: &'static str;
    /// Wraps an existing UUID.
    fn from_uuid(uuid: Uuid) -> Self;
    /// The UUID behind the text.
    fn uuid(self) -> Uuid;
    /// A UUIDv7 from a time and ten random bytes.
    fn from_parts(now: OffsetDateTime, random: [u8; 10]) -> Self {
        let millis = u64::try_from(now.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        Self::from_uuid(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
    /// The id that follows from a text: whoever makes it again makes the same one. It does not sort by time.
    fn derived(text: &str) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&crate::sha256(text)[..16]);
        Self::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

fn encode(prefix: &str, uuid: Uuid, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let value = uuid.as_u128();
    let mut digits = [0u8; DIGITS];
    for (place, digit) in digits.iter_mut().enumerate() {
        let shift = 5 * (DIGITS - 1 - place);
        *digit = ALPHABET[((value >> shift) & 31) as usize];
    }
    write!(f, "{prefix}_{}", std::str::from_utf8(&digits).unwrap_or_default())
}

fn decode(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    let wrong = IdError { prefix };
    let digits = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_')).ok_or(wrong)?.as_bytes();
    // The first of 26 digits holds three bits only: 26 * 5 = 130.
    if digits.len() != DIGITS || digits[0] > b'7' {
        return Err(wrong);
    }
    let mut value = 0u128;
    for digit in digits {
        let place = ALPHABET.iter().position(|letter| letter == digit).ok_or(wrong)?;
        value = (value << 5) | place as u128;
    }
    Ok(Uuid::from_u128(value))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl Id for $name {
            const PREFIX: &'static str = $prefix;
            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                encode($prefix, self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                decode($prefix, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-7][0-9a-hjkmnp-tv-z]{25}$")))
                    .examples([concat!($prefix, "_01jd3k5m7n9pqrstvwxyz01234")])
                    .into()
            }
        }

        impl utoipa::ToSchema for $name {}

        crate::sql::as_text!($name);
    )+};
}

ids! {
    /// A customer's account.
    AccountId = "acc";
    /// A viewer profile of an account.
    ProfileId = "prf";
    /// A film, series, season or episode.
    TitleId = "ttl";
    /// A person who made or plays in a title.
    PersonId = "per";
    /// A transcoded source.
    AssetId = "ast";
    /// An upload of a source.
    UploadId = "upl";
    /// A picture that an editor uploads for a title.
    ArtworkId = "art";
    /// A login session (refresh-token family).
    SessionId = "ses";
    /// A playback session.
    PlaybackId = "pbs";
    /// A subscription.
    SubscriptionId = "sub";
    /// A payment: one attempt to collect an invoice. Its key at the provider as well.
    PaymentId = "pay";
    /// An invoice.
    InvoiceId = "inv";
    /// Money given back. Its key at the provider as well.
    RefundId = "rfd";
    /// A saved way to pay.
    MethodId = "pmt";
    /// A version of a price, of a plan or of a title.
    PriceId = "prc";
    /// A single title that somebody rents or buys.
    PurchaseId = "pur";
    /// An event.
    EventId = "evt";
    /// A mail or push message.
    MessageId = "msg";
    /// What a person was told of one fact, on whatever channels.
    NotificationId = "ntf";
    /// What an editor tells many people at once.
    CampaignId = "cmp";
    /// A browser that gets push messages.
    PushDeviceId = "dev";
    /// A request to forget a person.
    ErasureId = "era";
    /// A copy of what is held on a person.
    ExportId = "exp";
    /// One search, to which clicks refer.
    QueryId = "qry";
    /// What a person was shown at once, to which explanations refer.
    ImpressionId = "imp";
    /// The history of another service that a profile brings along.
    HistoryImportId = "him";
    /// Titles that an editor has filled in by a provider of metadata.
    MetadataImportId = "mim";
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn text_round_trips_and_keeps_order(a: u128, b: u128) {
            let (a, b) = (TitleId::from_uuid(Uuid::from_u128(a)), TitleId::from_uuid(Uuid::from_u128(b)));
            prop_assert_eq!(a.to_string().parse::<TitleId>(), Ok(a));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn nothing_else_parses(text in "\\PC{0,40}") {
            prop_assert!(text.parse::<TitleId>().is_err() || text.parse::<TitleId>().unwrap().to_string() == text);
        }
    }

    #[test]
    fn a_derived_id_follows_from_its_text_alone() {
        assert_eq!(InvoiceId::derived("a"), InvoiceId::derived("a"));
        assert_ne!(InvoiceId::derived("a"), InvoiceId::derived("b"));
        assert_eq!(InvoiceId::derived("a").to_string().parse(), Ok(InvoiceId::derived("a")));
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        let title = TitleId::from_uuid(Uuid::from_u128(7)).to_string();
        assert!(title.parse::<AccountId>().is_err());
        assert!(title.to_uppercase().parse::<TitleId>().is_err());
    }
}
