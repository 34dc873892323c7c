//! The service's own SQL.

mod erasures;
mod people;
mod reader;
mod reports;
mod writer;

pub(crate) use erasures::Erasures;
pub(crate) use reader::{CardRow, Filter, Reader, Sort};
pub(crate) use writer::{WriteError, Writer};
