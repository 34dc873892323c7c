//! An e-mail address as the identity of an account.
//!
//! Only ASCII is kept and mailed to: the local part as it is typed (RFC 5321 dot-atom), the domain as UTS 46 writes it in DNS, both in lower
//! case. Two spellings of one address are one account, and `bücher.example` is `xn--bcher-kva.example`.

use std::{fmt, str::FromStr};

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Deserializer, de::Error as _};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, schema::Type};

use crate::column::text_column;

const MAX_ADDRESS: usize = 254;
const MAX_LOCAL: usize = 64;
/// No domain of DNS takes more bytes in any spelling; what is longer is not looked at.
const MAX_TYPED: usize = 2_000;

/// Domains that give addresses away for a few minutes; registering from them is limited harder.
const DISPOSABLE: &[&str] = &[
    "10minutemail.com",
    "dispostable.com",
    "fakeinbox.com",
    "getnada.com",
    "guerrillamail.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "moakt.com",
    "sharklasers.com",
    "temp-mail.org",
    "tempmail.com",
    "throwawaymail.com",
    "trashmail.com",
    "yopmail.com",
];

/// Domains of which so many people have their mailbox that the number of mails to them says nothing.
const BIG_PROVIDERS: &[&str] = &[
    "126.com",
    "163.com",
    "aol.com",
    "att.net",
    "bk.ru",
    "bluewin.ch",
    "btinternet.com",
    "comcast.net",
    "fastmail.com",
    "free.fr",
    "freenet.de",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.co.uk",
    "hotmail.com",
    "hotmail.de",
    "hotmail.fr",
    "hotmail.it",
    "icloud.com",
    "inbox.ru",
    "interia.pl",
    "laposte.net",
    "libero.it",
    "list.ru",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "naver.com",
    "o2.pl",
    "orange.fr",
    "outlook.com",
    "outlook.de",
    "outlook.fr",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "rambler.ru",
    "seznam.cz",
    "sfr.fr",
    "t-online.de",
    "ukr.net",
    "verizon.net",
    "virgilio.it",
    "wanadoo.fr",
    "web.de",
    "wp.pl",
    "ya.ru",
    "yahoo.co.jp",
    "yahoo.co.uk",
    "yahoo.com",
    "yahoo.com.br",
    "yahoo.de",
    "yahoo.fr",
    "yandex.com",
    "yandex.ru",
];

/// A valid address in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// Why a text is not an address that can have an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Without a name and a domain, or with signs that no address has.
    #[error("not an e-mail address such as name@example.com")]
    NotAnAddress,
    /// Mails to it would take SMTPUTF8 (RFC 6531), which the mailer does not speak.
    #[error("only latin letters, digits and signs can stand before the @")]
    LocalNotAscii,
    /// The domain cannot be one of DNS.
    #[error("what stands after the @ is not the name of a domain")]
    Domain,
    /// After the domain was converted.
    #[error("longer than an e-mail address can be")]
    TooLong,
}

impl Email {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(local, _)| local)
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The mailbox behind it, as far as its form tells: without what stands behind a `+` (RFC 5233), and at Google without dots. For counting
    /// mails only; the account's address is what was typed.
    pub fn mailbox(&self) -> String {
        let (local, domain) = (self.local(), self.domain());
        let name = local.split_once('+').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(local);
        match domain {
            "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
            _ => format!("{name}@{domain}"),
        }
    }

    /// Whether so many people have their mailbox there that many mails mean nothing.
    pub fn has_big_provider(&self) -> bool {
        BIG_PROVIDERS.contains(&self.domain())
    }

    /// Whom the domain belongs to, as far as its form tells: its last two labels, or three under a short second one such as `co.uk`. Names
    /// below a domain cost its owner nothing.
    pub fn organisation(&self) -> &str {
        let domain = self.domain();
        let labels: Vec<&str> = domain.rsplit('.').collect();
        let has_shared_end = matches!(labels.as_slice(), [top, second, ..] if top.len() == 2 && second.len() <= 3);
        let kept: usize = labels.iter().take(if has_shared_end { 3 } else { 2 }).map(|label| label.len() + 1).sum();
        domain.get((domain.len() + 1).saturating_sub(kept)..).unwrap_or(domain)
    }

    /// For a mail that somebody else may read: `v***@example.com`.
    pub fn masked(&self) -> String {
        format!("{}***@{}", self.local().chars().take(1).collect::<String>(), self.domain())
    }

    /// The known throw-away domain that the address belongs to.
    pub fn disposable_domain(&self) -> Option<&'static str> {
        let domain = self.domain();
        let belongs =
            |known: &str| domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        DISPOSABLE.iter().copied().find(|known| belongs(known))
    }
}

