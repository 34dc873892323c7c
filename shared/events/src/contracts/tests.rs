//! Every contract with data as its producer writes it, with each field broken, and with random titles against a reader written by hand.

use std::collections::BTreeMap;

use kernel::{
    World,
    policy::{Audience, Publication, TitleRules, Visibility, Window, visibility},
};
use proptest::prelude::*;
use proto::{
    catalog::{self, TitleChanged},
    types,
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};

use super::*;
use crate::Event;

const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

fn id(prefix: &str) -> String {
    format!("{prefix}_01jd3k5m7n9pqrstvwxyz01234")
}

fn event(kind: &str, subject: &str, data: &Value) -> Event {
    let (world, _) = World::replay(NOW, 1);
    Event::new(&world, kind, subject, 3, data)
}

fn text_id(prefix: &str) -> Value {
    id(prefix).into()
}

type Refused = Result<(), &'static str>;

fn refused<T>(read: Result<T, ContractError>) -> Refused {
    read.map(drop).map_err(|error| error.field())
}

/// Reads an event by the reader of its type.
fn read(event: &Event) -> Refused {
    match event.kind.as_str() {
        types::ACCOUNT_VERIFIED => refused(Account::read(event)),
        types::ERASURE_REQUESTED | types::USER_ACCOUNT_ERASED => refused(Erasure::read(event)),
        types::CATALOG_ACCOUNT_ERASED
        | types::MEDIA_ACCOUNT_ERASED
        | types::STREAMING_ACCOUNT_ERASED
        | types::NOTIFICATION_ACCOUNT_ERASED
        | types::RECOMMENDATION_ACCOUNT_ERASED
        | types::PAYMENT_ACCOUNT_ERASED
        | types::ANALYTICS_ACCOUNT_ERASED => refused(Receipt::read(event)),
        types::EXPORT_REQUESTED => refused(Export::read(event)),
        types::EXPORT_READY => refused(FinishedExport::read(event)),
        types::HISTORY_ERASED => refused(HistoryErased::read(event)),
        types::CONTINUE_WATCHING_CHANGED => refused(HidingChange::read(event)),
        types::TITLE_RECORD_CHANGED => refused(TitleRecord::read(event)),
        types::WATCHLIST_CHANGED => refused(WatchlistChange::read(event)),
        types::PROFILE_CHANGED => refused(Profile::read(event)),
        types::PROFILE_SECRET_CHANGED => refused(ProfileSecret::read(event)),
        types::ENTITLEMENTS_CHANGED => refused(Entitlements::read(event)),
        types::SUBSCRIPTION_CHANGED => refused(Subscription::read(event)),
        types::PAYMENT_CHANGED => refused(Payment::read(event)),
        types::TRIAL_ANNOUNCED => refused(Trial::read(event)),
        types::PURCHASE_CHANGED => refused(Purchase::read(event)),
        types::RENTAL_ANNOUNCED => refused(EndingRental::read(event)),
        types::RENTAL_BEGUN => refused(RentalBegun::read(event)),
        types::TITLE_CHANGED => refused(Title::read(event)),
        types::TITLE_LEAVING => refused(TitleLeaving::read(event)),
        types::ASSET_READY | types::ASSET_FAILED | types::SOURCE_DROPPED => refused(Asset::read(event)),
        types::CAPTIONS_CHANGED => refused(Captions::read(event)),
        types::PLAYBACK_STARTED | types::PLAYBACK_PROGRESSED | types::PLAYBACK_STOPPED | types::PLAYBACK_EXPIRED => {
            refused(Playback::read(event))
        }
        types::SESSION_ENDED => refused(SessionEnded::read(event)),
        types::PLAYER_SAMPLED => refused(PlayerSample::read(event)),
        types::REFRESH_REUSED => refused(RefreshReused::read(event)),
        types::PROFILE_EXPOSED => refused(Exposure::read(event)),
        other => panic!("{other} has no reader"),
    }
}

