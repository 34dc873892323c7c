//! A finished film as a player gets it: by its playlists, a file for each rendition.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::studio::{Outcomes, Studio};

pub struct Film {
    /// Largest first: name and file.
    pub rungs: Vec<(String, PathBuf)>,
    /// The default sound.
    pub sound: Option<PathBuf>,
    _folder: TempDir,
}

impl Film {
    pub async fn read(studio: &Studio, outcome: &Outcomes) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let names = |list: &str| -> Vec<String> {
            let items = outcome.asset[list].as_array().into_iter().flatten();
            items.filter_map(|item| item["name"].as_str().map(str::to_owned)).collect()
        };
        let mut rungs = Vec::new();
        for name in names("ladder") {
            rungs.push((name.clone(), rendition(studio, outcome.id(), &name, folder.path()).await));
        }
        let sound = match names("audio").first() {
            Some(name) => Some(rendition(studio, outcome.id(), name, folder.path()).await),
            None => None,
        };
        Self { rungs, sound, _folder: folder }
    }
}

/// The init segment and every segment of the playlist, one after the other.
async fn rendition(studio: &Studio, asset: &str, name: &str, folder: &Path) -> PathBuf {
    let get = async |key: &str| {
        let key = format!("{asset}/{name}/{key}");
        studio.films.get(&key).await.unwrap().unwrap_or_else(|| panic!("{key} is not there"))
    };
    let playlist = m3u8_rs::parse_media_playlist_res(&get("index.m3u8").await).unwrap();
    let map = playlist.segments.first().and_then(|segment| segment.map.as_ref()).expect("an init segment");
    let mut bytes = get(&map.uri).await;
    for segment in &playlist.segments {
        bytes.extend(get(&segment.uri).await);
    }
    let path = folder.join(format!("{name}.mp4"));
    std::fs::write(&path, bytes).unwrap();
    path
}
