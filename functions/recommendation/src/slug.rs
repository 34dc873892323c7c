//! Names that are part of an address: of genres, experiments and variants.

/// Whether a text can be one: 1 to 100 small letters, digits and dashes.
pub fn is_slug(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=100).contains(&text.len()) && text.bytes().all(is_part)
}