/// Subject and data of an event as its producer writes it.
fn written(kind: &str) -> (String, Value) {
    let receipt = json!({
        "erasure_id": id("era"), "account_id": id("acc"), "profile_ids": [id("prf")], "records": "5", "erased_at": "2026-01-01T12:00:01Z"
    });
    let playback = json!({
        "session_id": id("pbs"), "account_id": id("acc"), "profile_id": id("prf"), "title_id": id("ttl"), "asset_id": id("ast"),
        "device_id": "tv", "position_seconds": 12.5, "watched_seconds": 12.3456, "duration_seconds": 60.0, "territory": "DE",
        "started_at": "2026-01-01T11:59:00Z", "at": "2026-01-01T12:00:00Z", "state": "paused"
    });
    match kind {
        types::ACCOUNT_VERIFIED => (
            id("acc"),
            json!({ "account_id": id("acc"), "email": "a@example.com", "locale": "ru", "default_profile_id": id("prf"), "verified_at": "2026-01-01T12:00:00Z" }),
        ),
        types::ERASURE_REQUESTED => (
            id("era"),
            json!({ "erasure_id": id("era"), "account_id": id("acc"), "requested_at": "2026-01-01T12:00:00Z", "profile_ids": [id("prf")] }),
        ),
        types::EXPORT_REQUESTED => {
            (id("exp"), json!({ "export_id": id("exp"), "account_id": id("acc"), "profile_ids": [id("prf")] }))
        }
        types::EXPORT_READY => (
            id("exp"),
            json!({ "export_id": id("exp"), "account_id": id("acc"), "ready_at": "2026-01-01T12:00:00Z", "kept_until": "2026-01-08T12:00:00Z" }),
        ),
        types::HISTORY_ERASED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "title_id": id("ttl"), "erased_at": "2026-01-01T12:00:00Z" }),
        ),
        types::CONTINUE_WATCHING_CHANGED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "title_id": id("ttl"), "hidden_at": "2026-01-01T11:59:00Z", "changed_at": "2026-01-01T12:00:00Z" }),
        ),
        types::TITLE_RECORD_CHANGED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "title_id": id("ttl"), "stars": 8, "seen_elsewhere_at": "2023-01-01T12:00:00Z" }),
        ),
        types::WATCHLIST_CHANGED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "title_id": id("ttl"), "is_listed": true, "territory": "DE" }),
        ),
        types::PROFILE_CHANGED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "name": "Kids", "avatar": "fox", "locale": "ru", "max_rating": 6, "has_pin": true }),
        ),
        types::PROFILE_SECRET_CHANGED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "account_id": id("acc"), "pin_digest": "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$AAAA" }),
        ),
        types::ENTITLEMENTS_CHANGED => (
            id("acc"),
            json!({ "account_id": id("acc"), "plan": "standard", "max_streams": 2, "max_height": 1080, "valid_to": "2026-02-01T00:00:00Z", "grace_to": "2026-02-08T00:00:00Z",
                "titles": [{ "title_id": id("ttl"), "purchase_id": id("pur"), "kind": "rent", "valid_to": "2026-02-01T00:00:00Z" }] }),
        ),
        types::PURCHASE_CHANGED => (
            id("pur"),
            json!({ "purchase_id": id("pur"), "account_id": id("acc"), "title_id": id("ttl"), "kind": "rent", "status": "active", "valid_to": "2026-02-01T00:00:00Z" }),
        ),
        types::RENTAL_ANNOUNCED => (
            id("pur"),
            json!({ "purchase_id": id("pur"), "account_id": id("acc"), "title_id": id("ttl"), "ends_at": "2026-02-01T00:00:00Z", "has_begun": true }),
        ),
        types::RENTAL_BEGUN => (
            id("pbs"),
            json!({ "session_id": id("pbs"), "account_id": id("acc"), "title_id": id("ttl"), "purchase_id": id("pur"), "begun_at": "2026-01-01T12:00:00Z" }),
        ),
        types::SUBSCRIPTION_CHANGED => (
            id("sub"),
            json!({ "subscription_id": id("sub"), "account_id": id("acc"), "status": "active", "plan": "standard", "max_streams": 2, "max_height": 1080, "valid_to": "2026-02-01T00:00:00Z", "grace_to": "2026-02-08T00:00:00Z",
                "amount": "999", "tax": "159", "currency": "EUR", "period": "month", "next_plan": "premium", "next_amount": "1999", "next_period": "month" }),
        ),
        types::PAYMENT_CHANGED => (
            id("pay"),
            json!({ "payment_id": id("pay"), "account_id": id("acc"), "invoice_id": id("inv"), "invoice_number": "CINEMA-2026-000001", "subscription_id": id("sub"), "status": "succeeded", "amount": "999", "currency": "EUR", "description": "standard, month" }),
        ),
        types::TRIAL_ANNOUNCED => (
            id("sub"),
            json!({ "subscription_id": id("sub"), "account_id": id("acc"), "plan": "standard", "ends_at": "2026-01-04T12:00:00Z", "amount": "999", "currency": "EUR" }),
        ),
        types::TITLE_CHANGED => (
            id("ttl"),
            json!({
                "title_id": id("ttl"), "kind": "episode", "slug": "pilot", "publication": "published", "rating": 12, "year": 1979,
                "original_title": "Пилот", "countries": ["DE"], "genres": ["drama"], "parent_id": id("ttl"), "number": 1,
                "published_at": "2026-01-01T12:00:00Z", "poster": "a/poster.jpg",
                "localisations": [{ "locale": "en", "name": "Pilot", "synopsis": "One.\nTwo." }],
                "windows": [{ "territories": ["DE"], "plans": ["standard"], "from": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z" }],
                "credits": [{ "person_id": id("per"), "name": "Анна", "role": "director", "also_known_as": ["Anna"] }],
                "asset": {
                    "asset_id": id("ast"), "duration_seconds": 60.5, "max_height": 720, "audio_languages": ["en"],
                    "trickplay": "a/index.vtt", "protection": "aes-128",
                    "renditions": [{ "name": "v720", "width": 1280, "height": 720, "bandwidth": 2_400_000 }]
                },
                "markers": [{ "kind": "intro", "from_seconds": 5.0, "until_seconds": 35.0 }],
                "captions": [{ "language": "pt-BR", "kind": "captions", "name": "Português (BR) [CC]", "path": "captions/a/b/captions.vtt" }]
            }),
        ),
        types::TITLE_LEAVING => (
            id("ttl"),
            json!({
                "title_id": id("ttl"), "territories": ["DE"], "elsewhere": true, "named": ["DE", "FR"], "ends_at": "2026-02-01T00:00:00Z",
                "days": 30
            }),
        ),
        types::ASSET_READY => (
            id("ast"),
            json!({
                "asset_id": id("ast"), "title_id": id("ttl"), "duration_seconds": 60.5, "poster": "a/poster.jpg", "protection": "none",
                "renditions": [{ "name": "v720", "width": 1280, "height": 720, "bandwidth": 2_400_000 }]
            }),
        ),
        types::ASSET_FAILED => (
            id("ast"),
            json!({ "asset_id": id("ast"), "title_id": id("ttl"), "code": "not_a_video", "detail": "Upload a film." }),
        ),
        types::SOURCE_DROPPED => {
            (id("ast"), json!({ "asset_id": id("ast"), "title_id": id("ttl"), "filename": "inbox/a.mp4" }))
        }
        types::CAPTIONS_CHANGED => (
            id("ttl"),
            json!({
                "title_id": id("ttl"),
                "tracks": [{ "language": "ru", "kind": "subtitles", "name": "Русский", "path": "captions/a/b/captions.vtt" }]
            }),
        ),
        types::SESSION_ENDED => {
            (id("ses"), json!({ "session_id": id("ses"), "account_id": id("acc"), "ended_at": "2026-01-01T12:00:00Z" }))
        }
        types::REFRESH_REUSED => (id("ses"), json!({ "session_id": id("ses"), "account_id": id("acc") })),
        types::PROFILE_EXPOSED => (
            id("prf"),
            json!({ "profile_id": id("prf"), "experiment": "less-of-one-genre", "variant": "control", "is_control": true, "exposed_at": "2026-01-01T12:00:00Z" }),
        ),
        types::PLAYER_SAMPLED => (
            id("pbs"),
            json!({ "session_id": id("pbs"), "title_id": id("ttl"), "kind": "rebuffer", "value": 1.5, "position_seconds": 3.0, "at": "2026-01-01T12:00:00Z" }),
        ),
        kind if kind.ends_with(".account_erased.v1") => (id("era"), receipt),
        _ => (id("pbs"), playback),
    }
}

