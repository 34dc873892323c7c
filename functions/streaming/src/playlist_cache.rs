//! The packager's playlists. They never change under their address, so an environment keeps those it has read.

use std::sync::{Arc, Mutex, PoisonError};

use kernel::AssetId;
use runtime::{Access, Boot, BootError, Wire};
use stores::{Bucket, StoreError};

/// About a hundred feature films' playlists.
const MOST_BYTES: usize = 6 << 20;

/// Reads playlists and keeps the latest used ones.
#[derive(Clone)]
pub struct PlaylistCache {
    media: Bucket,
    kept: Arc<Mutex<Kept>>,
}

impl Wire for PlaylistCache {
    fn wire(boot: &Boot) -> Result<Self, BootError> {
        Ok(Self { media: boot.bucket("media", Access::Read)?, kept: Arc::default() })
    }
}

/// The latest used last.
#[derive(Default)]
struct Kept(Vec<(String, Arc<str>)>);

impl Kept {
    fn get(&mut self, key: &str) -> Option<Arc<str>> {
        let at = self.0.iter().position(|(known, _)| known == key)?;
        let entry = self.0.remove(at);
        let text = entry.1.clone();
        self.0.push(entry);
        Some(text)
    }

    fn put(&mut self, key: String, text: Arc<str>, most_bytes: usize) {
        self.0.retain(|(known, _)| *known != key);
        self.0.push((key, text));
        let mut bytes: usize = self.0.iter().map(|(_, text)| text.len()).sum();
        while bytes > most_bytes && !self.0.is_empty() {
            bytes -= self.0.remove(0).1.len();
        }
    }
}

impl PlaylistCache {
    /// The master playlist of an asset; `None` when its files are gone.
    pub async fn master(&self, asset: AssetId) -> Result<Option<Arc<str>>, StoreError> {
        self.get(asset, "master.m3u8").await
    }

    /// A playlist of an asset; `None` when there is none.
    pub async fn get(&self, asset: AssetId, key: &str) -> Result<Option<Arc<str>>, StoreError> {
        let key = format!("{asset}/{key}");
        if let Some(text) = self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(Some(text));
        }
        let Some(bytes) = self.media.get(&key).await? else { return Ok(None) };
        let text: Arc<str> = String::from_utf8(bytes).map_err(|error| StoreError::new("s3", error))?.into();
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).put(key, text.clone(), MOST_BYTES);
        Ok(Some(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_first() {
        let mut kept = Kept::default();
        for name in ["a", "b", "c"] {
            kept.put(name.to_owned(), "1234".into(), 12);
        }
        assert!(kept.get("a").is_some());
        kept.put("d".to_owned(), "1234".into(), 12);
        assert!(kept.get("b").is_none() && kept.get("a").is_some() && kept.get("c").is_some());
        kept.put("large".to_owned(), "12345678901234".into(), 12);
        assert!(kept.0.is_empty());
    }
}
