//! The package: every playlist of a film, from ledger rows alone, in the order in which they may be written.

use crate::{
    film::{
        Film,
        dash::{self, MANIFEST_TYPE},
        playlist::{self, PLAYLIST_TYPE},
    },
    recipe::plan::Plan,
};

/// The master playlist's key under the asset's prefix.
pub const MASTER: &str = "master.m3u8";
/// The DASH manifest's key under the asset's prefix.
pub const MANIFEST: &str = "manifest.mpd";

/// A text file of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Under the asset's prefix.
    pub key: String,
    /// For the object's metadata.
    pub content_type: &'static str,
    pub text: String,
}

/// Writes all playlists. Write them in this order: the master is last, so that no player sees a half-made film.
pub fn package(plan: &Plan, film: &Film) -> Vec<Page> {
    let target = playlist::target_duration(film.tracks());
    let page = |key: String, text: String| Page { key, content_type: PLAYLIST_TYPE, text };
    let mut pages: Vec<Page> = Vec::new();
    for track in film.tracks() {
        pages.push(page(format!("{}/index.m3u8", track.rendition), playlist::media(track, target)));
    }
    for track in &film.video {
        pages.push(page(format!("{}/iframes.m3u8", track.rendition), playlist::idrs(track, target)));
    }
    let sounds = film.sounds(plan);
    let manifest = dash::manifest(plan, &film.video, &sounds, target);
    pages.push(Page { key: MANIFEST.to_owned(), content_type: MANIFEST_TYPE, text: manifest });
    pages.push(page(MASTER.to_owned(), playlist::master(plan, &film.video, &sounds, target)));
    pages
}