#[test]
fn every_contract_has_a_reader_that_checks_the_envelope() {
    for kind in types::ALL {
        let (subject, data) = written(kind);
        let good = event(kind, &subject, &data);
        assert_eq!(read(&good), Ok(()), "{kind}");
        assert_eq!(read(&Event { subject: id("era").replace('0', "1"), ..good.clone() }), Err("subject"), "{kind}");
        assert_eq!(read(&Event { sequence: 0, ..good.clone() }), Err("sequence"), "{kind}");
        assert_eq!(read(&Event { data: json!([]), ..good }), Err("data"), "{kind}");
    }
}

#[test]
fn a_reader_takes_no_other_contract() {
    for kind in types::ALL {
        let other = event(kind, "", &json!({}));
        let readers = [
            refused(Account::read(&other)),
            refused(Asset::read(&other)),
            refused(Captions::read(&other)),
            refused(EndingRental::read(&other)),
            refused(Entitlements::read(&other)),
            refused(Erasure::read(&other)),
            refused(Export::read(&other)),
            refused(Exposure::read(&other)),
            refused(FinishedExport::read(&other)),
            refused(HidingChange::read(&other)),
            refused(HistoryErased::read(&other)),
            refused(Payment::read(&other)),
            refused(Playback::read(&other)),
            refused(PlayerSample::read(&other)),
            refused(Profile::read(&other)),
            refused(ProfileSecret::read(&other)),
            refused(Receipt::read(&other)),
            refused(Purchase::read(&other)),
            refused(RefreshReused::read(&other)),
            refused(RentalBegun::read(&other)),
            refused(SessionEnded::read(&other)),
            refused(Subscription::read(&other)),
            refused(TitleRecord::read(&other)),
            refused(Title::read(&other)),
            refused(Trial::read(&other)),
            refused(TitleLeaving::read(&other)),
            refused(WatchlistChange::read(&other)),
        ];
        let takers = readers.iter().filter(|refused| **refused != Err("type")).count();
        // The user service's receipt is the other services' request.
        let expected = 1 + usize::from(*kind == types::USER_ACCOUNT_ERASED);
        assert_eq!(takers, expected, "{kind}: {readers:?}");
    }
}

