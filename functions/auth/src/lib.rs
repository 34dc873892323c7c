//! Accounts, sign-in, sessions and the keys that sign access tokens.

pub mod code;
mod column;
pub mod email;
pub mod erasure;
mod host_cookie;
pub mod keyring;
pub mod leak;
mod mail;
pub mod oidc;
pub mod operations;
pub mod password_rules;
mod person;
mod problems;
pub mod profile;
pub mod proof;
mod response_time;
mod rfc3339;
pub mod role;
mod second_factor;
pub mod security_event;
pub mod session;
mod session_end;
mod store;
mod token;
pub mod totp;
mod transport;
mod tries;
