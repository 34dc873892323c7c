//! The golden trigger payloads.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use kernel::{EventId, World};
use serde_json::{Value, json};

/// How every id in the golden payloads begins after its prefix.
const STEM: &str = "01jd3k5m7n9pqrstvwxyz";

/// A golden trigger payload from `events/<name>.json`.
pub fn golden(name: &str) -> Value {
    let file = crate::root().join("events").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The same payload about things that nobody has heard of: ids that were equal are equal still.
pub fn golden_anew(name: &str) -> Value {
    let fresh = World::system().id::<EventId>().to_string();
    let stem = &fresh["evt_".len()..][..STEM.len()];
    let mut payload = golden(name);
    for record in payload["Records"].as_array_mut().into_iter().flatten() {
        let Some(data) = record["kinesis"]["data"].as_str() else { continue };
        let data = String::from_utf8(BASE64_STANDARD.decode(data).expect("base64")).expect("text");
        record["kinesis"]["data"] = json!(BASE64_STANDARD.encode(data.replace(STEM, stem)));
    }
    serde_json::from_str(&payload.to_string().replace(STEM, stem)).expect("JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of a payload with what is packed in its records.
    fn unpacked(payload: &Value) -> String {
        let records = payload["Records"].as_array().into_iter().flatten();
        let data = records.filter_map(|record| record["kinesis"]["data"].as_str());
        let data = data.map(|data| String::from_utf8(BASE64_STANDARD.decode(data).unwrap()).unwrap());
        data.fold(payload.to_string(), |all, data| all + &data)
    }

    #[test]
    fn a_payload_anew_names_nothing_that_another_named() {
        for name in ["search-index-title", "user-project-playback", "streaming-relay-sessions"] {
            let (before, one, two) = (golden(name), golden_anew(name), golden_anew(name));
            assert!(unpacked(&before).contains(STEM), "{name} has no ids");
            assert!(!unpacked(&one).contains(STEM) && one != two, "{name}");
            assert_eq!(unpacked(&before).len(), unpacked(&one).len(), "{name}");
        }
    }
}