#[test]
fn a_field_that_does_not_fit_is_named() {
    let cases: &[(&str, &str, Value)] = &[
        (types::ACCOUNT_VERIFIED, "account_id", text_id("prf")),
        (types::ACCOUNT_VERIFIED, "default_profile_id", json!("")),
        (types::ACCOUNT_VERIFIED, "verified_at", json!("today")),
        (types::ACCOUNT_VERIFIED, "email", json!("")),
        (types::ACCOUNT_VERIFIED, "email", json!("a\u{0}@example.com")),
        (types::ACCOUNT_VERIFIED, "email", json!("x".repeat(321))),
        (types::EXPORT_REQUESTED, "profile_ids", json!([""])),
        (types::SESSION_ENDED, "ended_at", json!("")),
        (types::REFRESH_REUSED, "account_id", json!("")),
        (types::HISTORY_ERASED, "title_id", json!("film")),
        (types::HISTORY_ERASED, "erased_at", json!("soon")),
        (types::CONTINUE_WATCHING_CHANGED, "title_id", json!("")),
        (types::CONTINUE_WATCHING_CHANGED, "hidden_at", json!("soon")),
        (types::CONTINUE_WATCHING_CHANGED, "changed_at", json!("")),
        (types::WATCHLIST_CHANGED, "account_id", json!("")),
        (types::WATCHLIST_CHANGED, "title_id", json!("film")),
        (types::WATCHLIST_CHANGED, "territory", json!("Germany")),
        (types::PROFILE_CHANGED, "account_id", json!("")),
        (types::PROFILE_CHANGED, "max_rating", json!(19)),
        (types::PROFILE_SECRET_CHANGED, "pin_digest", json!("1234")),
        (types::ENTITLEMENTS_CHANGED, "plan", json!("a b")),
        (types::ENTITLEMENTS_CHANGED, "valid_to", json!("")),
        (types::ENTITLEMENTS_CHANGED, "max_streams", json!(u32::MAX)),
        (types::PAYMENT_CHANGED, "status", json!("pending")),
        (types::PAYMENT_CHANGED, "currency", json!("")),
        (types::PAYMENT_CHANGED, "subscription_id", text_id("acc")),
        (types::TRIAL_ANNOUNCED, "ends_at", json!("")),
        (types::ENTITLEMENTS_CHANGED, "titles", json!([held("buy", ""), held("buy", "")])),
        (types::PURCHASE_CHANGED, "status", json!("pending")),
        (types::PURCHASE_CHANGED, "kind", json!("lease")),
        (types::PURCHASE_CHANGED, "title_id", json!("")),
        (types::PURCHASE_CHANGED, "valid_to", json!("")),
        (types::RENTAL_ANNOUNCED, "ends_at", json!("")),
        (types::EXPORT_READY, "kept_until", json!("")),
        (types::SUBSCRIPTION_CHANGED, "next_plan", json!("a b")),
        (types::SUBSCRIPTION_CHANGED, "next_period", json!("fortnight")),
        (types::SUBSCRIPTION_CHANGED, "currency", json!("euros")),
        (types::RENTAL_BEGUN, "purchase_id", text_id("sub")),
        (types::RENTAL_BEGUN, "begun_at", json!("")),
        (types::SUBSCRIPTION_CHANGED, "status", json!("paused")),
        (types::SUBSCRIPTION_CHANGED, "plan", json!("")),
        (types::SUBSCRIPTION_CHANGED, "valid_to", json!("")),
        (types::SUBSCRIPTION_CHANGED, "max_height", json!(u32::MAX)),
        (types::TITLE_CHANGED, "title_id", json!("film")),
        (types::TITLE_CHANGED, "kind", json!("song")),
        (types::TITLE_CHANGED, "publication", json!("")),
        (types::TITLE_CHANGED, "rating", json!(19)),
        (types::TITLE_CHANGED, "number", json!(u32::MAX)),
        (types::TITLE_CHANGED, "year", json!(40_000)),
        (types::TITLE_CHANGED, "countries", json!(["Germany"])),
        (types::TITLE_CHANGED, "parent_id", json!("none")),
        (types::TITLE_CHANGED, "windows", json!([{ "from": "soon" }])),
        (types::TITLE_CHANGED, "windows", json!([{ "territories": ["Germany"] }])),
        (types::TITLE_CHANGED, "windows", json!([{ "plans": [""] }])),
        (types::TITLE_CHANGED, "markers", json!([{ "kind": "advert" }])),
        (types::TITLE_CHANGED, "markers", json!([{ "kind": "intro", "from_seconds": -1 }])),
        (types::TITLE_CHANGED, "credits", json!([{ "person_id": "Anna" }])),
        (types::TITLE_LEAVING, "ends_at", json!("")),
        (types::TITLE_LEAVING, "days", json!(31)),
        (types::TITLE_LEAVING, "territories", json!(["Germany"])),
        (types::TITLE_LEAVING, "named", json!([""])),
        (types::ASSET_READY, "duration_seconds", json!("NaN")),
        (types::ASSET_READY, "protection", json!("rot13")),
        (types::ASSET_FAILED, "title_id", json!("")),
        (types::PLAYBACK_STOPPED, "state", json!("rewinding")),
        (types::PLAYBACK_STOPPED, "watched_seconds", json!(1e300)),
        (types::PLAYBACK_STOPPED, "position_seconds", json!(-1)),
        (types::PLAYBACK_STOPPED, "territory", json!("Germany")),
        (types::PLAYBACK_STOPPED, "at", json!("noon")),
        (types::PLAYER_SAMPLED, "kind", json!("sneeze")),
        (types::PROFILE_EXPOSED, "experiment", json!("")),
        (types::PROFILE_EXPOSED, "experiment", json!("Two words")),
        (types::PROFILE_EXPOSED, "variant", json!("x".repeat(101))),
        (types::PROFILE_EXPOSED, "exposed_at", json!("")),
        (types::PLAYER_SAMPLED, "value", json!("Infinity")),
        (types::USER_ACCOUNT_ERASED, "records", json!(u64::MAX.to_string())),
        (types::USER_ACCOUNT_ERASED, "profile_ids", json!(["nobody"])),
    ];
    for (kind, field, value) in cases {
        let (subject, mut data) = written(kind);
        data[field] = value.clone();
        assert_eq!(read(&event(kind, &subject, &data)), Err(*field), "{kind}: {value}");
    }
}

