//! Accounts as people see them, their viewer profiles and what their plan allows.

pub mod account;
pub mod entitlement;
pub mod operations;
pub mod pin;
pub mod profile;
mod store;
