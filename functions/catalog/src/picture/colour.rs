//! Colours as a page shows them: sRGB.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A profile of a printer with all its tables has about so many.
const MOST_PROFILE_BYTES: usize = 2 << 20;

/// How colours came to be sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// The file has no profile: by every custom, that is sRGB.
    Unprofiled,
    /// By the file's profile.
    Converted,
    /// The profile is of no use (another kind of colours, such as inks, or broken): the colours are taken for sRGB and may be off.
    Assumed,
}

/// Converts colours in place.
pub(super) fn convert(image: &mut DynamicImage, profile: Option<&[u8]>) -> Colour {
    let Some(profile) = profile else { return Colour::Unprofiled };
    match converted(image, profile) {
        Some(()) => Colour::Converted,
        None => Colour::Assumed,
    }
}

fn converted(image: &mut DynamicImage, profile: &[u8]) -> Option<()> {
    if profile.len() > MOST_PROFILE_BYTES {
        return None;
    }
    let profile = ColorProfile::new_from_slice(profile).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let (layout, pixels): (Layout, &mut [u8]) = match image {
        DynamicImage::ImageRgb8(image) => (Layout::Rgb, &mut *image),
        DynamicImage::ImageRgba8(image) => (Layout::Rgba, &mut *image),
        _ => return None,
    };
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(layout, &srgb, layout, TransformOptions::default()).ok()?;
    let mut seen = vec![0; pixels.len()];
    transform.transform(pixels, &mut seen).ok()?;
    pixels.copy_from_slice(&seen);
    Some(())
}
