//! A copy of what is held on a person: every service writes its part, the archive is made when all are there.

use std::io::{Cursor, Write};

use kernel::{AccountId, ExportId, ProfileId, World};
use proto::{
    types,
    user::{ExportReady, ExportRequested},
};
use serde::Serialize;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// The services that hold something on a person, in the order of the archive.
pub const PARTS: [&str; 7] = ["analytics", "auth", "notification", "payment", "recommendation", "streaming", "user"];
/// One export in this time.
pub const PAUSE: Duration = Duration::hours(24);
/// The bucket forgets parts and archive after this time.
pub const KEPT: Duration = Duration::days(7);
/// How long a URL of the archive works.
pub const URL_LIFETIME: std::time::Duration = std::time::Duration::from_secs(15 * 60);

/// How far an export is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportStatus {
    /// Not every service has written its part.
    Preparing,
    /// Can be fetched.
    Ready,
    /// Is gone; ask for another one.
    Expired,
}

/// A copy of what is held on a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Export {
    pub id: ExportId,
    /// How far it is.
    pub status: ExportStatus,
    /// A zip with a JSON document per service; only when it is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Until when the URL works; ask again for a new one.
    #[serde(skip_serializing_if = "Option::is_none", with = "time::serde::rfc3339::option")]
    pub expires_at: Option<OffsetDateTime>,
}

impl Export {
    /// Without anything to fetch.
    pub fn new(id: ExportId, status: ExportStatus) -> Self {
        Self { id, status, url: None, expires_at: None }
    }
}

/// How long to wait for the next one; `None` when it may begin.
pub fn pause(last: Option<OffsetDateTime>, now: OffsetDateTime) -> Option<Duration> {
    last.map(|last| last + PAUSE - now).filter(|left| left.is_positive())
}

/// Whether the bucket may have forgotten it.
pub fn is_expired(requested_at: OffsetDateTime, now: OffsetDateTime) -> bool {
    now >= requested_at + KEPT
}

/// Where a service puts its part.
pub fn part_key(id: ExportId, service: &str) -> String {
    format!("{id}/{service}.json")
}

/// Where the archive lies.
pub fn archive_key(id: ExportId) -> String {
    format!("{id}/export.zip")
}

/// What tells every service to write its part.
pub fn requested(
    world: &World,
    id: ExportId,
    account: AccountId,
    profiles: &[ProfileId],
    now: OffsetDateTime,
) -> events::Event {
    let requested_at = now.format(&Rfc3339).unwrap_or_default();
    let profile_ids = profiles.iter().map(ToString::to_string).collect();
    let state =
        ExportRequested { export_id: id.to_string(), account_id: account.to_string(), profile_ids, requested_at };
    events::Event::new(world, types::EXPORT_REQUESTED, id, 1, &state)
}

/// What tells the person that their copy can be fetched.
pub fn ready(
    world: &World,
    (id, requested_at): (ExportId, OffsetDateTime),
    account: AccountId,
    now: OffsetDateTime,
) -> events::Event {
    let text = |moment: OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    let state = ExportReady {
        export_id: id.to_string(),
        account_id: account.to_string(),
        ready_at: text(now),
        kept_until: text(requested_at + KEPT),
    };
    events::Event::new(world, types::EXPORT_READY, id, 2, &state)
}

/// The archive of all parts: the same bytes for the same parts.
pub fn archive(parts: &[(&str, Vec<u8>)]) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (service, part) in parts {
        zip.start_file(format!("{service}.json"), options)?;
        zip.write_all(part)?;
    }
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use time::macros::datetime;
    use zip::ZipArchive;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    #[test]
    fn the_same_parts_give_the_same_archive() {
        let parts = [("auth", b"{\"a\":1}".to_vec()), ("user", vec![b'x'; 100_000])];
        let bytes = archive(&parts).unwrap();
        assert_eq!(bytes, archive(&parts).unwrap());
        assert!(bytes.len() < 2000);
        let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut text = String::new();
        archive.by_name("auth.json").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), archive.len()), ("{\"a\":1}", 2));
    }

    #[test]
    fn the_parts_are_in_order() {
        assert!(PARTS.is_sorted());
    }

    #[test]
    fn one_export_in_a_day_and_gone_after_a_week() {
        assert_eq!(pause(None, NOW), None);
        assert_eq!(pause(Some(NOW - PAUSE), NOW), None);
        assert_eq!(pause(Some(NOW - Duration::HOUR), NOW), Some(Duration::hours(23)));
        assert!(is_expired(NOW - KEPT, NOW) && !is_expired(NOW - KEPT + Duration::SECOND, NOW));
    }
}
