//! From a file that somebody uploaded to pictures in a few widths. Nothing of the file itself is passed on: no metadata, no profile, no byte.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageReader, Limits, metadata::Orientation};
use thumbhash::rgba_to_thumb_hash;

mod colour;
mod container;
mod encoded;
mod limits;
mod refusal;
mod shrunk;

pub use colour::Colour;
pub use encoded::Encoding;
pub use limits::{LONGEST_SIDE, MOST_BYTES, MOST_PIXELS, SHORTEST_SIDE};
pub use refusal::PictureRefusal;

use self::shrunk::shrunk;

/// What a decoder may ask for: fifty million pixels of four times 16 bits, and what it works with.
const MOST_MEMORY_BYTES: u64 = 640 << 20;
/// Of either side: what the placeholder is made from.
const PLACEHOLDER_SIDE: u32 = 100;

/// Pictures made from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Pixels of the largest.
    pub width: u32,
    /// Pixels of the largest.
    pub height: u32,
    /// ThumbHash, at most 25 bytes.
    pub placeholder: Vec<u8>,
    pub colour: Colour,
    /// The narrowest first; each in every encoding.
    pub files: Vec<MadeFile>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeFile {
    pub width: u32,
    pub height: u32,
    pub encoding: Encoding,
    pub bytes: Vec<u8>,
}

/// Makes pictures of these widths (ascending), but none that is larger than the file's.
///
/// # Errors
/// Why the file is refused.
pub fn make(bytes: &[u8], widths: &[u32]) -> Result<Made, PictureRefusal> {
    let Upright { image, colour } = upright(bytes, widths.last().copied().unwrap_or(LONGEST_SIDE))?;
    let (width, height) = (image.width(), image.height());
    let mut files = Vec::new();
    for step in widths.iter().copied().filter(|step| *step < width).chain([width]) {
        let scaled =
            if step == width { image.clone() } else { shrunk(&image, step, scaled_height(height, step, width))? };
        for encoding in Encoding::ALL {
            let (width, height) = (scaled.width(), scaled.height());
            files.push(MadeFile { width, height, encoding, bytes: encoding.encode(&scaled)? });
        }
    }
    Ok(Made { width, height, placeholder: placeholder(&image)?, colour, files })
}

/// A picture as a person sees it, in sRGB, with eight bits for each channel.
struct Upright {
    image: DynamicImage,
    colour: Colour,
}

/// At most `most` pixels wide.
fn upright(bytes: &[u8], most: u32) -> Result<Upright, PictureRefusal> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), container::check(bytes)?);
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(LONGEST_SIDE), Some(LONGEST_SIDE));
    limits.max_alloc = Some(MOST_MEMORY_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder()?;
    let (width, height) = decoder.dimensions();
    container::check_size(width, height)?;
    // What stands beside the picture may be broken without the picture being so.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().ok().flatten();
    let image = eight_bits(DynamicImage::from_decoder(decoder)?);
    // First smaller, then turned: a copy of the whole picture is 200 MB.
    let mut image = shrunk_to(image, most, is_lying(orientation))?;
    image.apply_orientation(orientation);
    let colour = colour::convert(&mut image, profile.as_deref());
    Ok(Upright { image: without_idle_alpha(image), colour })
}

/// Whether it has to be turned by a quarter.
fn is_lying(orientation: Orientation) -> bool {
    use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
    matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
}

/// Decoders give a channel of 16 bits, of grey or none at all as they find it.
fn eight_bits(image: DynamicImage) -> DynamicImage {
    if image.color().has_alpha() {
        DynamicImage::ImageRgba8(image.into_rgba8())
    } else {
        DynamicImage::ImageRgb8(image.into_rgb8())
    }
}

fn shrunk_to(image: DynamicImage, most: u32, is_lying: bool) -> Result<DynamicImage, PictureRefusal> {
    let (width, height) = (image.width(), image.height());
    let seen = if is_lying { height } else { width };
    if seen <= most {
        return Ok(image);
    }
    let (width, height) =
        if is_lying { (scaled_height(width, most, height), most) } else { (most, scaled_height(height, most, width)) };
    shrunk(&image, width, height)
}

/// The height that keeps the shape; at least a pixel.
fn scaled_height(height: u32, to: u32, from: u32) -> u32 {
    let (height, to, from) = (u64::from(height), u64::from(to), u64::from(from).max(1));
    u32::try_from((height * to + from / 2) / from).unwrap_or(u32::MAX).max(1)
}

/// Many programs write a channel of transparency that says nothing.
fn without_idle_alpha(image: DynamicImage) -> DynamicImage {
    let is_opaque = image.as_rgba8().is_some_and(|pixels| pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX));
    if is_opaque { DynamicImage::ImageRgb8(image.into_rgb8()) } else { image }
}

fn placeholder(image: &DynamicImage) -> Result<Vec<u8>, PictureRefusal> {
    let (width, height) = (image.width(), image.height());
    let longest = width.max(height);
    let scaled = if longest > PLACEHOLDER_SIDE {
        let side = |side| scaled_height(side, PLACEHOLDER_SIDE, longest);
        shrunk(image, side(width), side(height))?
    } else {
        image.clone()
    };
    let (width, height) = (scaled.width() as usize, scaled.height() as usize);
    Ok(rgba_to_thumb_hash(width, height, scaled.into_rgba8().as_raw()))
}

#[cfg(test)]
mod tests;
