//! The secret by which functions know the edge.

use ring::hmac;

/// The secret that the edge sends along, kept as a keyed digest: comparing digests takes the same time for every wrong text.
pub(crate) struct OriginSecret {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl OriginSecret {
    pub(crate) fn new(secret: &str, salt: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, salt);
        let tag = hmac::sign(&key, secret.as_bytes());
        Self { key, tag }
    }

    pub(crate) fn is(&self, candidate: &[u8]) -> bool {
        hmac::verify(&self.key, candidate, self.tag.as_ref()).is_ok()
    }
}
