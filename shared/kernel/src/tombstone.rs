//! What may stay of somebody who was erased: enough to know a late event again, nothing that leads back to them.

use std::fmt::Write as _;

use crate::{id::Id, sha256};

/// SHA-256 of an id's text, hexadecimal. Ids carry more than 70 random bits: nobody finds one by trying.
pub fn tombstone(id: impl Id) -> String {
    sha256(id.to_string()).iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{AccountId, ProfileId};

    #[test]
    fn a_tombstone_is_the_digest_of_the_text_that_others_know() {
        let id: AccountId = "acc_01jd3k5m7n9pqrstvwxyz01234".parse().unwrap();
        let stone = tombstone(id);
        assert_eq!(stone.len(), 64);
        assert!(!stone.contains("01jd3k5m7n9pqrstvwxyz01234"));
        assert_ne!(
            tombstone(AccountId::from_uuid(Uuid::from_u128(7))),
            tombstone(ProfileId::from_uuid(Uuid::from_u128(7)))
        );
    }
}
