//! Who may call a route, and with how fresh a proof of identity.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MINUTE_SECONDS: u32 = 60;
const HOUR_SECONDS: u32 = 3_600;

/// Who may call a route; enforced by the extractor in the handler's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Access {
    /// Anyone, signed in or not.
    Public,
    /// A signed-in account.
    Account,
    /// A signed-in account with a chosen profile.
    Profile,
    /// An account with a role; admin implies the others.
    Role(Role),
    /// The bearer of a signed URL.
    UrlToken,
    /// Nobody from outside: triggers only.
    Internal,
}

/// A role of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Works on the catalogue.
    Editor,
    /// May do everything.
    Admin,
    /// Helps customers.
    Support,
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "public" => Ok(Access::Public),
            "account" => Ok(Access::Account),
            "profile" => Ok(Access::Profile),
            "role:editor" => Ok(Access::Role(Role::Editor)),
            "role:admin" => Ok(Access::Role(Role::Admin)),
            "role:support" => Ok(Access::Role(Role::Support)),
            "url-token" => Ok(Access::UrlToken),
            "internal" => Ok(Access::Internal),
            _ => Err(format!(
                "access `{text}`: expected public, account, profile, role:<editor|admin|support>, url-token or internal"
            )),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Public => "public",
            Access::Account => "account",
            Access::Profile => "profile",
            Access::Role(Role::Editor) => "role:editor",
            Access::Role(Role::Admin) => "role:admin",
            Access::Role(Role::Support) => "role:support",
            Access::UrlToken => "url-token",
            Access::Internal => "internal",
        })
    }
}

/// How fresh the caller's proof of identity must be: `10m`, `1h`, `10m+otp`, `10m|uncapped`. A proof ends with its session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Proof {
    /// The oldest proof that counts.
    pub max_age_seconds: u32,
    /// Whether a second factor must have been part of it.
    pub otp: bool,
    /// Whether a profile that may see everything needs none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub or_uncapped: bool,
}

impl FromStr for Proof {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            format!(
                "proof `{text}`: expected minutes or hours, possibly with a condition: 10m, 1h, 10m+otp, 10m|uncapped"
            )
        };
        let (age, otp) = text.strip_suffix("+otp").map_or((text, false), |age| (age, true));
        let (age, or_uncapped) = match age.strip_suffix("|uncapped") {
            Some(_) if otp => return Err(refuse()),
            Some(age) => (age, true),
            None => (age, false),
        };
        let (number, unit) = if let Some(minutes) = age.strip_suffix('m') {
            (minutes, MINUTE_SECONDS)
        } else if let Some(hours) = age.strip_suffix('h') {
            (hours, HOUR_SECONDS)
        } else {
            return Err(refuse());
        };
        // `parse` alone would take `+10` and `010`.
        let is_plain = number.bytes().all(|digit| digit.is_ascii_digit()) && !number.starts_with('0');
        let number: u16 = number.parse().ok().filter(|number| is_plain && *number < 10_000).ok_or_else(refuse)?;
        Ok(Proof { max_age_seconds: u32::from(number) * unit, otp, or_uncapped })
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age = self.max_age_seconds;
        if age.is_multiple_of(HOUR_SECONDS) {
            write!(f, "{}h", age / HOUR_SECONDS)?;
        } else {
            write!(f, "{}m", age / MINUTE_SECONDS)?;
        }
        f.write_str(if self.otp { "+otp" } else { "" })?;
        f.write_str(if self.or_uncapped { "|uncapped" } else { "" })
    }
}

/// Words of the yaml stay words in the plan.
impl Serialize for Access {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_survives_reading_and_printing() {
        for word in
            ["public", "account", "profile", "role:editor", "role:admin", "role:support", "url-token", "internal"]
        {
            assert_eq!(word.parse::<Access>().unwrap().to_string(), word);
        }
        assert!("role:owner".parse::<Access>().is_err());
    }

    #[test]
    fn a_proof_survives_reading_and_printing() {
        for (word, max_age_seconds, otp, or_uncapped) in [
            ("10m", 600, false, false),
            ("1h", 3_600, false, false),
            ("10m+otp", 600, true, false),
            ("10m|uncapped", 600, false, true),
        ] {
            let proof: Proof = word.parse().unwrap();
            assert_eq!(proof, Proof { max_age_seconds, otp, or_uncapped });
            assert_eq!(proof.to_string(), word);
        }
        for word in [
            "",
            "m",
            "10",
            "0m",
            "010m",
            "+10m",
            "10s",
            "10m+totp",
            "10m+",
            "-1h",
            "10000h",
            "1d",
            "|uncapped",
            "10m|",
            "10m|uncapped+otp",
            "10m+otp|uncapped",
        ] {
            assert!(word.parse::<Proof>().is_err(), "{word}");
        }
    }
}
