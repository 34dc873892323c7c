//! The pure core that every crate shares: ids, money, time, cursors and the one predicate that decides who may watch what.
//!
//! No I/O and no async: time, randomness and ids come in through [`World`], so that a test can replay any history.

pub mod cursor;
mod digest;
pub mod id;
pub mod locale;
pub mod money;
mod names;
pub mod period;
pub mod policy;
pub mod progress;
mod purchase_kind;
mod sql;
pub mod text;
mod title_card;
mod title_kind;
mod tombstone;
mod trace;
pub mod world;

pub use cursor::{Cursor, CursorKey};
pub use digest::sha256;
pub use id::*;
pub use locale::{Languages, Locale, Territory};
pub use money::{Currency, Money, MoneyError};
pub use names::{Names, nearest};
pub use period::Period;
pub use progress::Progress;
pub use purchase_kind::{PurchaseKind, UnknownPurchaseKind};
pub use text::{TextError, VisibleLine, VisibleText};
pub use title_card::TitleCard;
pub use title_kind::{TitleKind, UnknownKind};
pub use tombstone::tombstone;
pub use trace::{TraceError, TraceParent};
pub use world::{Clock, Entropy, World};
