//! Entries of the security log, as operations write them.

use cinema_http::Origin;
use kernel::{AccountId, World};

use crate::security_event::{Kind, SecurityEvent};

/// Something that happens now to an account; nobody's, when an address without an account was tried.
pub(crate) fn happened(
    world: &World,
    account: impl Into<Option<AccountId>>,
    kind: Kind,
    origin: &Origin,
) -> SecurityEvent {
    SecurityEvent {
        id: world.id(),
        account: account.into(),
        kind,
        at: world.now(),
        session: None,
        actor: None,
        address: origin.address.clone(),
        territory: origin.territory.as_str().to_owned(),
        detail: None,
    }
}
