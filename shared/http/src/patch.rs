//! JSON Merge Patch (RFC 7396) with types: a member that is absent is another thing than one that is null.

use serde::{Deserialize, Deserializer};

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Changes {
        name: Patch<String>,
        age: Patch<u8>,
    }

    #[test]
    fn absent_is_not_null() {
        let read = |patch| serde_json::from_value::<Changes>(patch).unwrap();
        assert_eq!(read(json!({})), Changes::default());
        let changes = read(json!({"name": null, "age": 7}));
        assert_eq!((changes.name, changes.age), (Patch::Remove, Patch::Set(7)));
        let name = |patch: Patch<&'static str>| patch.or("old", || "default");
        assert_eq!((name(Patch::Absent), name(Patch::Remove), name(Patch::Set("new"))), ("old", "default", "new"));
    }
}
