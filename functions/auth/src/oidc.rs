//! Signing in with somebody else's account: OpenID Connect, the code flow with PKCE (RFC 7636). See docs/architecture/0010-oidc.md.

mod endpoint;
mod id_token;
pub mod link;
mod provider;
mod providers;
mod ticket;

pub use id_token::Identity;
pub use provider::{Provider, ProviderError};
pub use providers::{NoProvider, Providers};
pub use ticket::{Begun, COOKIE, Purpose, Ticket};
