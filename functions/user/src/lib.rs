//! Accounts as people see them, their viewer profiles and what their plan allows.

pub mod account;
mod card;
pub mod entitlement;
pub mod export;
pub mod operations;
pub mod pin;
pub mod profile;
pub mod rating;
mod shelf;
mod store;
pub mod title;
pub mod viewing;
