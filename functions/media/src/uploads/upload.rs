//! An upload: the parts of a source on their way into the bucket.

use std::collections::BTreeMap;

use kernel::{AccountId, AssetId, TitleId, UploadId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

const MIB: u64 = 1 << 20;
/// The largest object S3 stores.
pub const MOST_BYTES: u64 = 5 << 40;
/// Small enough to be repeated after a broken connection; S3 wants at least 5 MiB.
const SMALLEST_PART_BYTES: u64 = 8 * MIB;
/// S3 allows 10,000; the answer with a URL for each must stay below 6 MB.
const MOST_PARTS: u64 = 2000;
/// File systems allow no more.
const LONGEST_FILENAME_BYTES: usize = 255;
/// As much of the name as goes into the key.
const LONGEST_KEY_NAME: usize = 100;

/// What is wrong with the file that shall be uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    /// No bytes.
    #[error("an empty file cannot become a film")]
    Empty,
    /// More than S3 stores.
    #[error("at most 5 TiB (5497558138880 bytes) are accepted")]
    TooLarge,
    /// Unusable as a file name.
    #[error("must be 1 to 255 bytes without control characters and slashes")]
    Filename,
}

/// Checks a size.
pub fn check_size(size: u64) -> Result<(), InvalidFile> {
    match size {
        0 => Err(InvalidFile::Empty),
        1..=MOST_BYTES => Ok(()),
        _ => Err(InvalidFile::TooLarge),
    }
}

/// Checks a file name.
pub fn check_filename(name: &str) -> Result<(), InvalidFile> {
    let is_plain = |letter: char| !letter.is_control() && letter != '/' && letter != '\\';
    let is_usable = (1..=LONGEST_FILENAME_BYTES).contains(&name.len())
        && name.chars().all(is_plain)
        && !name.trim().is_empty()
        && name != "."
        && name != "..";
    if is_usable { Ok(()) } else { Err(InvalidFile::Filename) }
}

/// Bytes of every part but the last.
pub fn part_size(size: u64) -> u64 {
    let needed = size.div_ceil(MOST_PARTS).div_ceil(MIB) * MIB;
    needed.max(SMALLEST_PART_BYTES)
}

/// The key of an uploaded source.
pub fn key(upload_id: UploadId, filename: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || ".-_".contains(letter) { letter } else { '_' };
    let name: String = filename.chars().map(plain).collect();
    // The end of a name is what tells files apart.
    let kept = &name[name.len().saturating_sub(LONGEST_KEY_NAME)..];
    format!("sources/{upload_id}/{kept}")
}

/// The upload that a key belongs to.
pub fn upload_of(key: &str) -> Option<UploadId> {
    let (id, name) = key.strip_prefix("sources/")?.split_once('/')?;
    if name.is_empty() { None } else { id.parse().ok() }
}

/// The parts of a source.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    pub upload_id: UploadId,
    /// What it will become.
    pub asset_id: AssetId,
    /// The title it is for.
    pub title_id: TitleId,
    /// Who began it, unless they were erased since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// What the person called it.
    pub filename: String,
    /// Bytes in all.
    pub size: u64,
    /// Bytes of every part but the last.
    pub part_size: u64,
    pub key: String,
    /// S3's own id of the multipart upload.
    pub multipart_id: String,
    pub is_complete: bool,
    /// Whether somebody has ended it before it was complete.
    #[serde(default)]
    pub is_aborted: bool,
    /// The source whose notification or completion came first: a later one under this key is another asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When the reconciler looks whether its source was noticed.
    #[serde(default, with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    pub due_at: Option<OffsetDateTime>,
    /// Counts changes; 0 before it is stored.
    pub version: i64,
}

impl Upload {
    /// Whether it is this account's to end: its own, or one that belongs to nobody any more.
    pub fn belongs_to(&self, account: AccountId) -> bool {
        self.account_id.is_none_or(|owner| owner == account)
    }

