//! Pictures as browsers read them.

use image::{DynamicImage, ExtendedColorType, RgbImage, codecs::jpeg::JpegEncoder};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::PictureRefusal;

/// Of 100.
const JPEG_QUALITY: u8 = 82;
/// Of 100.
const WEBP_QUALITY: f32 = 80.0;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    Webp,
    Jpeg,
}

impl Encoding {
    /// The one that a page prefers first.
    pub const ALL: [Self; 2] = [Self::Webp, Self::Jpeg];

    /// Media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Webp => "image/webp",
            Self::Jpeg => "image/jpeg",
        }
    }

    /// Ending of a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Webp => "webp",
            Self::Jpeg => "jpg",
        }
    }

    /// The bytes of a picture of eight bits for each channel; the same picture gives the same bytes.
    pub(super) fn encode(self, image: &DynamicImage) -> Result<Vec<u8>, PictureRefusal> {
        match self {
            Self::Webp => webp(image),
            Self::Jpeg => jpeg(image),
        }
    }
}

fn webp(image: &DynamicImage) -> Result<Vec<u8>, PictureRefusal> {
    let (width, height) = (image.width(), image.height());
    let encoder = if image.color().has_alpha() {
        webp::Encoder::from_rgba(image.as_bytes(), width, height)
    } else {
        webp::Encoder::from_rgb(image.as_bytes(), width, height)
    };
    let encoded = encoder.encode_simple(false, WEBP_QUALITY).map_err(|error| {
        tracing::error!(?error, "a picture cannot be encoded");
        PictureRefusal::Unreadable
    })?;
    Ok(encoded.to_vec())
}

fn jpeg(image: &DynamicImage) -> Result<Vec<u8>, PictureRefusal> {
    let opaque = on_black(image);
    let mut bytes = Vec::new();
    let (width, height) = opaque.dimensions();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode(&opaque, width, height, ExtendedColorType::Rgb8)?;
    Ok(bytes)
}

/// JPEG knows no transparency; the pages of a cinema are dark.
fn on_black(image: &DynamicImage) -> RgbImage {
    let Some(pixels) = image.as_rgba8() else { return image.to_rgb8() };
    let shown = |colour: u8, alpha: u8| ((u16::from(colour) * u16::from(alpha) + 127) / 255) as u8;
    RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let [red, green, blue, alpha] = pixels.get_pixel(x, y).0;
        image::Rgb([shown(red, alpha), shown(green, alpha), shown(blue, alpha)])
    })
}
