//! The link at the foot of marketing mails: it names the account and is signed, so that nobody makes one up for somebody else.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kernel::AccountId;
use ring::hmac;
use runtime::{FromSecret, Vars};

/// Signs links. They never expire: whoever finds an old mail may still want no more of them.
pub struct UnsubscribeKey(hmac::Key);

impl FromSecret for UnsubscribeKey {
    const SECRET: &'static str = "unsubscribe-key";

    fn from_secret(bytes: &[u8], _: &Vars) -> Result<Self, String> {
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }
}

impl UnsubscribeKey {
    /// The token of an account: its id and a signature.
    pub fn token(&self, account: AccountId) -> String {
        let tag = hmac::sign(&self.0, signed(account).as_bytes());
        format!("{account}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
    }

    /// The account of a token that was made here.
    pub fn account(&self, token: &str) -> Option<AccountId> {
        let (account, tag) = token.split_once('.')?;
        let (account, tag): (AccountId, _) = (account.parse().ok()?, BASE64_URL_SAFE_NO_PAD.decode(tag).ok()?);
        hmac::verify(&self.0, signed(account).as_bytes(), &tag).ok().map(|()| account)
    }
}

fn signed(account: AccountId) -> String {
    format!("unsubscribe from marketing {account}")
}

/// The path below which links lead.
pub fn path(token: &str) -> String {
    format!("/v1/unsubscribe/{token}")
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    fn key(byte: u8) -> UnsubscribeKey {
        UnsubscribeKey::from_secret(&[byte; 32], &Vars::default()).unwrap()
    }

    #[test]
    fn only_a_token_that_was_made_here_names_an_account() {
        let (anna, boris): (AccountId, AccountId) = (World::system().id(), World::system().id());
        let token = key(1).token(anna);
        assert_eq!(key(1).account(&token), Some(anna));
        assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "{token}");
        assert_eq!(key(2).account(&token), None);
        for forged in [
            token.replace(&anna.to_string(), &boris.to_string()),
            token[..token.len() - 1].to_owned(),
            format!("{token}A"),
            format!("{token}=="),
            anna.to_string(),
            format!("{anna}."),
            String::new(),
            ".".to_owned(),
        ] {
            assert_eq!(key(1).account(&forged), None, "{forged}");
        }
    }
}
