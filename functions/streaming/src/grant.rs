//! What an account has paid for, as events tell it.

use kernel::{AccountId, policy::Entitlement};
use proto::user::EntitlementsChanged;
use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The last known entitlement of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Version of the entitlement; the highest wins.
    pub sequence: i64,
    /// `None` without a plan.
    pub entitlement: Option<Entitlement>,
}

impl Grant {
    /// Reads the event; the text says what does not fit.
    pub fn from_event(sequence: i64, data: &EntitlementsChanged) -> Result<(AccountId, Self), String> {
        let account = data.account_id.parse().map_err(|error| format!("account_id: {error}"))?;
        let time =
            |name: &str, text: &str| OffsetDateTime::parse(text, &Rfc3339).map_err(|error| format!("{name}: {error}"));
        let entitlement = if data.plan.is_empty() {
            None
        } else {
            let valid_to = time("valid_to", &data.valid_to)?;
            Some(Entitlement {
                plan: data.plan.clone(),
                max_streams: data.max_streams,
                max_height: data.max_height,
                valid_to,
                grace_to: if data.grace_to.is_empty() { valid_to } else { time("grace_to", &data.grace_to)? },
            })
        };
        Ok((account, Self { sequence, entitlement }))
    }

    /// Whether the account may go on watching.
    pub fn is_paid(&self, now: OffsetDateTime) -> bool {
        self.entitlement.as_ref().is_some_and(|paid| now < paid.valid_to.max(paid.grace_to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> EntitlementsChanged {
        EntitlementsChanged {
            account_id: "acc_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
            plan: "standard".to_owned(),
            max_streams: 2,
            max_height: 1080,
            valid_to: "2026-02-01T00:00:00Z".to_owned(),
            grace_to: String::new(),
        }
    }

    #[test]
    fn an_ended_plan_is_no_entitlement() {
        let (_, grant) =
            Grant::from_event(3, &EntitlementsChanged { plan: String::new(), valid_to: String::new(), ..event() })
                .unwrap();
        assert_eq!(grant, Grant { sequence: 3, entitlement: None });
    }

    #[test]
    fn without_grace_the_period_is_all() {
        let (_, grant) = Grant::from_event(3, &event()).unwrap();
        let end = time::macros::datetime!(2026-02-01 00:00 UTC);
        assert!(grant.is_paid(end - time::Duration::SECOND) && !grant.is_paid(end));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let wrong = EntitlementsChanged { valid_to: "soon".to_owned(), ..event() };
        assert!(Grant::from_event(1, &wrong).unwrap_err().starts_with("valid_to"));
        let wrong = EntitlementsChanged { account_id: "prf_1".to_owned(), ..event() };
        assert!(Grant::from_event(1, &wrong).unwrap_err().starts_with("account_id"));
    }
}
