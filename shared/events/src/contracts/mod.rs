//! One reader per event contract: what every service believes of an event is decided here, once.
//!
//! A reader checks the event's type, that its subject is the aggregate's id and that its sequence begins at 1. An id, a word of an enum, a number
//! or a time that does not fit makes the event poison. Text never does: what cannot be seen goes, what is too long is cut. An empty text is an
//! absent one.

mod account;
mod asset;
mod captions;
mod entitlements;
mod erasure;
mod export;
mod exposure;
mod fields;
mod hiding;
mod history;
mod payment;
mod playback;
mod profile;
mod purchase;
mod refresh_reused;
mod rental_begun;
mod sample;
mod session_ended;
mod subscription;
#[cfg(test)]
mod tests;
mod title;
mod title_leaving;
mod title_record;
mod watchlist;

pub use account::Account;
pub use asset::{Asset, AssetNews, Protection, ReadyAsset, Rendition};
pub use captions::{CaptionKind, CaptionTrack, Captions};
pub use entitlements::Entitlements;
pub use erasure::{Erasure, Receipt};
pub use export::{Export, FinishedExport};
pub use exposure::Exposure;
pub use fields::ContractError;
pub use hiding::HidingChange;
pub use history::HistoryErased;
pub use payment::{Payment, PaymentStatus, Trial};
pub use playback::{Playback, PlaybackChange, PlaybackState};
pub use profile::{PinDigest, Profile, ProfileSecret};
pub use purchase::{EndingRental, Purchase, PurchaseStatus};
pub use refresh_reused::RefreshReused;
pub use rental_begun::RentalBegun;
pub use sample::{PlayerSample, SampleKind};
pub use session_ended::SessionEnded;
pub use subscription::{BilledSubscription, NextTerms, Renewal, Subscription, SubscriptionPrice, SubscriptionStatus};
pub use title::{Credit, Film, Marker, MarkerKind, Title};
pub use title_leaving::TitleLeaving;
pub use title_record::TitleRecord;
pub use watchlist::WatchlistChange;
