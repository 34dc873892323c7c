//! Accounts as people see them, their viewer profiles and what their plan allows.

pub mod account;
mod card;
pub mod entitlement;
pub mod export;
pub mod import;
pub mod operations;
mod problems;
pub mod profile;
pub mod rating;
mod store;
mod viewpoint;