fn held(kind: &str, valid_to: &str) -> Value {
    json!({ "title_id": id("ttl"), "purchase_id": id("pur"), "kind": kind, "valid_to": valid_to })
}

#[test]
fn only_what_was_bought_has_no_end() {
    let titles = |held: Value| {
        let (subject, mut data) = written(types::ENTITLEMENTS_CHANGED);
        data["titles"] = json!([held]);
        Entitlements::read(&event(types::ENTITLEMENTS_CHANGED, &subject, &data))
    };
    assert_eq!(titles(held("buy", "")).unwrap().titles[0].valid_to, None);
    for (kind, valid_to, field) in [("rent", "", "valid_to"), ("rent", "soon", "valid_to"), ("", "", "kind")] {
        assert_eq!(refused(titles(held(kind, valid_to))), Err(field), "{kind} {valid_to}");
    }
    let (subject, mut data) = written(types::PURCHASE_CHANGED);
    (data["kind"], data["valid_to"]) = (json!("buy"), json!(""));
    let bought = Purchase::read(&event(types::PURCHASE_CHANGED, &subject, &data)).unwrap();
    assert!(bought.grant.is_running(NOW));
}

#[test]
fn what_is_absent_or_odd_but_harmless_is_read() {
    let change = |kind: &str, changes: Value| {
        let (subject, mut data) = written(kind);
        for (field, value) in changes.as_object().unwrap() {
            data[field] = value.clone();
        }
        event(kind, &subject, &data)
    };
    let odd = change(types::ACCOUNT_VERIFIED, json!({ "locale": "tlh-piqaD" }));
    assert_eq!(Account::read(&odd).unwrap().locale.as_str(), "en");
    let none = change(types::ENTITLEMENTS_CHANGED, json!({ "plan": "", "valid_to": "" }));
    assert_eq!(Entitlements::read(&none).unwrap().entitlement, None);
    let graceless = Entitlements::read(&change(types::ENTITLEMENTS_CHANGED, json!({ "grace_to": "" }))).unwrap();
    assert_eq!(graceless.entitlement.unwrap().grace_to, datetime!(2026-02-01 0:00 UTC));
    let silent =
        change(types::SUBSCRIPTION_CHANGED, json!({ "status": "ended", "plan": "", "valid_to": "", "grace_to": "" }));
    let ended = Subscription::read(&silent).unwrap();
    assert_eq!((ended.terms.plan.as_str(), ended.terms.grace_to, ended.status.is_live()), ("", NOW, false));
    let title = change(
        types::TITLE_CHANGED,
        json!({
            "slug": "a\u{0}b", "poster": "x y", "parent_id": "", "year": 0,
            "localisations": [{ "locale": "klingon", "name": "x" }, { "locale": "de", "name": "\u{0}" }, { "locale": "en-GB", "name": "Pi\u{0}lot" }],
            "windows": [{ "from": "", "until": "" }]
        }),
    );
    let title = Title::read(&title).unwrap();
    assert_eq!((title.slug.as_str(), title.poster, title.parent, title.year), ("ab", None, None, None));
    assert_eq!(title.names.column(), json!({ "en-GB": "Pilot", "": "Pilot" }));
    assert_eq!((title.rules.windows[0].from, title.rules.windows[0].until), (None, None));
    let told = Playback::read(&change(types::PLAYBACK_STOPPED, json!({ "territory": "" }))).unwrap();
    assert_eq!((told.territory, told.watched_ms), (kernel::Territory::unknown(), 12_346));
    let nowhere = WatchlistChange::read(&change(types::WATCHLIST_CHANGED, json!({ "territory": "" }))).unwrap();
    assert_eq!((nowhere.territory, nowhere.at, nowhere.is_listed), (kernel::Territory::unknown(), NOW, true));
}

