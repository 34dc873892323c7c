use image::{DynamicImage, ImageEncoder, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use moxcms::ColorProfile;
use proptest::prelude::*;

use self::files::{bytes_of, chunk, cmyk_jpeg, corners, corners_of, jpeg_with_exif, png_header, sample, with_chunk};
use super::*;

mod files;

const WIDTHS: [u32; 3] = [100, 200, 400];

fn refused(bytes: &[u8]) -> PictureRefusal {
    make(bytes, &WIDTHS).expect_err("refused")
}

/// The widest picture, as somebody else's decoder sees it.
fn seen(bytes: &[u8], encoding: Encoding) -> DynamicImage {
    let made = make(bytes, &WIDTHS).unwrap();
    let file = made.files.iter().rfind(|file| file.encoding == encoding).unwrap();
    image::load_from_memory(&file.bytes).unwrap()
}

#[track_caller]
fn assert_near(found: [u8; 3], expected: [u8; 3], tolerance: u8) {
    let is_near = found.iter().zip(expected).all(|(found, expected)| found.abs_diff(expected) <= tolerance);
    assert!(is_near, "{found:?} is not {expected:?}");
}

#[test]
fn a_picture_comes_in_every_width_and_encoding_but_never_larger_than_it_is() {
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
        for (width, expected) in [(1000, vec![100, 200, 400]), (300, vec![100, 200, 300]), (80, vec![80])] {
            let made = make(&bytes_of(&sample(width, width / 2 + 40), format), &WIDTHS).unwrap();
            let found: Vec<u32> = made.files.iter().map(|file| file.width).collect();
            let both: Vec<u32> = expected.iter().flat_map(|width| [*width, *width]).collect();
            assert_eq!((found, Some(&made.width)), (both, expected.last()), "{format:?}");
            for file in &made.files {
                let read = image::load_from_memory(&file.bytes).unwrap();
                assert_eq!((read.width(), read.height()), (file.width, file.height));
                let format = image::guess_format(&file.bytes).unwrap();
                assert_eq!(format.to_mime_type(), file.encoding.media_type());
            }
            assert!(made.placeholder.len() <= 25 && made.colour == Colour::Unprofiled);
        }
    }
}

#[test]
fn the_same_file_gives_the_same_pictures() {
    let bytes = bytes_of(&sample(640, 480), ImageFormat::Png);
    assert_eq!(make(&bytes, &WIDTHS), make(&bytes, &WIDTHS));
}

#[test]
fn a_bomb_is_refused_by_its_header() {
    for (width, height) in [(60_000, 60_000), (12_001, 100), (100, 12_001), (12_000, 5_000), (u32::MAX, u32::MAX)] {
        assert_eq!(refused(&png_header(width, height)), PictureRefusal::TooManyPixels, "{width}x{height}");
    }
    let mut jpeg = bytes_of(&sample(64, 64), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|marker| marker == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(refused(&jpeg), PictureRefusal::TooManyPixels);
    let mut webp = bytes_of(&sample(64, 64), ImageFormat::WebP);
    // A lossless picture of 16383 by 16383: two times 14 bits behind the signature.
    let header = webp.windows(4).position(|name| name == b"VP8L").unwrap() + 9;
    webp[header..header + 4].copy_from_slice(&0x0fff_bffe_u32.to_le_bytes());
    assert_eq!(refused(&webp), PictureRefusal::TooManyPixels);
    assert_eq!(refused(&vec![0xff; MOST_BYTES as usize + 1]), PictureRefusal::TooLarge);
}

#[test]
fn what_is_no_picture_is_refused_whatever_it_is_called() {
    let svg = r#"<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let gif = b"GIF89a\x01\0\x01\0\0\0\0;";
    let jpeg = bytes_of(&sample(64, 64), ImageFormat::Jpeg);
    let archive_first = [b"PK\x03\x04".as_slice(), &jpeg].concat();
    for bytes in [
        &b""[..],
        b"\xff",
        b"\xff\xd8",
        svg.as_bytes(),
        gif,
        b"<html>",
        b"%PDF-1.7",
        b"RIFF\0\0\0\0WAVE",
        &archive_first,
    ] {
        assert_eq!(refused(bytes), PictureRefusal::NotAPicture, "{:?}", &bytes[..bytes.len().min(9)]);
    }
}

#[test]
fn what_stands_behind_a_picture_is_refused_but_for_padding() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let picture = bytes_of(&sample(80, 80), format);
        let polyglot = [picture.as_slice(), b"PK\x03\x04archive"].concat();
        assert_eq!(refused(&polyglot), PictureRefusal::TrailingData, "{format:?}");
        let twice = [picture.as_slice(), &picture].concat();
        assert_eq!(refused(&twice), PictureRefusal::TrailingData, "{format:?}");
        assert!(make(&[picture.as_slice(), &[0; 7]].concat(), &WIDTHS).is_ok(), "{format:?}");
    }
}

