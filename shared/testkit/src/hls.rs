//! A film's playlists, as the packager writes them.

use kernel::AssetId;

/// Of every playlist.
pub const MEDIA_TYPE: &str = "application/vnd.apple.mpegurl";

/// A master playlist as the packager writes it.
pub fn master() -> String {
    let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n".to_owned();
    for (group, name, channels) in [("main", "a0", 2), ("low", "a0low", 1)] {
        text += &format!(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"{channels}\",URI=\"{name}/index.m3u8\"\n"
        );
    }
    for (name, size, group) in
        [("v720", "1280x720", "main"), ("v1080", "1920x1080", "main"), ("v240", "426x240", "low")]
    {
        text += &format!(
            "#EXT-X-STREAM-INF:BANDWIDTH=3000000,AVERAGE-BANDWIDTH=2000000,CODECS=\"avc1.640020,mp4a.40.2\",RESOLUTION={size},FRAME-RATE=24.000,VIDEO-RANGE=SDR,AUDIO=\"{group}\",CLOSED-CAPTIONS=NONE\n{name}/index.m3u8\n"
        );
    }
    for (name, size) in [("v1080", "1920x1080"), ("v720", "1280x720"), ("v240", "426x240")] {
        text += &format!(
            "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,AVERAGE-BANDWIDTH=60000,CODECS=\"avc1.640020\",RESOLUTION={size},VIDEO-RANGE=SDR,URI=\"{name}/iframes.m3u8\"\n"
        );
    }
    text
}

fn segments(kind: &str, before: &str) -> String {
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n{kind}\n#EXT-X-MAP:URI=\"init.mp4\"\n"
    );
    for n in 0..100 {
        text += &format!("#EXTINF:6.000000,\n{before}ab12cd34/{n}.m4s\n");
    }
    text + "#EXT-X-ENDLIST\n"
}

/// All playlists of an asset by their keys: three pictures with their still frames, two sounds, ten minutes.
pub fn playlists(asset: AssetId) -> Vec<(String, String)> {
    let mut files = vec![("master.m3u8".to_owned(), master())];
    for name in ["v1080", "v720", "v240", "a0", "a0low"] {
        files.push((format!("{name}/index.m3u8"), segments("#EXT-X-INDEPENDENT-SEGMENTS", "")));
    }
    for name in ["v1080", "v720", "v240"] {
        files.push((format!("{name}/iframes.m3u8"), segments("#EXT-X-I-FRAMES-ONLY", "#EXT-X-BYTERANGE:900@48\n")));
    }
    files.into_iter().map(|(key, text)| (format!("{asset}/{key}"), text)).collect()
}
