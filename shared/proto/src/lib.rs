//! The contract of every event: messages generated from `cinema/<service>/v1/events.proto`, in proto3 JSON, and their CloudEvents types; and of
//! every mail, from `cinema/notification/v1/mail.proto`.
//!
//! An event carries the aggregate's whole state after the change. Times are RFC 3339 text in UTC; ids are the prefixed text ids.

pub mod mail;

macro_rules! packages {
    ($($(#[$doc:meta])* $service:ident;)+) => {$(
        $(#[$doc])*
        #[allow(clippy::all, clippy::unwrap_used, clippy::expect_used)]
        pub mod $service {
            include!(concat!(env!("OUT_DIR"), "/cinema.", stringify!($service), ".v1.rs"));
            include!(concat!(env!("OUT_DIR"), "/cinema.", stringify!($service), ".v1.serde.rs"));
        }
    )+};
}

packages! {
    /// Accounts and their security.
    auth;
    /// Profiles and entitlements.
    user;
    /// Subscriptions and payments.
    payment;
    /// Titles.
    catalog;
    /// Assets.
    media;
    /// Playback sessions.
    streaming;
    /// What the player measured.
    player;
    /// What pages were made of.
    recommendation;
    /// Mails; see [`mail`].
    notification;
}

/// CloudEvents types, `cinema.<service>.<noun>_<past participle>.v1`.
pub mod types {
    macro_rules! types {
        ($($name:ident = $value:literal, $data:path;)+) => {
            $(#[doc = concat!("Data: `", stringify!($data), "`.")] pub const $name: &str = $value;)+
            /// Every type there is.
            pub const ALL: &[&str] = &[$($name),+];
            /// Every type with the path of its message in this crate: `crate::user::ProfileChanged`.
            pub const MESSAGES: &[(&str, &str)] = &[$(($name, stringify!($data))),+];
            /// Whether `data` is a valid message of the event type; an unknown type is not.
            ///
            /// # Errors
            /// What does not fit, for a person to read.
            pub fn check(event_type: &str, data: &str) -> Result<(), String>
            where
                $($data: for<'de> serde::Deserialize<'de>),+
            {
                let _ = data;
                match event_type {
                    $($name => crate::check::<$data>(data),)+
                    other => Err(format!("unknown event type {other}")),
                }
            }
        };
    }
    types! {
        ACCOUNT_VERIFIED = "cinema.auth.account_verified.v1", crate::auth::AccountVerified;
        REFRESH_REUSED = "cinema.auth.refresh_reused.v1", crate::auth::RefreshReused;
        SESSION_ENDED = "cinema.auth.session_ended.v1", crate::auth::SessionEnded;
        ERASURE_REQUESTED = "cinema.auth.erasure_requested.v1", crate::auth::ErasureRequested;
        // One receipt type per service that holds something of a person.
        USER_ACCOUNT_ERASED = "cinema.user.account_erased.v1", crate::auth::AccountErased;
        CATALOG_ACCOUNT_ERASED = "cinema.catalog.account_erased.v1", crate::auth::AccountErased;
        MEDIA_ACCOUNT_ERASED = "cinema.media.account_erased.v1", crate::auth::AccountErased;
        STREAMING_ACCOUNT_ERASED = "cinema.streaming.account_erased.v1", crate::auth::AccountErased;
        NOTIFICATION_ACCOUNT_ERASED = "cinema.notification.account_erased.v1", crate::auth::AccountErased;
        ANALYTICS_ACCOUNT_ERASED = "cinema.analytics.account_erased.v1", crate::auth::AccountErased;
        PAYMENT_ACCOUNT_ERASED = "cinema.payment.account_erased.v1", crate::auth::AccountErased;
        RECOMMENDATION_ACCOUNT_ERASED = "cinema.recommendation.account_erased.v1", crate::auth::AccountErased;
        EXPORT_REQUESTED = "cinema.user.export_requested.v1", crate::user::ExportRequested;
        EXPORT_READY = "cinema.user.export_ready.v1", crate::user::ExportReady;
        HISTORY_ERASED = "cinema.user.history_erased.v1", crate::user::HistoryErased;
        CONTINUE_WATCHING_CHANGED = "cinema.user.continue_watching_changed.v1", crate::user::ContinueWatchingChanged;
        TITLE_RECORD_CHANGED = "cinema.user.title_record_changed.v1", crate::user::TitleRecordChanged;
        WATCHLIST_CHANGED = "cinema.user.watchlist_changed.v1", crate::user::WatchlistChanged;
        PROFILE_CHANGED = "cinema.user.profile_changed.v1", crate::user::ProfileChanged;
        PROFILE_SECRET_CHANGED = "cinema.user.profile_secret_changed.v1", crate::user::ProfileSecretChanged;
        ENTITLEMENTS_CHANGED = "cinema.user.entitlements_changed.v1", crate::user::EntitlementsChanged;
        SUBSCRIPTION_CHANGED = "cinema.payment.subscription_changed.v1", crate::payment::SubscriptionChanged;
        PAYMENT_CHANGED = "cinema.payment.payment_changed.v1", crate::payment::PaymentChanged;
        PURCHASE_CHANGED = "cinema.payment.purchase_changed.v1", crate::payment::PurchaseChanged;
        TRIAL_ANNOUNCED = "cinema.payment.trial_announced.v1", crate::payment::TrialAnnounced;
        RENTAL_ANNOUNCED = "cinema.payment.rental_announced.v1", crate::payment::RentalAnnounced;
        TITLE_CHANGED = "cinema.catalog.title_changed.v1", crate::catalog::TitleChanged;
        TITLE_LEAVING = "cinema.catalog.title_leaving.v1", crate::catalog::TitleLeaving;
        ASSET_READY = "cinema.media.asset_ready.v1", crate::media::AssetReady;
        ASSET_FAILED = "cinema.media.asset_failed.v1", crate::media::AssetFailed;
        CAPTIONS_CHANGED = "cinema.media.captions_changed.v1", crate::media::CaptionsChanged;
        SOURCE_DROPPED = "cinema.media.source_dropped.v1", crate::media::SourceDropped;
        PLAYBACK_STARTED = "cinema.streaming.playback_started.v1", crate::streaming::Playback;
        PLAYBACK_PROGRESSED = "cinema.streaming.playback_progressed.v1", crate::streaming::Playback;
        PLAYBACK_STOPPED = "cinema.streaming.playback_stopped.v1", crate::streaming::Playback;
        PLAYBACK_EXPIRED = "cinema.streaming.playback_expired.v1", crate::streaming::Playback;
        RENTAL_BEGUN = "cinema.streaming.rental_begun.v1", crate::streaming::RentalBegun;
        PLAYER_SAMPLED = "cinema.player.sample_taken.v1", crate::player::Sample;
        PROFILE_EXPOSED = "cinema.recommendation.profile_exposed.v1", crate::recommendation::ProfileExposed;
    }
}

fn check<T: for<'de> serde::Deserialize<'de>>(data: &str) -> Result<(), String> {
    serde_json::from_str::<T>(data).map(drop).map_err(|error| error.to_string())
}

/// The compiled descriptors, for checks of compatibility.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/events.fds"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_uses_the_names_of_the_contract_and_ignores_what_it_does_not_know() {
        let json = r#"{"account_id":"acc_1","plan":"standard","max_streams":2,"added_later":true}"#;
        let message: user::EntitlementsChanged = serde_json::from_str(json).unwrap();
        assert_eq!((message.plan.as_str(), message.max_streams), ("standard", 2));
        assert!(serde_json::to_string(&message).unwrap().contains(r#""max_streams":2"#));
    }

    #[test]
    fn types_follow_the_naming_rule_and_are_distinct() {
        let distinct: std::collections::BTreeSet<_> = types::ALL.iter().collect();
        assert_eq!(distinct.len(), types::ALL.len());
        for name in types::ALL {
            let parts: Vec<_> = name.split('.').collect();
            assert!(parts.len() == 4 && parts[0] == "cinema" && parts[3] == "v1" && parts[2].contains('_'), "{name}");
        }
        assert!(types::check(types::PLAYBACK_STARTED, r#"{"position_seconds":"soon"}"#).is_err());
    }
}
