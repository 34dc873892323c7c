//! A mail address as suppressions know it.

use kernel::sha256;

/// SHA-256 of the address in lower case, hexadecimal: the list says of an address whether it is on it, and names none.
pub fn digest(address: &str) -> String {
    hex::encode(sha256(address.trim().to_lowercase()))
}
