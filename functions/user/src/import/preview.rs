//! What an import will write, and what of the file it will not: each title once for each thing that is said of it.

use std::collections::HashMap;

use kernel::TitleId;
use time::OffsetDateTime;

use super::{
    catalogue::Catalogue,
    contents::{Contents, Entry},
    words::{Reason, What},
};

/// A line of the preview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub line: u32,
    pub what: Option<What>,
    pub text: String,
    pub found: Result<Found, Reason>,
}

/// What a line says of a title here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    pub at: OffsetDateTime,
    /// 1–10.
    pub value: Option<i16>,
    pub title: TitleId,
}

/// The whole file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Preview {
    /// By line.
    pub lines: Vec<Line>,
    /// Lines that say once more what another one says.
    pub duplicates: u32,
}

/// What makes two lines the same.
#[derive(PartialEq, Eq, Hash)]
enum Same {
    Found(What, TitleId),
    Missed(Option<What>, Reason, String),
}

impl Preview {
    /// Of several lines about a title the newest counts, of those of one moment the highest rating, of equal ones the first.
    pub fn of(contents: Contents, catalogue: &Catalogue) -> Self {
        let mut kept: HashMap<Same, Line> = HashMap::new();
        let mut preview = Self::default();
        let found = contents.entries.into_iter().map(|entry| {
            let Entry { line, what, text, wanted, at, value } = entry;
            let found = catalogue.find(what, &wanted).map(|title| Found { at, value, title });
            Line { line, what: Some(what), text, found }
        });
        let faults = contents.faults.into_iter().map(|fault| Line {
            line: fault.line,
            what: fault.what,
            text: fault.text,
            found: Err(fault.reason),
        });
        for line in found.chain(faults) {
            let same = match (&line.found, line.what) {
                (Ok(found), Some(what)) => Same::Found(what, found.title),
                (Err(reason), what) => Same::Missed(what, *reason, line.text.clone()),
                (Ok(_), None) => continue,
            };
            let Some(other) = kept.get_mut(&same) else {
                kept.insert(same, line);
                continue;
            };
            preview.duplicates = preview.duplicates.saturating_add(1);
            let is_better = match (&line.found, &other.found) {
                (Ok(one), Ok(other_found)) if one != other_found => one > other_found,
                _ => line.line < other.line,
            };
            if is_better {
                *other = line;
            }
        }
        preview.lines = kept.into_values().collect();
        preview.lines.sort_by(|one, other| {
            let place = |line: &Line| (line.line, line.what, line.found.as_ref().ok().map(|found| found.title));
            place(one).cmp(&place(other)).then_with(|| one.text.cmp(&other.text))
        });
        preview
    }
}

#[cfg(test)]
mod tests {
    use kernel::Id;
    use proptest::prelude::*;
    use time::Duration;

    use super::*;
    use crate::import::{
        contents::{Fault, Wanted},
        name,
    };

    const NAMES: [&str; 4] = ["Alien", "Heat", "Dark", "Nothing"];

    fn entry(line: u32, what: What, name: &str, day: i64, value: Option<i16>) -> Entry {
        let wanted = Wanted::Work { name: name::key(name), year: None, is_series: None };
        Entry { line, what, text: name.to_owned(), wanted, at: OffsetDateTime::UNIX_EPOCH + Duration::days(day), value }
    }

    fn preview(entries: Vec<Entry>, faults: Vec<Fault>) -> Preview {
        let mut catalogue = Catalogue::of(&entries);
        for name in &NAMES[..3] {
            catalogue.add_work(TitleId::derived(name), false, None, [*name]);
        }
        Preview::of(Contents { entries, faults, ..Contents::default() }, &catalogue)
    }

    #[test]
    fn each_title_comes_once_with_its_newest_word() {
        let fault = |line| Fault { line, what: None, text: "x".to_owned(), reason: Reason::Unreadable };
        let entries = vec![
            entry(2, What::Watched, "Alien", 1, None),
            entry(3, What::Watched, "Alien", 3, None),
            entry(4, What::Watched, "Alien", 2, None),
            entry(5, What::Rated, "Alien", 2, Some(7)),
            entry(6, What::Rated, "Alien", 2, Some(9)),
            entry(7, What::Watched, "Nothing", 2, None),
            entry(8, What::Watched, "Nothing", 9, None),
        ];
        let preview = preview(entries, vec![fault(9), fault(10)]);
        let lines: Vec<_> = preview.lines.iter().map(|line| (line.line, line.found.map(|found| found.value))).collect();
        assert_eq!(
            lines,
            [(3, Ok(None)), (6, Ok(Some(9))), (7, Err(Reason::UnknownTitle)), (9, Err(Reason::Unreadable))]
        );
        assert_eq!(preview.duplicates, 5);
    }

    proptest! {
        #[test]
        fn no_order_and_no_repetition_changes_what_is_written(
            lines in proptest::collection::vec((0..4usize, 0..3usize, 0..4i64, 1..4i16), 0..20)
                .prop_flat_map(|lines| (Just(lines.clone()), Just([lines.clone(), lines].concat()).prop_shuffle())),
        ) {
            let written = |lines: &[(usize, usize, i64, i16)]| {
                let whats = [What::Watched, What::Rated, What::Listed];
                let numbered = lines.iter().zip(2..);
                let entries = numbered.map(|((name, what, day, value), line)| {
                    entry(line, whats[*what], NAMES[*name], *day, (*what == 1).then_some(*value))
                });
                let preview = preview(entries.collect(), Vec::new());
                assert_eq!(preview.lines.len() + usize::try_from(preview.duplicates).unwrap(), lines.len());
                let mut said: Vec<_> = preview.lines.into_iter().map(|line| (line.what, line.text, line.found.ok())).collect();
                said.sort();
                said
            };
            prop_assert_eq!(written(&lines.0), written(&lines.1));
        }
    }
}
