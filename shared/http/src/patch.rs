//! JSON Merge Patch (RFC 7396) with types: a member that is absent is another thing than one that is null.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor, value::MapAccessDeserializer},
};

/// What a patch says about one member.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Nothing: it stays. Needs `#[serde(default)]` at the member.
    #[default]
    Absent,
    /// `null`: it is taken away.
    Remove,
    /// Its new value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the patch says nothing about it.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The new value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Remove => None,
        }
    }

    /// The value after the patch where one must always be: `default` takes the place of what is taken away.
    pub fn or(self, present: T, default: impl FnOnce() -> T) -> T {
        match self {
            Self::Absent => present,
            Self::Remove => default(),
            Self::Set(value) => value,
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Remove, Self::Set))
    }
}

/// A patch of an object. Anything else is refused; the members alone would also be read from an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergePatch<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MergePatch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Object(PhantomData)).map(Self)
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Changes {
        name: Patch<String>,
        age: Patch<u8>,
    }

    fn read(patch: Value) -> Option<Changes> {
        serde_json::from_value::<MergePatch<Changes>>(patch).ok().map(|MergePatch(changes)| changes)
    }

    #[test]
    fn absent_is_not_null() {
        assert_eq!(read(json!({})), Some(Changes::default()));
        let changes = read(json!({"name": null, "age": 7})).unwrap();
        assert_eq!((changes.name, changes.age), (Patch::Remove, Patch::Set(7)));
        let name = |patch: Patch<&'static str>| patch.or("old", || "default");
        assert_eq!((name(Patch::Absent), name(Patch::Remove), name(Patch::Set("new"))), ("old", "default", "new"));
    }

    #[test]
    fn only_an_object_with_known_members_is_a_patch() {
        for wrong in
            [json!([]), json!(["Anna", 7]), json!(null), json!("name"), json!({"nam": "x"}), json!({"age": -1})]
        {
            assert_eq!(read(wrong.clone()), None, "{wrong}");
        }
    }
}