#[test]
fn a_title_leaves_what_is_named_and_all_that_is_not() {
    let (subject, mut data) = written(types::TITLE_LEAVING);
    let concerned = |data: &Value| {
        let leaving = TitleLeaving::read(&event(types::TITLE_LEAVING, &subject, data)).unwrap();
        ["DE", "FR", "US", "ZZ"].map(|territory| leaving.concerns(&territory.parse().unwrap()))
    };
    assert_eq!(concerned(&data), [true, false, true, true]);
    data["elsewhere"] = json!(false);
    assert_eq!(concerned(&data), [true, false, false, false]);
}

#[test]
fn a_digest_is_not_printed() {
    let (subject, data) = written(types::PROFILE_SECRET_CHANGED);
    let secret = ProfileSecret::read(&event(types::PROFILE_SECRET_CHANGED, &subject, &data)).unwrap();
    assert!(secret.pin.is_some() && !format!("{secret:?}").contains("argon2id"));
}

fn words(good: &'static [&'static str]) -> impl Strategy<Value = String> {
    let bad = prop_oneof![Just(String::new()), any::<String>(), Just("a\0b".to_owned())];
    prop_oneof![9 => proptest::sample::select(good).prop_map(str::to_owned), 1 => bad]
}

fn moments() -> impl Strategy<Value = Option<String>> {
    let good = (-100i64..100).prop_map(|days| (NOW + time::Duration::days(days)).format(&Rfc3339).unwrap());
    proptest::option::of(prop_oneof![9 => good, 1 => words(&["soon", ""])])
}

