//! Limits: what the outside may ask of us, and what one tool run may use.

use std::time::Duration;

/// The longest accepted film.
pub const LONGEST_FILM: Duration = Duration::from_secs(8 * 3600);
/// The smallest accepted side of a picture, in pixels: one macroblock.
pub const SMALLEST_SIDE: u32 = 16;
/// The longest accepted side of a picture, in pixels.
pub const LONGEST_SIDE: u32 = 8192;
/// The largest accepted picture, in pixels (8192 × 4320).
pub const LARGEST_PICTURE: u64 = 8192 * 4320;
/// Audio tracks beyond this many are left out.
pub const MOST_AUDIO_TRACKS: usize = 16;

/// What one run of ffmpeg or ffprobe may use before it is killed.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub wall: Duration,
    /// CPU time over all its threads.
    pub cpu: Duration,
    /// Address space in bytes.
    pub memory_bytes: u64,
    /// The largest file it may write, in bytes.
    pub file_bytes: u64,
}

impl Limits {
    /// For looking at a source: everything is read, nothing is encoded.
    pub const PROBE: Limits = Limits {
        wall: Duration::from_secs(240),
        cpu: Duration::from_secs(240),
        memory_bytes: 2 << 30,
        file_bytes: 64 << 20,
    };

    /// For encoding inside a function with `wall` left before its deadline.
    pub fn encode(wall: Duration) -> Limits {
        Limits { wall, cpu: wall * MOST_CPUS, memory_bytes: 8 << 30, file_bytes: 16 << 30 }
    }
}

/// A function has at most six processors.
const MOST_CPUS: u32 = 6;
