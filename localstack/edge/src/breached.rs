//! `/_breached/range/{prefix}`: stands in for the range API of Have I Been Pwned, with a few passwords that have "leaked".

use axum::{
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};

/// Passwords that are long enough to be chosen, and how often each was seen.
const LEAKED: [(&str, u32); 4] = [
    ("correct horse battery staple", 216),
    ("hunter2hunter2", 3_071),
    ("trustno1trustno1", 1_202),
    ("letmeinletmein", 8_804),
];
const PREFIX_DIGITS: usize = 5;
const DIGITS: usize = 40;
/// The real one fills an answer up to 800 to 1,000 lines.
const PADDED_LINES: usize = 800;

pub(crate) async fn range(Path(prefix): Path<String>, headers: HeaderMap) -> Response {
    if prefix.len() != PREFIX_DIGITS || !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return (StatusCode::BAD_REQUEST, "The hash prefix was not in a valid format").into_response();
    }
    let padded = headers.get("add-padding").is_some_and(|value| value == "true");
    ([(header::CONTENT_TYPE, "text/plain")], lines(&prefix.to_ascii_uppercase(), padded)).into_response()
}

fn lines(prefix: &str, padded: bool) -> String {
    let leaked = LEAKED.iter().filter_map(|(password, count)| {
        let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        let hash = hex::encode_upper(hash.as_ref());
        Some(format!("{}:{count}", hash.strip_prefix(prefix)?))
    });
    let mut lines: Vec<String> = leaked.collect();
    while padded && lines.len() < PADDED_LINES {
        let mut bytes = [0; DIGITS / 2];
        if SystemRandom::new().fill(&mut bytes).is_err() {
            break;
        }
        lines.push(format!("{}:0", &hex::encode_upper(bytes)[PREFIX_DIGITS..]));
    }
    lines.sort_unstable();
    lines.join("\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaked_password_is_in_its_range_and_padding_counts_nothing() {
        // SHA-1 of "hunter2hunter2".
        let hash = hex::encode_upper(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, b"hunter2hunter2").as_ref());
        let (prefix, rest) = hash.split_at(PREFIX_DIGITS);
        assert_eq!(lines(prefix, false), format!("{rest}:3071"));
        let padded = lines(prefix, true);
        assert_eq!(padded.lines().count(), PADDED_LINES);
        assert_eq!(padded.lines().filter(|line| !line.ends_with(":0")).collect::<Vec<_>>(), [format!("{rest}:3071")]);
        assert!(lines("00000", false).is_empty());
    }
}