    /// Numbers and sizes of all parts; S3 counts from 1.
    pub fn parts(&self) -> impl Iterator<Item = (i32, u64)> + use<> {
        let (size, part_size) = (self.size, self.part_size.max(1));
        let count = i32::try_from(size.div_ceil(part_size)).unwrap_or(i32::MAX);
        (1..=count).map(move |number| {
            let before = part_size * (i64::from(number) as u64 - 1);
            (number, part_size.min(size - before))
        })
    }

    /// The parts that have not arrived whole.
    pub fn missing(&self, arrived: &BTreeMap<i32, u64>) -> Vec<i32> {
        self.parts().filter(|(number, size)| arrived.get(number) != Some(size)).map(|(number, _)| number).collect()
    }

    /// Whether parts have arrived that the announced size does not have: S3 would join them too.
    pub fn has_surplus(&self, arrived: &BTreeMap<i32, u64>) -> bool {
        let last = self.parts().last().map_or(0, |(number, _)| number);
        arrived.keys().any(|number| *number > last)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Id, World};
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn upload(size: u64) -> Upload {
        let (world, _) = World::replay(datetime!(2026-01-01 0:00 UTC), 1);
        Upload {
            upload_id: world.id(),
            asset_id: world.id(),
            title_id: world.id(),
            account_id: Some(world.id()),
            filename: "film.mp4".into(),
            size,
            part_size: part_size(size),
            key: String::new(),
            multipart_id: String::new(),
            is_complete: false,
            is_aborted: false,
            identity: None,
            created_at: world.now(),
            due_at: None,
            version: 0,
        }
    }

    #[test]
    fn what_cannot_be_a_file_is_refused() {
        for bad in ["", " ", ".", "..", "a/b.mp4", "a\\b.mp4", "a\0b", "a\nb", &"x".repeat(256)] {
            assert_eq!(check_filename(bad), Err(InvalidFile::Filename), "{bad:?}");
        }
        for good in ["film.mp4", "Ирония судьбы.mkv", "a b (1).avi"] {
            assert_eq!(check_filename(good), Ok(()));
        }
        assert_eq!(check_size(0), Err(InvalidFile::Empty));
        assert_eq!(check_size(MOST_BYTES + 1), Err(InvalidFile::TooLarge));
        assert_eq!(check_size(MOST_BYTES), Ok(()));
    }

    #[test]
    fn keys_are_plain_and_lead_back_to_their_upload() {
        let id = UploadId::from_uuid(uuid::Uuid::from_u128(7));
        assert_eq!(key(id, "Фильм 1.mp4"), format!("sources/{id}/______1.mp4"));
        assert_eq!(upload_of(&key(id, &"ü".repeat(127))), Some(id));
        for foreign in ["sources/x/film.mp4", "inbox/film.mp4", "sources/film.mp4", &format!("sources/{id}/")] {
            assert_eq!(upload_of(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn parts_cover_every_byte_once_within_what_s3_allows(size in 1..=MOST_BYTES) {
            let upload = upload(size);
            let parts: Vec<(i32, u64)> = upload.parts().collect();
            prop_assert_eq!(parts.iter().map(|part| part.1).sum::<u64>(), size);
            prop_assert!(parts.len() as u64 <= MOST_PARTS);
            prop_assert!(parts.iter().all(|part| part.1 > 0 && part.1 <= 5 << 30));
            prop_assert!(parts.iter().rev().skip(1).all(|part| part.1 >= 5 * MIB));
            prop_assert_eq!(upload.missing(&BTreeMap::new()).len(), parts.len());
            let mut arrived: BTreeMap<i32, u64> = parts.iter().copied().collect();
            prop_assert!(upload.missing(&arrived).is_empty() && !upload.has_surplus(&arrived));
            arrived.insert(1, parts[0].1 - 1);
            prop_assert_eq!(upload.missing(&arrived), vec![1]);
            arrived.insert(parts.len() as i32 + 1, 5);
            prop_assert!(upload.has_surplus(&arrived));
        }
    }
}
