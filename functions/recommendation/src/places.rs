//! Places of a model's titles as a page's inputs are stored: `[[0, 41], 43, [45, 99]]`, the first and the last of those that follow each other. Of 50,000
//! titles that is a few KB, and one by one 135.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Run {
    /// Pages that were stored before there were runs have these alone.
    One(u16),
    Many(u16, u16),
}

pub fn serialize<S: Serializer>(places: &[u16], serializer: S) -> Result<S::Ok, S::Error> {
    let runs = places.chunk_by(|one, next| one.checked_add(1) == Some(*next));
    serializer.collect_seq(runs.filter_map(|run| match run {
        [one] => Some(Run::One(*one)),
        [first, .., last] => Some(Run::Many(*first, *last)),
        [] => None,
    }))
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let runs = Vec::<Run>::deserialize(deserializer)?;
    let places = runs.into_iter().flat_map(|run| match run {
        Run::One(one) => one..=one,
        Run::Many(first, last) => first..=last,
    });
    Ok(places.collect())
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Stored(#[serde(with = "super")] Vec<u16>);

    #[test]
    fn what_follows_is_stored_as_one() {
        let places = Stored(vec![0, 1, 2, 7, 65_534, 65_535, 3]);
        let text = json!([[0, 2], 7, [65_534, 65_535], 3]);
        assert_eq!(serde_json::to_value(&places).unwrap(), text);
        let old: Stored = serde_json::from_value(json!([0, 1, 2, 7, 65_534, 65_535, 3])).unwrap();
        assert_eq!(old, places);
        for wrong in [json!([[1]]), json!([65_536]), json!([[1, 2, 3]]), json!(["1"])] {
            assert!(serde_json::from_value::<Stored>(wrong).is_err());
        }
    }

    proptest! {
        #[test]
        fn any_places_come_back(places in vec(0_u16..200, 0..300)) {
            let text = serde_json::to_string(&Stored(places.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<Stored>(&text).unwrap(), Stored(places));
        }
    }
}
