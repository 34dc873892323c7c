//! Web Push (RFC 8030): what a browser registers, how a message is sealed for it alone, and how its push service is asked to carry it.

mod encryption;
mod endpoint;
mod service;
mod vapid;

pub use encryption::{BrowserKeys, MalformedKey};
pub use endpoint::{Endpoint, NotAnEndpoint, TrustedOrigins};
pub use service::{Answer, PushMessage, PushService};
pub use vapid::VapidKey;
