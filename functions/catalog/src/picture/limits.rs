//! What a file may have at most, and must have at least.

/// Of the file.
pub const MOST_BYTES: u64 = 20 << 20;
/// Of either side.
pub const LONGEST_SIDE: u32 = 12_000;
/// A camera's picture has half as many.
pub const MOST_PIXELS: u64 = 50_000_000;
/// Of either side: less shows nothing.
pub const SHORTEST_SIDE: u32 = 64;