#[test]
fn half_a_picture_is_none() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let picture = bytes_of(&sample(80, 80), format);
        for end in (12..picture.len()).step_by(7) {
            assert_eq!(refused(&picture[..end]), PictureRefusal::Truncated, "{format:?} of {end} bytes");
        }
    }
}

#[test]
fn a_side_may_be_too_short() {
    assert_eq!(refused(&bytes_of(&sample(1, 1), ImageFormat::Png)), PictureRefusal::TooSmall);
    assert_eq!(refused(&bytes_of(&sample(500, 63), ImageFormat::Jpeg)), PictureRefusal::TooSmall);
    assert!(make(&bytes_of(&sample(64, 64), ImageFormat::WebP), &WIDTHS).is_ok());
    // The narrowest of these is a pixel high.
    let made = make(&bytes_of(&sample(12_000, 64), ImageFormat::Png), &[50, 100]).unwrap();
    assert_eq!((made.files[0].width, made.files[0].height, made.height), (50, 1, 1));
}

#[test]
fn what_moves_is_refused() {
    let png = bytes_of(&sample(64, 64), ImageFormat::Png);
    assert_eq!(refused(&with_chunk(&png, &chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]))), PictureRefusal::Animated);
    let mut webp = b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0".to_vec();
    webp.extend([2, 0, 0, 0, 63, 0, 0, 63, 0, 0]);
    assert_eq!(refused(&webp), PictureRefusal::Animated);
}

#[test]
fn passes_are_counted() {
    let jpeg = bytes_of(&sample(64, 64), ImageFormat::Jpeg);
    let end = jpeg.len() - 2;
    let scan = jpeg.windows(2).rposition(|marker| marker == [0xff, 0xda]).unwrap();
    let again: Vec<u8> = jpeg[..end].iter().copied().chain(jpeg[scan..end].repeat(40)).chain([0xff, 0xd9]).collect();
    assert_eq!(refused(&again), PictureRefusal::TooComplex);
}

#[test]
fn what_only_looks_like_a_picture_is_refused() {
    let mut png = bytes_of(&sample(64, 64), ImageFormat::Png);
    let data = png.windows(4).position(|name| name == b"IDAT").unwrap() + 4;
    for byte in &mut png[data..data + 16] {
        *byte ^= 0xa5;
    }
    assert_eq!(refused(&png), PictureRefusal::Unreadable);
    let no_picture = [png_header(64, 64), chunk(b"IEND", &[])].concat();
    assert_eq!(refused(&no_picture), PictureRefusal::Unreadable);
}

#[test]
fn every_orientation_of_a_camera_ends_upright() {
    const SEEN: [&str; 8] = ["RGBW", "GRWB", "WBGR", "BWRG", "RBGW", "BRWG", "WGBR", "GWRB"];
    for (orientation, expected) in (1..).zip(SEEN) {
        // Wider than the widest picture: it is made smaller first.
        for width in [160, 800] {
            let bytes = jpeg_with_exif(&corners(width, width / 2), orientation);
            for encoding in Encoding::ALL {
                let image = seen(&bytes, encoding);
                assert_eq!(corners_of(&image), expected, "orientation {orientation}, {width} wide, {encoding:?}");
                assert_eq!(image.width() < image.height(), orientation > 4);
                assert!(image.width() <= 400);
            }
        }
    }
}

#[test]
fn nothing_of_the_file_is_passed_on() {
    let bytes = jpeg_with_exif(&sample(300, 300), 1);
    assert!(bytes.windows(4).any(|name| name == b"Exif") && bytes.windows(6).any(|text| text == b"SECRET"));
    for file in make(&bytes, &WIDTHS).unwrap().files {
        for trace in [b"Exif".as_slice(), b"SECRET", b"EXIF", b"ICCP", b"XMP "] {
            assert!(!file.bytes.windows(trace.len()).any(|found| found == trace), "{trace:?}");
        }
    }
}

#[test]
fn inks_become_colours() {
    for (inks, expected) in [
        ([0, 255, 255, 0], [255, 0, 0]),
        ([255, 0, 255, 0], [0, 255, 0]),
        ([0, 0, 0, 255], [0, 0, 0]),
        ([0, 0, 0, 0], [255, 255, 255]),
    ] {
        let image = seen(&cmyk_jpeg(inks), Encoding::Jpeg).to_rgb8();
        assert_near(image.get_pixel(30, 30).0, expected, 4);
    }
}

