//! Files as people and their enemies make them.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture with something in it.
pub fn sample(width: u32, height: u32) -> DynamicImage {
    let pixel = |x: u32, y: u32| Rgb([(x * 7 % 256) as u8, (y * 5 % 256) as u8, ((x + y) % 256) as u8]);
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel))
}

pub fn bytes_of(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

/// Red, green, blue and white quarters, read as a page is.
pub fn corners(width: u32, height: u32) -> DynamicImage {
    let quarter = |x: u32, y: u32| match (x < width / 2, y < height / 2) {
        (true, true) => Rgb([255, 0, 0]),
        (false, true) => Rgb([0, 255, 0]),
        (true, false) => Rgb([0, 0, 255]),
        (false, false) => Rgb([255, 255, 255]),
    };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, quarter))
}

/// The four corners, to a pixel of each, read as a page is.
pub fn corners_of(image: &DynamicImage) -> String {
    let image = image.to_rgb8();
    let (right, bottom) = (image.width() - 1, image.height() - 1);
    let letter = |(x, y)| match image.get_pixel(x, y).0.map(|channel| channel > 127) {
        [true, false, false] => 'R',
        [false, true, false] => 'G',
        [false, false, true] => 'B',
        [true, true, true] => 'W',
        _ => '?',
    };
    [(0, 0), (right, 0), (0, bottom), (right, bottom)].into_iter().map(letter).collect()
}

/// As a camera writes it: the orientation, and a name in the metadata.
pub fn jpeg_with_exif(image: &DynamicImage, orientation: u16) -> Vec<u8> {
    let jpeg = bytes_of(image, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1]);
    exif.extend(orientation.to_be_bytes());
    exif.extend([0, 0]);
    // Artist: seven bytes behind the directory.
    exif.extend([0x01, 0x3b, 0, 2, 0, 0, 0, 7, 0, 0, 0, 38, 0, 0, 0, 0]);
    exif.extend(b"SECRET\0");
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

/// A chunk of a PNG.
pub fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = u32::MAX;
    for byte in name.iter().chain(data) {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    [&(data.len() as u32).to_be_bytes()[..], name, data, &(!crc).to_be_bytes()].concat()
}

/// A PNG that has nothing but its size.
pub fn png_header(width: u32, height: u32) -> Vec<u8> {
    let data = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    [b"\x89PNG\r\n\x1a\n".as_slice(), &chunk(b"IHDR", &data)].concat()
}

/// A PNG with one more chunk behind its header.
pub fn with_chunk(png: &[u8], chunk: &[u8]) -> Vec<u8> {
    [&png[..33], chunk, &png[33..]].concat()
}

/// 64 by 64 pixels of one colour of cyan, magenta, yellow and black ink (255: all of it), as Adobe's programs write it: turned round.
pub fn cmyk_jpeg(inks: [u8; 4]) -> Vec<u8> {
    let mut file = vec![0xff, 0xd8];
    let mut segment = |marker: u8, data: &[u8]| {
        file.extend([0xff, marker]);
        file.extend((data.len() as u16 + 2).to_be_bytes());
        file.extend(data);
    };
    segment(0xee, b"Adobe\0\x64\0\0\0\0\0");
    // A step of eight: the sum over a block, divided by eight, is then the value itself.
    segment(0xdb, &[&[0][..], &[8; 64]].concat());
    segment(0xc0, &[8, 0, 64, 0, 64, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0]);
    // Differences of no, seven or eight bits: 00, 01, 10. Of the rest only its end: 0.
    segment(0xc4, &[&[0x00, 0, 3][..], &[0; 14], &[0, 7, 8]].concat());
    segment(0xc4, &[&[0x10, 1][..], &[0; 15], &[0]].concat());
    segment(0xda, &[4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]);
    let mut bits = String::new();
    for block in 0..64 {
        for ink in inks {
            bits += match (block, 255 - ink) {
                // 127 in seven bits; -128 in eight, less than nothing being turned round.
                (0, 255) => "01".to_owned() + "1111111",
                (0, 0) => "10".to_owned() + "01111111",
                (0, other) => panic!("{other} is not all or nothing"),
                _ => "00".to_owned(),
            }
            .as_str();
            bits.push('0');
        }
    }
    bits += &"1".repeat((8 - bits.len() % 8) % 8);
    for byte in bits.as_bytes().chunks(8) {
        let byte = u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap();
        file.push(byte);
        if byte == 0xff {
            file.push(0);
        }
    }
    file.extend([0xff, 0xd9]);
    file
}
