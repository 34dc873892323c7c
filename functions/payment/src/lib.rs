//! Plans and what is paid for them: subscriptions, invoices and the ledger behind them.

pub mod billing;
pub mod invoice;
pub mod ledger;
pub mod operations;
pub mod payment;
pub mod plan;
mod problems;
pub mod promo;
pub mod providers;
pub mod reconciliation;
pub mod refund;
mod store;
pub mod subscription;
pub mod terms;
mod view;
mod word;