impl FromStr for Email {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > MAX_TYPED {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::NotAnAddress)?;
        if !local.is_ascii() {
            return Err(EmailError::LocalNotAscii);
        }
        if !is_local(local) || domain.is_empty() {
            return Err(EmailError::NotAnAddress);
        }
        let domain = domain_in_dns(domain).ok_or(EmailError::Domain)?;
        let address = format!("{}@{domain}", local.to_ascii_lowercase());
        if local.len() > MAX_LOCAL || address.len() > MAX_ADDRESS {
            Err(EmailError::TooLong)
        } else {
            Ok(Self(address))
        }
    }
}

fn is_local(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
    };
    local.split('.').all(is_atom)
}

/// A domain with a top level and something below it, as DNS has it (UTS 46, `ToASCII` without transitional processing), in labels of at most
/// 63 characters. The dot of the root is dropped: with it or without it is one domain.
fn domain_in_dns(domain: &str) -> Option<String> {
    let (deny, hyphens) = (AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    let domain = Uts46::new().to_ascii(domain.as_bytes(), deny, hyphens, DnsLength::VerifyAllowRootDot).ok()?;
    let domain = domain.strip_suffix('.').unwrap_or(&domain);
    let (_, top) = domain.rsplit_once('.')?;
    (!top.bytes().all(|byte| byte.is_ascii_digit())).then(|| domain.to_owned())
}

/// An address does not belong into a log.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl utoipa::PartialSchema for Email {
    fn schema() -> RefOr<Schema> {
        let schema = ObjectBuilder::new().schema_type(Type::String).max_length(Some(MAX_ADDRESS));
        schema
            .description(Some("E-mail address; upper and lower case are the same. The domain may be international."))
            .examples(["viewer@example.com"])
            .into()
    }
}

impl utoipa::ToSchema for Email {}

