//! Plans, single titles and what is paid for them: subscriptions, purchases, invoices and the ledger behind them.

pub mod billing;
pub mod invoice;
pub mod language;
pub mod ledger;
pub mod operations;
pub mod payment;
pub mod pdf;
pub mod plan;
mod problems;
pub mod promo;
pub mod providers;
pub mod purchase;
pub mod reconciliation;
pub mod refund;
pub mod rentals;
mod store;
pub mod subscription;
pub mod terms;
pub mod title_price;
mod view;
mod word;
