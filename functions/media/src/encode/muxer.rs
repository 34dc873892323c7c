//! The muxer: fragmented MP4, described by an HLS playlist.

/// The options that sound and picture share; fragments of this length.
pub(crate) fn fragments(seconds: &str) -> Vec<String> {
    // Neither +cmaf nor negative offsets: they make demuxers other than browsers jump by a frame.
    ["-avoid_negative_ts", "disabled", "-f", "hls", "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"]
        .into_iter()
        .chain(["-hls_flags", "independent_segments", "-hls_fmp4_init_filename", "init.mp4", "-hls_time", seconds])
        .map(String::from)
        .collect()
}