#[test]
fn channels_of_sixteen_bits_and_grey_become_eight_bits_of_colour() {
    let deep = image::ImageBuffer::from_pixel(80, 80, Rgb([0xffff_u16, 0x8080, 0x0000]));
    let image = seen(&bytes_of(&DynamicImage::ImageRgb16(deep), ImageFormat::Png), Encoding::Webp).to_rgb8();
    assert_near(image.get_pixel(40, 40).0, [255, 128, 0], 4);
    let grey = image::GrayImage::from_pixel(80, 80, image::Luma([77]));
    let image = seen(&bytes_of(&DynamicImage::ImageLuma8(grey), ImageFormat::Jpeg), Encoding::Webp).to_rgb8();
    assert_near(image.get_pixel(40, 40).0, [77, 77, 77], 4);
}

#[test]
fn transparency_stays_in_webp_and_is_black_in_jpeg() {
    let half = RgbaImage::from_fn(200, 100, |x, _| Rgba([200, 100, 40, if x < 100 { 0 } else { 128 }]));
    let bytes = bytes_of(&DynamicImage::ImageRgba8(half), ImageFormat::Png);
    let webp = seen(&bytes, Encoding::Webp).to_rgba8();
    assert!(webp.get_pixel(20, 50).0[3] < 4 && webp.get_pixel(180, 50).0[3].abs_diff(128) < 4);
    let jpeg = seen(&bytes, Encoding::Jpeg).to_rgb8();
    assert_near(jpeg.get_pixel(20, 50).0, [0, 0, 0], 6);
    assert_near(jpeg.get_pixel(180, 50).0, [100, 50, 20], 8);
    let idle = RgbaImage::from_pixel(100, 100, Rgba([1, 2, 3, 255]));
    assert!(!seen(&bytes_of(&DynamicImage::ImageRgba8(idle), ImageFormat::Png), Encoding::Webp).color().has_alpha());
}

#[test]
fn a_profile_is_applied_or_said_to_be_of_no_use() {
    let with_profile = |profile: Vec<u8>| {
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(profile).unwrap();
        let pixels = RgbImage::from_pixel(100, 100, Rgb([200, 100, 100]));
        encoder.write_image(&pixels, 100, 100, image::ExtendedColorType::Rgb8).unwrap();
        make(&bytes, &WIDTHS).unwrap()
    };
    let shown =
        |made: &Made| image::load_from_memory(&made.files.last().unwrap().bytes).unwrap().to_rgb8().get_pixel(50, 50).0;
    let wide = with_profile(ColorProfile::new_display_p3().encode().unwrap());
    assert_eq!(wide.colour, Colour::Converted);
    // By https://www.w3.org/TR/css-color-4/#predefined: color(display-p3 .784 .392 .392).
    assert_near(shown(&wide), [215, 94, 97], 4);
    for useless in [b"profile".to_vec(), ColorProfile::new_gray_with_gamma(2.2).encode().unwrap(), vec![0; 4096]] {
        let assumed = with_profile(useless);
        assert_eq!(assumed.colour, Colour::Assumed);
        assert_near(shown(&assumed), [200, 100, 100], 4);
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    for refusal in [
        PictureRefusal::NotAPicture,
        PictureRefusal::TooLarge,
        PictureRefusal::TooManyPixels,
        PictureRefusal::TooSmall,
        PictureRefusal::Truncated,
        PictureRefusal::TrailingData,
        PictureRefusal::Animated,
        PictureRefusal::TooComplex,
        PictureRefusal::Unreadable,
    ] {
        let detail = refusal.detail();
        assert!(detail.matches(". ").count() == 1 && detail.ends_with('.'), "{detail}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever a stranger sends, the answer is pictures or a refusal.
    #[test]
    fn any_bytes_are_answered(
        beginning in prop::sample::select(vec![&b""[..], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x40\0\0\0WEBPVP8X"]),
        rest in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let _ = make(&[beginning, &rest].concat(), &WIDTHS);
    }

    /// Faults in the middle of real pictures reach the decoders.
    #[test]
    fn damaged_pictures_are_answered(
        format in prop::sample::select(vec![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP]),
        faults in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        orientation in 0..10u16,
    ) {
        let mut bytes = match format {
            ImageFormat::Jpeg => jpeg_with_exif(&sample(72, 64), orientation),
            format => bytes_of(&sample(72, 64), format),
        };
        for (at, value) in faults {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(made) = make(&bytes, &WIDTHS) {
            prop_assert!(made.files.iter().all(|file| image::load_from_memory(&file.bytes).is_ok()));
        }
    }
}
