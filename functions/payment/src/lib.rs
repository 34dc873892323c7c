//! Plans and what is paid for them: subscriptions, single titles, invoices and the ledger behind them.

pub mod operations;
pub mod providers;
