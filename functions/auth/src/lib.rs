//! Accounts, sign-in, sessions and the keys that sign access tokens.

pub mod code;
pub mod current_password;
pub mod email;
pub mod erasure;
pub mod even;
pub mod guard;
pub mod host_cookie;
pub mod keyring;
pub mod leak;
pub mod letter;
pub mod oidc;
pub mod operations;
pub mod password;
pub mod pepper;
pub mod profile;
pub mod second_factor;
pub mod security_event;
pub mod session;
pub mod sign_in;
pub mod signing;
pub mod step_up;
mod store;
pub mod token;
pub mod totp;
pub mod transport;
pub mod tries;
pub mod welcome;
