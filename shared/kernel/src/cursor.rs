//! Opaque, signed paging cursors: a client can carry them, not read or change them, nor use one on another list.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Serialize, de::DeserializeOwned};

const TAG_BYTES: usize = 16;

/// The key that signs cursors.
#[derive(Clone)]
pub struct CursorKey(hmac::Key);

/// The cursor is malformed, forged or belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not valid for this list")]
pub struct CursorError;

/// What stands behind a cursor.
pub struct Cursor;

impl CursorKey {
    /// A key from at least 32 secret bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    fn tag(&self, list: &str, body: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&(list.len() as u64).to_be_bytes());
        context.update(list.as_bytes());
        context.update(body);
        context.sign()
    }
}

impl Cursor {
    /// Signs a position for `list`: the operation's name with its filters, so that a cursor fits only the query it came from.
    pub fn seal(key: &CursorKey, list: &str, position: &impl Serialize) -> String {
        let body = serde_json::to_vec(position).unwrap_or_default();
        let mut sealed = key.tag(list, &body).as_ref()[..TAG_BYTES].to_vec();
        sealed.extend_from_slice(&body);
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    /// Reads a position back.
    pub fn open<T: DeserializeOwned>(key: &CursorKey, list: &str, cursor: &str) -> Result<T, CursorError> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| CursorError)?;
        let (tag, body) = sealed.split_at_checked(TAG_BYTES).ok_or(CursorError)?;
        let expected = key.tag(list, body);
        // Comparing tags of tags takes the same time for every wrong tag.
        if key.tag("", tag).as_ref() != key.tag("", &expected.as_ref()[..TAG_BYTES]).as_ref() {
            return Err(CursorError);
        }
        serde_json::from_slice(body).map_err(|_| CursorError)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_fits_only_its_list_and_key() {
        let (key, other) = (CursorKey::new(&[1; 32]), CursorKey::new(&[2; 32]));
        let cursor = Cursor::seal(&key, "titles?genre=drama", &("2026", 7));
        assert_eq!(Cursor::open::<(String, u32)>(&key, "titles?genre=drama", &cursor), Ok(("2026".to_owned(), 7)));
        assert!(Cursor::open::<(String, u32)>(&key, "titles?genre=comedy", &cursor).is_err());
        assert!(Cursor::open::<(String, u32)>(&other, "titles?genre=drama", &cursor).is_err());
    }

    proptest! {
        #[test]
        fn a_changed_cursor_is_refused(at in 0usize..20, with in 0u8..64) {
            let key = CursorKey::new(&[1; 32]);
            let cursor = Cursor::seal(&key, "list", &"position");
            let mut changed = cursor.clone().into_bytes();
            changed[at] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[with as usize];
            let changed = String::from_utf8(changed).unwrap();
            prop_assert!(changed == cursor || Cursor::open::<String>(&key, "list", &changed).is_err());
        }
    }
}
