//! Names of functions as people type them.

use std::path::Path;

use anyhow::{Result, bail};
use manifest::Plan;

/// So many names are offered for one that does not exist.
const OFFERED: usize = 3;

/// Refuses a name that no function has, with those that may have been meant.
pub(crate) fn check<'a>(root: &Path, names: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let plan = Plan::read(root)?;
    for name in names {
        if !plan.functions.contains_key(name) {
            let similar = similar(name, plan.functions.keys().map(String::as_str));
            let offer =
                if similar.is_empty() { String::new() } else { format!("; did you mean {}?", similar.join(", ")) };
            bail!("there is no function {name}{offer}");
        }
    }
    Ok(())
}

/// Those that differ least, nearest first: by a third of their letters at most, or by words that are missing.
fn similar<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let distance = distance(name, known);
            let is_part = name.len() > 2 && known.contains(name);
            (is_part || distance * 3 <= known.len()).then_some((distance, known))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(OFFERED).map(|(_, known)| known).collect()
}

/// How many letters must be put in, left out or replaced (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (at, letter) in from.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, other) in to.bytes().enumerate() {
            let replaced = diagonal + usize::from(letter != other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_letters() {
        for (from, to, letters) in [("", "", 0), ("abc", "abc", 0), ("", "abc", 3), ("kitten", "sitting", 3)] {
            assert_eq!((distance(from, to), distance(to, from)), (letters, letters), "{from} {to}");
        }
    }

    #[test]
    fn what_may_have_been_meant_is_offered() {
        let known = ["auth-log-in", "auth-log-out", "catalog-get-title", "media-encode-chunk"];
        let offered = |name: &str| similar(name, known.into_iter());
        assert_eq!(offered("auth-login"), ["auth-log-in", "auth-log-out"]);
        assert_eq!(offered("encode-chunk"), ["media-encode-chunk"]);
        assert_eq!(offered("catalog_get_title"), ["catalog-get-title"]);
        assert!(offered("weather").is_empty());
    }

    #[test]
    fn a_name_of_the_plan_passes_and_a_typo_is_told() {
        let root = crate::repository::root().unwrap();
        check(&root, ["auth-log-in"]).unwrap();
        let error = check(&root, ["auth-login"]).unwrap_err().to_string();
        assert!(error.contains("did you mean auth-log-in"), "{error}");
    }
}