fn titles() -> impl Strategy<Value = TitleChanged> {
    let window = (
        proptest::collection::vec(words(&["DE", "FR"]), 0..3),
        proptest::collection::vec(words(&["standard"]), 0..2),
        moments(),
        moments(),
    );
    let window =
        window.prop_map(|(territories, plans, from, until)| catalog::Window { territories, plans, from, until });
    let local = (words(&["en", "de", "en-GB"]), words(&["Stalker", "Сталкер"]))
        .prop_map(|(locale, name)| catalog::Localisation { locale, name, ..Default::default() });
    let seconds = prop_oneof![9 => 0.0..1e4, 1 => any::<f64>()];
    let asset = (Just(id("ast")), seconds).prop_map(|(asset_id, duration_seconds)| catalog::Asset {
        asset_id,
        duration_seconds,
        ..Default::default()
    });
    (
        (words(&["film", "series"]), words(&["draft", "scheduled", "published", "withdrawn"]), any::<bool>()),
        proptest::option::of(0u32..20),
        proptest::collection::vec(window, 0..3),
        proptest::collection::vec(local, 0..4),
        proptest::option::of(asset),
        any::<String>(),
    )
        .prop_map(|((kind, publication, deleted), rating, windows, localisations, asset, text)| TitleChanged {
            title_id: id("ttl"),
            kind,
            publication,
            deleted,
            rating,
            windows,
            localisations,
            asset,
            original_title: text.clone(),
            slug: text.clone(),
            poster: text,
            ..Default::default()
        })
}

