//! The program on a person's phone: codes after RFC 6238.

use ring::hmac;

const STEP_SECONDS: i64 = 30;

fn decoded(base32: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut rest, mut bits) = (Vec::new(), 0u32, 0u32);
    for letter in base32.bytes().filter(|letter| *letter != b'=') {
        let value = ALPHABET.iter().position(|known| *known == letter).expect("base32") as u32;
        rest = (rest << 5) | value;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((rest >> bits) as u8);
            rest &= (1 << bits) - 1;
        }
    }
    bytes
}

/// The code of a moment, `steps` away from now.
pub fn code(secret: &str, steps: i64) -> String {
    let now = kernel::World::system().now().unix_timestamp();
    let step = now / STEP_SECONDS + steps;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &decoded(secret));
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let number = u32::from_be_bytes([tag[at] & 0x7f, tag[at + 1], tag[at + 2], tag[at + 3]]);
    format!("{:06}", number % 1_000_000)
}
