//! Words that stand for each other in a query. The index knows nothing of them, so a change needs no new one.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use sqlx::PgPool;
use time::OffsetDateTime;

use crate::{store, words::folded};

/// A change is known everywhere after this time.
pub(crate) const KEEP: time::Duration = time::Duration::seconds(60);
/// Longer, and a search does without.
const PATIENCE: Duration = Duration::from_millis(50);
const MOST_GROUPS: usize = 1_000;
const MOST_ENTRIES: usize = 20;
const MOST_WORDS: usize = 6;

/// By folded word, the folded words or phrases that it may stand for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Synonyms(BTreeMap<String, Vec<String>>);

impl Synonyms {
    pub fn of(groups: &[Vec<String>]) -> Self {
        let mut by_word: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for group in groups {
            let entries: Vec<String> = group.iter().map(|entry| folded(entry).join(" ")).collect();
            for entry in entries.iter().filter(|entry| !entry.contains(' ')) {
                let others = entries.iter().filter(|other| *other != entry).cloned();
                by_word.entry(entry.clone()).or_default().extend(others);
            }
        }
        Self(by_word)
    }

    /// What a folded word may stand for.
    pub fn of_word(&self, word: &str) -> &[String] {
        self.0.get(word).map_or(&[], Vec::as_slice)
    }
}

/// What is wrong with groups: a pointer into them and the reason.
pub(crate) fn fault(groups: &[Vec<String>]) -> Option<(String, String)> {
    if groups.len() > MOST_GROUPS {
        return Some(("groups".to_owned(), format!("must be at most {MOST_GROUPS} groups")));
    }
    groups.iter().enumerate().find_map(|(place, group)| Some((format!("groups/{place}"), group_fault(group)?)))
}

fn group_fault(group: &[String]) -> Option<String> {
    let entries: Vec<Vec<String>> = group.iter().map(|entry| folded(entry)).collect();
    let is_twice = |place: usize| entries[..place].contains(&entries[place]);
    if !(2..=MOST_ENTRIES).contains(&group.len()) {
        Some(format!("must have 2 to {MOST_ENTRIES} entries"))
    } else if entries.iter().any(|words| !(1..=MOST_WORDS).contains(&words.len())) {
        Some(format!("every entry must have 1 to {MOST_WORDS} words"))
    } else if (0..entries.len()).any(is_twice) {
        Some("two entries are the same word".to_owned())
    } else if entries.iter().all(|words| words.len() > 1) {
        Some("one entry must be a single word: only a word stands for others".to_owned())
    } else {
        None
    }
}

/// The synonyms as they were at most [`KEEP`] ago.
#[derive(Clone)]
pub(crate) struct KnownSynonyms {
    pool: PgPool,
    known: Arc<Mutex<Option<Read>>>,
}

/// When they were read, and what there was.
type Read = (OffsetDateTime, Arc<Synonyms>);

impl KnownSynonyms {
    pub fn new(pool: PgPool) -> Self {
        Self { pool, known: Arc::default() }
    }

    /// Those of the time before, or none, while Postgres does not answer: no search waits for them.
    pub async fn at(&self, now: OffsetDateTime) -> Arc<Synonyms> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((since, synonyms)) = &known
            && now - *since < KEEP
        {
            return synonyms.clone();
        }
        let synonyms = match tokio::time::timeout(PATIENCE, store::synonyms::groups(&self.pool)).await {
            Ok(Ok(groups)) => Arc::new(Synonyms::of(&groups)),
            Ok(Err(_)) | Err(_) => {
                tracing::warn!("synonyms are not read: postgres does not answer");
                known.map(|(_, synonyms)| synonyms).unwrap_or_default()
            }
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, synonyms.clone()));
        synonyms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(all: &[&[&str]]) -> Vec<Vec<String>> {
        all.iter().map(|group| group.iter().map(|entry| (*entry).to_owned()).collect()).collect()
    }

    #[test]
    fn a_word_stands_for_all_others_of_its_groups_and_a_phrase_for_none() {
        let synonyms = Synonyms::of(&groups(&[&["LOTR", "Lord of the Rings", "ВК"], &["lotr", "Ёж"]]));
        assert_eq!(synonyms.of_word("lotr"), ["lord of the rings", "вк", "еж"]);
        assert_eq!(synonyms.of_word("еж"), ["lotr"]);
        assert!(synonyms.of_word("lord").is_empty());
    }

    #[test]
    fn groups_that_mean_nothing_are_faults() {
        assert_eq!(fault(&groups(&[&["кино", "фильм"], &["lotr", "lord of the rings"]])), None);
        for wrong in [
            &["alone"][..],
            &[],
            &["a", "!"],
            &["Ёж", "еж"],
            &["two words", "other words"],
            &["word", "one two three four five six seven"],
        ] {
            assert_eq!(fault(&groups(&[&["a", "b"], wrong])).unwrap().0, "groups/1", "{wrong:?}");
        }
        assert_eq!(fault(&vec![groups(&[&["a", "b"]])[0].clone(); MOST_GROUPS + 1]).unwrap().0, "groups");
    }
}
