//! A rendition's playlist with a signed address for everything it names: one signature per rendition, good for all of its files.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use time::{Duration, OffsetDateTime};

use crate::master::attribute;

/// The content type of RFC 8216, 4.
const CONTENT_TYPE: HeaderValue = HeaderValue::from_static("application/vnd.apple.mpegurl");

/// The tag that names a file in `URI`.
const NAMING: &str = "#EXT-X-MAP:";
/// However long the film is.
const LONGEST: Duration = Duration::hours(12);

/// A playlist as an answer. It holds a session's token or signatures: nobody but the player may keep it.
pub struct Playlist(pub String);

impl IntoResponse for Playlist {
    fn into_response(self) -> Response {
        let no_store = HeaderValue::from_static("private, no-store");
        ([(header::CONTENT_TYPE, CONTENT_TYPE), (header::CACHE_CONTROL, no_store)], self.0).into_response()
    }
}

/// How long addresses and tokens of a film are good: twice through it and an hour of pauses, at most half a day.
pub fn expiry(duration_seconds: f64, now: OffsetDateTime) -> OffsetDateTime {
    now + Duration::HOUR.saturating_add(Duration::saturating_seconds_f64(2.0 * duration_seconds.max(0.0))).min(LONGEST)
}

/// Puts `folder` (with its slash) before and the signature's `query` behind each relative address.
pub fn sign(playlist: &str, folder: &str, query: &str) -> String {
    let files = playlist.lines().filter(|line| !line.starts_with('#')).count();
    let mut text = String::with_capacity(playlist.len() + files * (folder.len() + query.len() + 1));
    let address = |uri: &str| format!("{folder}{uri}?{query}");
    for line in playlist.lines().filter(|line| !line.trim().is_empty()) {
        if !line.starts_with('#') {
            text.push_str(folder);
            text.push_str(line);
            text.push('?');
            text.push_str(query);
        } else if let Some(uri) = line.starts_with(NAMING).then(|| attribute(line, "URI")).flatten() {
            text.push_str(&line.replace(&format!("URI=\"{uri}\""), &format!("URI=\"{}\"", address(uri))));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

    #[test]
    fn segments_pictures_and_the_header_are_signed_and_nothing_else_changes() {
        let playlist = "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:6.000000,\nab12/0.m4s\n#EXT-X-BYTERANGE:100@20\nab12/1.m4s\n#EXT-X-ENDLIST\n";
        assert_eq!(
            sign(playlist, "/media/ast_1/v720/", "Policy=p"),
            "#EXTM3U\n#EXT-X-MAP:URI=\"/media/ast_1/v720/init.mp4?Policy=p\"\n#EXTINF:6.000000,\n/media/ast_1/v720/ab12/0.m4s?Policy=p\n\
             #EXT-X-BYTERANGE:100@20\n/media/ast_1/v720/ab12/1.m4s?Policy=p\n#EXT-X-ENDLIST\n"
        );
    }

    #[test]
    fn addresses_outlive_the_film_but_not_the_day() {
        assert_eq!(expiry(5400.0, NOW), NOW + Duration::hours(4));
        assert_eq!(expiry(8.0 * 3600.0, NOW), NOW + Duration::hours(12));
        assert_eq!(expiry(f64::INFINITY, NOW), NOW + Duration::hours(12));
        assert_eq!(expiry(f64::NAN, NOW), NOW + Duration::HOUR);
        assert_eq!(expiry(-1.0, NOW), NOW + Duration::HOUR);
    }
}
