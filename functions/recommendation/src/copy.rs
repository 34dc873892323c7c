//! What a person gets to read of what is held of them.

use kernel::ProfileId;
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{millis, taste::Taste};

fn text(time: OffsetDateTime) -> String {
    time.format(&Rfc3339).unwrap_or_default()
}

/// A profile with what is kept of it, and when it was shown pages that can still be explained.
pub type Held = (ProfileId, Taste, Vec<OffsetDateTime>);

/// The part of an export.
pub fn document(held: &[Held]) -> Value {
    let profiles = held.iter().map(|(profile, taste, pages)| {
        let watched = taste.viewings.iter().map(|(title, viewing)| {
            let sessions = viewing.watches.iter().map(|watch| {
                json!({ "session_id": watch.session, "started_at": text(millis::time(watch.started_at)),
                    "last_at": text(millis::time(watch.at)), "position_ms": watch.position_ms,
                    "watched_ms": watch.watched_ms, "duration_ms": watch.duration_ms })
            });
            json!({ "title_id": title, "sessions": sessions.collect::<Vec<_>>() })
        });
        let feedback = taste.feedback.iter().map(|(title, feedback)| {
            json!({ "title_id": title, "feedback": feedback.verdict, "at": text(millis::time(feedback.at)) })
        });
        let on_record = taste.records.iter().filter(|(_, record)| record.is_known()).map(|(title, record)| {
            let seen_at = record.seen_elsewhere_at.map(|at| text(millis::time(at)));
            json!({ "title_id": title, "stars": record.stars, "seen_elsewhere_at": seen_at, "at": text(millis::time(record.at)) })
        });
        let watchlist = taste.watchlist.iter().map(|(title, at)| json!({ "title_id": title, "at": text(millis::time(*at)) }));
        let hidden = taste.hidden.iter().map(|(title, at)| json!({ "title_id": title, "at": text(millis::time(*at)) }));
        json!({
            "profile_id": profile,
            "watched": watched.collect::<Vec<_>>(),
            "feedback": feedback.collect::<Vec<_>>(),
            "on_record": on_record.collect::<Vec<_>>(),
            "watchlist": watchlist.collect::<Vec<_>>(),
            "hidden_from_watching_on": hidden.collect::<Vec<_>>(),
            "chosen": { "title_ids": taste.onboarding.titles, "genres": taste.onboarding.genres },
            "pages_of_the_last_week": pages.iter().map(|at| text(*at)).collect::<Vec<_>>(),
        })
    });
    json!({ "profiles": profiles.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use kernel::World;

    use super::*;

    #[test]
    fn a_profile_of_whom_nothing_is_held_gets_an_empty_copy() {
        let profile = World::system().id();
        let document = document(&[(profile, Taste::default(), vec![])]);
        assert_eq!(document["profiles"][0]["profile_id"], json!(profile));
        for part in
            ["watched", "feedback", "on_record", "watchlist", "hidden_from_watching_on", "pages_of_the_last_week"]
        {
            assert_eq!(document["profiles"][0][part], json!([]));
        }
    }
}
