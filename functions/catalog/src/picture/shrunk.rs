//! Smaller pictures.

use fast_image_resize::{
    FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer,
    images::{Image, ImageRef},
};
use image::{DynamicImage, RgbImage, RgbaImage};

use super::PictureRefusal;

/// The picture in this size (Lanczos, a = 3). Colours are weighed by their opacity: what cannot be seen leaves no seam.
pub(super) fn shrunk(image: &DynamicImage, width: u32, height: u32) -> Result<DynamicImage, PictureRefusal> {
    let has_alpha = image.color().has_alpha();
    let kind = if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let unreadable = |error: &dyn std::error::Error| {
        tracing::error!(%error, "a picture cannot be made smaller");
        PictureRefusal::Unreadable
    };
    let from =
        ImageRef::new(image.width(), image.height(), image.as_bytes(), kind).map_err(|error| unreadable(&error))?;
    let mut to = Image::new(width, height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3));
    Resizer::new().resize(&from, &mut to, &options).map_err(|error| unreadable(&error))?;
    let pixels = to.into_vec();
    let made = if has_alpha {
        RgbaImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::ImageRgb8)
    };
    made.ok_or(PictureRefusal::Unreadable)
}