/// The rules of a title, written a second time and straight from the contract's comments.
fn expected(data: &TitleChanged) -> Option<TitleRules> {
    let publications = BTreeMap::from([
        ("draft", Publication::Draft),
        ("scheduled", Publication::Scheduled),
        ("published", Publication::Published),
        ("withdrawn", Publication::Withdrawn),
    ]);
    let publication = if data.deleted { Publication::Draft } else { *publications.get(data.publication.as_str())? };
    let mut windows = vec![];
    for window in &data.windows {
        let mut read = Window { territories: vec![], plans: window.plans.clone(), from: None, until: None };
        for territory in &window.territories {
            read.territories.push(territory.parse().ok()?);
        }
        if window.plans.iter().any(|plan| plan.is_empty() || !plan.bytes().all(|byte| (0x21..=0x7e).contains(&byte))) {
            return None;
        }
        for (text, end) in [(&window.from, &mut read.from), (&window.until, &mut read.until)] {
            match text.as_deref() {
                None | Some("") => {}
                Some(text) => *end = Some(OffsetDateTime::parse(text, &Rfc3339).ok()?),
            }
        }
        windows.push(read);
    }
    let length = data.asset.as_ref().map_or(0.0, |asset| asset.duration_seconds);
    let is_film_or_series = ["film", "series", "season", "episode"].contains(&data.kind.as_str());
    let fits = is_film_or_series && data.rating.unwrap_or(0) <= 18 && (0.0..=604_800.0).contains(&length);
    fits.then(|| TitleRules {
        publication,
        rating: data.rating.map(|rating| rating as u8),
        windows,
        has_asset: data.asset.is_some(),
    })
}

proptest! {
    #[test]
    fn a_title_is_read_as_the_contract_says(data in titles()) {
        let first = event(types::TITLE_CHANGED, &data.title_id, &serde_json::to_value(&data).unwrap());
        let (world, _) = World::replay(NOW + time::Duration::DAY, 2);
        let again = Event::new(&world, types::TITLE_CHANGED, &data.title_id, 3, &data);
        let title = Title::read(&first);
        prop_assert_eq!(&title, &Title::read(&again), "only data and sequence count");
        prop_assert_eq!(title.as_ref().ok().map(|title| title.rules.clone()), expected(&data), "{:?}", &title);
        let Ok(title) = title else { return Ok(()) };
        prop_assert!(title.names.iter().chain([title.slug.as_str()]).all(|text| !text.chars().any(char::is_control)));
        let everybody = Audience { territory: "DE".parse().unwrap(), max_rating: 18 };
        prop_assert!(!data.deleted || visibility(&title.rules, &everybody, NOW) == Visibility::Hidden);
    }

    #[test]
    fn nothing_that_is_read_panics(text in any::<String>(), number in any::<f64>(), kind in proptest::sample::select(types::ALL)) {
        let (subject, data) = written(kind);
        for field in data.as_object().unwrap().keys() {
            for value in [json!(text), json!(number), json!([text]), json!([{ "locale": text }])] {
                let mut data = data.clone();
                data[field] = value;
                let _ = read(&event(kind, &subject, &data));
            }
        }
    }
}
