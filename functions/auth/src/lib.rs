//! Accounts, sign-in, sessions and the keys that sign access tokens.

pub mod code;
pub mod email;
pub mod guard;
pub mod keyring;
pub mod operations;
pub mod password;
pub mod pepper;
pub mod profile;
pub mod session;
pub mod signing;
mod store;
pub mod token;
pub mod transport;
