//! The key that signs the addresses of segments.

use kernel::signed_url::{PublicKey, SigningKey};
use runtime::{Boot, BootError};

use crate::secret::Key;

/// The key behind `url-signing-key`. CloudFront gives its public half an id (`URL_KEY_PAIR_ID`); the local edge has one key and takes any.
pub fn signing_key(boot: &Boot) -> Result<Key<SigningKey>, BootError> {
    let id = boot.var("URL_KEY_PAIR_ID");
    Key::new(boot, "url-signing-key", move |pkcs8| {
        let id = match &id {
            Some(id) => id.clone(),
            None => PublicKey::from_pkcs8(pkcs8).map_err(|error| error.to_string())?.local_id(),
        };
        SigningKey::from_pkcs8(pkcs8, &id).map_err(|error| error.to_string())
    })
}
