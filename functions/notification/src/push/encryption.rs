//! Encryption of a push message (RFC 8291): between it and the browser nobody reads it, its push service included.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Salt},
    rand::SystemRandom,
};

const PUBLIC_KEY_BYTES: usize = 65;
const SECRET_BYTES: usize = 16;
/// Of the one record that a message is; what push services must take.
const RECORD_SIZE: u32 = 4096;
/// Ends the last record (RFC 8188).
const LAST_RECORD: u8 = 2;
/// Header of 86, delimiter of 1 and tag of 16 bytes are the record's too.
const LONGEST_MESSAGE: usize = RECORD_SIZE as usize - 103;

/// A key is not what a browser makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedKey {
    /// `p256dh` is no point of P-256, uncompressed, in base64url.
    #[error("is no public key of P-256 in base64url")]
    PublicKey,
    /// `auth` is not 16 bytes in base64url.
    #[error("is not 16 bytes in base64url")]
    Secret,
}

/// What a browser lets those know who may write to it.
#[derive(Clone, PartialEq, Eq)]
pub struct BrowserKeys {
    public: [u8; PUBLIC_KEY_BYTES],
    secret: [u8; SECRET_BYTES],
}

impl BrowserKeys {
    /// Reads `p256dh` and `auth` of a subscription.
    ///
    /// # Errors
    /// Which of them is none.
    pub fn parse(p256dh: &str, auth: &str) -> Result<Self, MalformedKey> {
        let public = decoded(p256dh).ok_or(MalformedKey::PublicKey)?;
        let secret = decoded(auth).ok_or(MalformedKey::Secret)?;
        let keys = Self { public, secret };
        // Whether it lies on the curve shows when something is agreed upon.
        keys.agree().map_err(|_| MalformedKey::PublicKey)?;
        Ok(keys)
    }

    /// From a record; `None` where it holds no keys.
    pub fn from_bytes(public: &[u8], secret: &[u8]) -> Option<Self> {
        Some(Self { public: public.try_into().ok()?, secret: secret.try_into().ok()? })
    }

    /// For a record: the public key and the secret.
    pub fn bytes(&self) -> (&[u8], &[u8]) {
        (&self.public, &self.secret)
    }

    /// Seals a message for the browser; `salt` is random. `None` for a message that is too long.
    ///
    /// # Errors
    /// When no key could be made.
    pub fn seal(&self, message: &[u8], salt: [u8; SECRET_BYTES]) -> Result<Option<Vec<u8>>, Unspecified> {
        if message.len() > LONGEST_MESSAGE {
            return Ok(None);
        }
        let (own, shared) = self.agree()?;
        self.seal_with(message, salt, &own, &shared).map(Some)
    }

    /// A key for one message, and what the two have in common.
    fn agree(&self) -> Result<(Vec<u8>, Vec<u8>), Unspecified> {
        let own = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new())?;
        let public = own.compute_public_key()?.as_ref().to_vec();
        let browser = UnparsedPublicKey::new(&ECDH_P256, &self.public);
        let shared = agree_ephemeral(own, &browser, <[u8]>::to_vec)?;
        Ok((public, shared))
    }

    fn seal_with(
        &self,
        message: &[u8],
        salt: [u8; SECRET_BYTES],
        own: &[u8],
        shared: &[u8],
    ) -> Result<Vec<u8>, Unspecified> {
        let info: [&[u8]; 4] = [b"WebPush: info", &[0], &self.public, own];
        let keying: [u8; 32] = derived(&self.secret, shared, &info)?;
        let key: [u8; 16] = derived(&salt, &keying, &[b"Content-Encoding: aes128gcm\0"])?;
        let nonce: [u8; 12] = derived(&salt, &keying, &[b"Content-Encoding: nonce\0"])?;
        let mut record = message.to_vec();
        record.push(LAST_RECORD);
        let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key)?);
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut record)?;
        let mut sealed = salt.to_vec();
        sealed.extend(RECORD_SIZE.to_be_bytes());
        sealed.push(PUBLIC_KEY_BYTES as u8);
        sealed.extend(own);
        sealed.extend(record);
        Ok(sealed)
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF (RFC 5869), extract and expand.
fn derived<const N: usize>(salt: &[u8], secret: &[u8], info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    Salt::new(HKDF_SHA256, salt).extract(secret).expand(info, Length(N))?.fill(&mut out)?;
    Ok(out)
}

fn decoded<const N: usize>(text: &str) -> Option<[u8; N]> {
    // Some browsers pad.
    BASE64_URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 8291, appendix A.
    const PUBLIC: &str = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const SECRET: &str = "BTBZMqHH6r4Tts7J_aSIgg";
    const OWN: &str = "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";
    const SHARED: &str = "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs";
    const SALT: &str = "DGv6ra1nlYgDCS1FRnbzlw";
    const SEALED: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_\
                          yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    #[test]
    fn the_example_of_the_rfc_comes_out_byte_for_byte() {
        let keys = BrowserKeys::parse(PUBLIC, SECRET).unwrap();
        let (own, shared): ([u8; 65], [u8; 32]) = (decoded(OWN).unwrap(), decoded(SHARED).unwrap());
        let message = b"When I grow up, I want to be a watermelon";
        let sealed = keys.seal_with(message, decoded(SALT).unwrap(), &own, &shared).unwrap();
        assert_eq!(BASE64_URL_SAFE_NO_PAD.encode(sealed), SEALED);
    }

    #[test]
    fn a_message_fits_a_record_or_is_none() {
        let keys = BrowserKeys::parse(PUBLIC, SECRET).unwrap();
        let sealed = |length: usize| keys.seal(&vec![b'x'; length], [7; 16]).unwrap().map(|sealed| sealed.len());
        assert_eq!(sealed(LONGEST_MESSAGE), Some(RECORD_SIZE as usize));
        assert_eq!(sealed(LONGEST_MESSAGE + 1), None);
        assert_ne!(keys.seal(b"x", [7; 16]).unwrap(), keys.seal(b"x", [7; 16]).unwrap(), "a key for each message");
    }

    #[test]
    fn keys_that_no_browser_makes_are_refused() {
        let parse = |public: &str, secret: &str| BrowserKeys::parse(public, secret).err();
        let mut off_the_curve = BASE64_URL_SAFE_NO_PAD.decode(PUBLIC).unwrap();
        off_the_curve[64] ^= 1;
        let off_the_curve = BASE64_URL_SAFE_NO_PAD.encode(off_the_curve);
        let megabytes = "A".repeat(2_000_000);
        for wrong in ["", "BCVx", &PUBLIC[1..], &format!("{PUBLIC}AA"), "!", &off_the_curve, &megabytes] {
            assert_eq!(parse(wrong, SECRET), Some(MalformedKey::PublicKey));
        }
        for wrong in ["", "BTBZ", &format!("{SECRET}AA"), "*", &megabytes] {
            assert_eq!(parse(PUBLIC, wrong), Some(MalformedKey::Secret));
        }
        assert_eq!(parse(&format!("{PUBLIC}="), &format!("{SECRET}==")), None);
    }
}