text_column!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_one_account() {
        let email: Email = " Alice.B+tv@Example.COM ".parse().unwrap();
        assert_eq!(email.as_str(), "alice.b+tv@example.com");
        assert_eq!((email.local(), email.domain()), ("alice.b+tv", "example.com"));
        assert_eq!(format!("{email:?}"), "Email");
        assert_eq!(email.masked(), "a***@example.com");
    }

    #[test]
    fn one_domain_is_one_address_however_it_is_written() {
        for domain in [
            "bücher.example",
            "BÜCHER.EXAMPLE",
            "bu\u{308}cher.example",
            "BU\u{308}cher.example",
            "xn--bcher-kva.example",
            "XN--BCHER-KVA.Example",
            "bücher.example.",
            "bücher。example",
            "bücher．example｡",
            "ｂüｃｈｅｒ.ｅｘａｍｐｌｅ",
            "bü\u{ad}cher.example",
        ] {
            let email: Email = format!("Name@{domain}").parse().unwrap_or_else(|error| panic!("{domain}: {error}"));
            assert_eq!(email.as_str(), "name@xn--bcher-kva.example", "{domain}");
            assert_eq!(email.as_str().parse(), Ok(email), "what is stored is read as it was");
        }
        for (typed, stored) in [
            ("a@пример.рф", "a@xn--e1afmkfd.xn--p1ai"),
            ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
            // Not the transitional mapping: this is another domain than fass.de.
            ("a@faß.de", "a@xn--fa-hia.de"),
            ("a@r3---sn.example.com", "a@r3---sn.example.com"),
        ] {
            assert_eq!(typed.parse::<Email>().unwrap().as_str(), stored);
        }
        // What only looks like another domain is not that domain.
        assert_ne!("a@ex\u{430}mple.com".parse::<Email>(), "a@example.com".parse());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let label = "a".repeat(64);
        for text in [
            "",
            "@",
            "a@",
            "@example.com",
            "a@localhost",
            "a@localhost.",
            "a b@example.com",
            "a..b@example.com",
            ".a@example.com",
            "a@-x.com",
            "a@x-.com",
            "a@exa_mple.com",
            "a@192.0.2.1",
            "a@１９２.0.2.１",
            "a@[192.0.2.1]",
            "a@example..com",
            "a@example.com..",
            "a@.example.com",
            "a@xn--",
            "a@xn--a.example",
            "a@xn--bcher-kvaü.example",
            "a@xn--example-.com",
            "a@exa\u{200d}mple.com",
            "a@\u{301}x.com",
            "a@exam ple.com",
            "a\0@example.com",
            "a@exam\0ple.com",
            "a@example.com\r\nx",
            &format!("a@{label}.com"),
            // 63 letters that DNS cannot hold any more.
            &format!("a@{}.com", "ü".repeat(63)),
            "\"a b\"@example.com",
        ] {
            assert!(text.parse::<Email>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_reason_tells_what_to_change() {
        let reason = |text: &str| text.parse::<Email>().unwrap_err();
        assert_eq!(reason("nobody"), EmailError::NotAnAddress);
        for local in ["\u{430}", "ａ", "имя", "josé", "a\u{200b}"] {
            assert_eq!(reason(&format!("{local}@example.com")), EmailError::LocalNotAscii, "{local}");
        }
        assert_eq!(reason("a@xn--a.example"), EmailError::Domain);
        assert_eq!(reason(&format!("{}@example.com", "a".repeat(65))), EmailError::TooLong);
        assert!(format!("{}@example.com", "a".repeat(64)).parse::<Email>().is_ok());
        assert_eq!(reason(&"a@".repeat(100_000)), EmailError::TooLong);
    }

    #[test]
    fn lengths_are_those_after_the_conversion() {
        // In DNS each of the first labels has 16 characters, and 13 of them with their dots 221.
        let of = |labels: usize, last: usize| {
            format!("a@{}{}.example", "ü23456789.".repeat(labels), "x".repeat(last)).parse::<Email>()
        };
        let longest = (1..=63).filter_map(|last| of(13, last).ok()).max_by_key(|email| email.as_str().len()).unwrap();
        assert_eq!(longest.as_str().len(), MAX_ADDRESS);
        assert!(of(14, 1).is_ok() && of(15, 1).is_err());
    }

    #[test]
    fn spellings_of_one_mailbox_count_together() {
        let mailbox = |text: &str| text.parse::<Email>().unwrap().mailbox();
        for text in ["a.b+1@gmail.com", "AB@googlemail.com", "a.b@GMAIL.com.", "a.b+x+y@gmail.com"] {
            assert_eq!(mailbox(text), "ab@gmail.com");
        }
        for text in ["a.b@bücher.example", "A.b+tv@xn--bcher-kva.example", "a.b+@bücher.example"] {
            assert_eq!(mailbox(text), "a.b@xn--bcher-kva.example");
        }
        // Dots make two mailboxes elsewhere, and a name of nothing but a tag is a name.
        assert_ne!(mailbox("a.b@example.com"), mailbox("ab@example.com"));
        assert_ne!(mailbox("+a@example.com"), mailbox("+b@example.com"));
    }

    #[test]
    fn names_below_a_domain_count_with_it() {
        for (text, owner) in [
            ("a@evil.example", "evil.example"),
            ("a@x1.x2.evil.example", "evil.example"),
            ("a@mail.evil.co.uk", "evil.co.uk"),
            ("a@evil.co.uk", "evil.co.uk"),
            ("a@cs.school.edu", "school.edu"),
            ("a@x.bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(text.parse::<Email>().unwrap().organisation(), owner);
        }
        assert!("a@gmail.com".parse::<Email>().unwrap().has_big_provider());
        assert!(!"a@x.gmail.com".parse::<Email>().unwrap().has_big_provider());
    }

    #[test]
    fn throw_away_domains_are_known_with_their_subdomains() {
        let of = |text: &str| text.parse::<Email>().unwrap().disposable_domain();
        assert_eq!(of("a@mailinator.com"), Some("mailinator.com"));
        assert_eq!(of("a@x.mailinator.com"), Some("mailinator.com"));
        assert_eq!(of("a@notmailinator.com"), None);
    }
}
