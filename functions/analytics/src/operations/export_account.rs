//! `cinema.user.export_requested.v1` → this service's part of the copy: what was counted of the account's profiles.

use events::{Consumer, Deadline, Event, Export, Outcome};
use runtime::{Access, Boot, BootError};
use serde_json::{Value, json};
use stores::{Bucket, StoreError};

use crate::store::{Figures, Kept};

struct Exporter {
    figures: Figures,
    bucket: Bucket,
}

fn session((session, profile, title, device, territory, started_at, watched_ms, duration_ms): Kept) -> Value {
    json!({ "session_id": session, "profile_id": profile, "title_id": title, "device_id": device, "territory": territory,
        "started_at": started_at, "watched_ms": watched_ms, "duration_ms": duration_ms })
}

impl Exporter {
    async fn export(&self, export: &Export) -> Result<(), StoreError> {
        let marks = self.figures.marks(export.profiles.iter().copied()).await?;
        if export.profiles.iter().any(|profile| marks.is_gone(*profile)) {
            // Erased meanwhile: a copy would bring back what is gone.
            return Ok(());
        }
        let sessions = self.figures.sessions_of(&export.profiles).await?;
        let document = json!({ "sessions": sessions.into_iter().map(session).collect::<Vec<_>>() });
        self.bucket.put(&export.key("analytics"), document.to_string().into_bytes(), "application/json", None).await
    }
}

impl Consumer<Event> for Exporter {
    async fn consume(&self, event: Event, _: &Deadline) -> Outcome {
        match Export::read(&event) {
            Err(reason) => Outcome::Poison(reason),
            Ok(export) => self.export(&export).await.map_or_else(Outcome::retry, |()| Outcome::Done),
        }
    }
}

/// ClickHouse, and the bucket of exports.
pub fn consumer(boot: &Boot) -> Result<impl Consumer<Event> + use<>, BootError> {
    let figures = Figures::new(boot.clickhouse()?);
    Ok(Exporter { figures, bucket: boot.bucket("exports", Access::Write)? })
}
