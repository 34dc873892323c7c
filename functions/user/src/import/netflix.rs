//! Netflix: `Title,Date` of the page of viewing activity, and the table `ViewingActivity.csv` of all data.

use std::{collections::BTreeMap, io::Read};

use time::OffsetDateTime;

use super::{
    contents::{Contents, Entry, Fault, FileError, MAX_ENTRIES, Wanted, shown},
    date::{self, Written},
    name,
    options::Options,
    table::{Row, Table},
    words::{Reason, Refusal, What},
};

/// The heading is in the language of the account.
const TITLE: [&str; 7] = ["title", "titel", "titre", "título", "titolo", "tytuł", "название"];
const DATE: [&str; 6] = ["date", "datum", "fecha", "data", "tarih", "дата"];

pub(super) fn read(text: impl Read, options: &Options, now: OffsetDateTime) -> Result<Contents, FileError> {
    let Some(table) = Table::new(text)? else { return Err(Refusal::EmptyFile.into()) };
    let title = table.column(&TITLE).ok_or(Refusal::WrongColumns)?;
    match (table.column(&DATE), table.column(&["start time"])) {
        (Some(date), _) => read_short(table, title, date, options, now),
        (None, Some(start)) => read_long(table, title, start, options, now),
        (None, None) => Err(Refusal::WrongColumns.into()),
    }
}

/// A line that has a title; what it shows.
fn path(row: &Row, title: usize) -> Result<(String, Wanted), String> {
    let (text, path) = (shown(row.field(title)), row.field(title));
    if row.is_broken || text.is_empty() { Err(text) } else { Ok((text, Wanted::Path(path.to_owned()))) }
}

fn fault(line: u32, text: String, reason: Reason) -> Fault {
    Fault { line, what: Some(What::Watched), text, reason }
}

/// Dates are in the order of the account's country: all lines together tell which.
fn read_short<R: Read>(
    mut table: Table<R>,
    title: usize,
    date: usize,
    options: &Options,
    now: OffsetDateTime,
) -> Result<Contents, FileError> {
    let mut contents = Contents::default();
    let mut dated: Vec<(Entry, Written)> = Vec::new();
    while let Some(row) = table.row()? {
        contents.lines = contents.lines.saturating_add(1);
        match (path(&row, title), Written::read(row.field(date), now)) {
            (Ok((text, wanted)), Some(written)) => {
                let entry = Entry { line: row.line, what: What::Watched, text, wanted, at: now, value: None };
                dated.push((entry, written));
            }
            (Ok((text, _)), None) => contents.fault(fault(row.line, text, Reason::InvalidDate))?,
            (Err(text), _) => contents.fault(fault(row.line, text, Reason::Unreadable))?,
        }
        if dated.len() + contents.faults.len() > MAX_ENTRIES {
            return Err(Refusal::TooManyLines.into());
        }
    }
    let order = options.date_order.or_else(|| date::order_of(dated.iter().map(|(_, written)| *written)));
    for (entry, written) in dated {
        match written.at(order) {
            Ok(at) => contents.add(Entry { at, ..entry })?,
            Err(reason) => contents.fault(fault(entry.line, entry.text, reason))?,
        }
    }
    Ok(contents)
}

/// All profiles of the account, one table: what others watched is nobody's to import.
fn read_long<R: Read>(
    mut table: Table<R>,
    title: usize,
    start: usize,
    options: &Options,
    now: OffsetDateTime,
) -> Result<Contents, FileError> {
    let profile = table.column(&["profile name"]);
    let (kind, attributes) = (table.column(&["supplemental video type"]), table.column(&["attributes"]));
    let wanted_profile = options.source_profile.as_deref().map(name::key);
    let mut profiles: BTreeMap<String, ()> = BTreeMap::new();
    let mut contents = Contents::default();
    let mut has_rows = false;
    while let Some(row) = table.row()? {
        has_rows = true;
        let whose = profile.map(|column| name::key(row.field(column))).unwrap_or_default();
        if wanted_profile.as_ref().is_some_and(|wanted| profile.is_some() && *wanted != whose) {
            continue;
        }
        profiles.insert(whose, ());
        if profiles.len() > 1 {
            return Err(Refusal::SeveralProfiles.into());
        }
        contents.lines = contents.lines.saturating_add(1);
        // Trailers, and what began by itself and was not looked at.
        let is_trailer = kind.is_some_and(|column| !row.field(column).is_empty());
        let began_by_itself = attributes.is_some_and(|column| {
            let attributes = row.field(column).to_lowercase();
            attributes.contains("autoplayed") && attributes.contains("user action: none")
        });
        if is_trailer || began_by_itself {
            contents.skipped = contents.skipped.saturating_add(1);
            continue;
        }
        match (path(&row, title), date::moment(row.field(start), now)) {
            (Ok((text, wanted)), Ok(at)) => {
                contents.add(Entry { line: row.line, what: What::Watched, text, wanted, at, value: None })?;
            }
            (Ok((text, _)), Err(reason)) => contents.fault(fault(row.line, text, reason))?,
            (Err(text), _) => contents.fault(fault(row.line, text, Reason::Unreadable))?,
        }
    }
    if has_rows && contents.lines == 0 { Err(Refusal::NoSuchSourceProfile.into()) } else { Ok(contents) }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::import::words::{DateOrder, Source};

    const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

    fn options() -> Options {
        Options { source: Source::Netflix, list: None, date_order: None, source_profile: None }
    }

    fn contents(text: &str, options: &Options) -> Result<Contents, FileError> {
        read(text.as_bytes(), options, NOW)
    }

    #[test]
    fn the_page_of_viewing_activity() {
        let text = "Title,Date\n\"Dark: Season 1: Secrets\",\"1/15/23\"\n\"Alien\",\"3/4/23\"\n=cmd|' /C calc'!A0,3/4/23\n\
                    \"\",3/4/23\nHeat,soon\n";
        let read = contents(text, &options()).unwrap();
        let entries: Vec<_> = read.entries.iter().map(|entry| (entry.line, entry.text.as_str(), entry.at)).collect();
        assert_eq!(
            entries,
            [
                (2, "Dark: Season 1: Secrets", datetime!(2023-01-15 0:00 UTC)),
                (3, "Alien", datetime!(2023-03-04 0:00 UTC)),
                (4, "'=cmd|' /C calc'!A0", datetime!(2023-03-04 0:00 UTC)),
            ]
        );
        let faults: Vec<_> = read.faults.iter().map(|fault| (fault.line, fault.text.as_str(), fault.reason)).collect();
        assert_eq!(faults, [(5, "", Reason::Unreadable), (6, "Heat", Reason::InvalidDate)]);
        assert_eq!((read.lines, read.skipped), (5, 0));
    }

    #[test]
    fn a_day_that_may_be_a_month_is_told() {
        let text = "Titel;Datum\nAlien;3/4/23\nHeat;5/5/23\n";
        let read = contents(text, &options()).unwrap();
        assert_eq!(read.faults[0].reason, Reason::UnclearDate);
        assert_eq!(read.entries[0].text, "Heat");
        let told = Options { date_order: Some(DateOrder::DayFirst), ..options() };
        let read = contents(text, &told).unwrap();
        assert_eq!((read.faults.len(), read.entries[0].at), (0, datetime!(2023-04-03 0:00 UTC)));
    }

    const LONG: &str = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,Latest Bookmark,Country\n\
        Anna,2023-01-02 20:11:12,00:40:01,,Dark: Season 1: Secrets (Episode 1),,TV,00:40:01,00:40:01,DE (Germany)\n\
        Anna,2023-01-02 20:00:00,00:00:20,,Dark: Trailer,TRAILER,TV,00:00:20,00:00:20,DE (Germany)\n\
        Anna,2023-01-02 20:00:00,00:00:20,Autoplayed: user action: None;,Alien,,TV,00:00:20,00:00:20,DE (Germany)\n";

    #[test]
    fn the_table_of_all_data() {
        let read = contents(LONG, &options()).unwrap();
        assert_eq!((read.lines, read.skipped, read.entries.len()), (3, 2, 1));
        assert_eq!(read.entries[0].at, datetime!(2023-01-02 20:11:12 UTC));
    }

    #[test]
    fn what_others_watched_is_not_read() {
        let text = format!("{LONG}Boris,2023-01-03 20:11:12,01:00:00,,Heat,,TV,,,DE (Germany)\n");
        let refusal = |options: &Options| match contents(&text, options) {
            Err(FileError::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        };
        assert_eq!(refusal(&options()), Refusal::SeveralProfiles);
        let named = |name: &str| Options { source_profile: Some(name.to_owned()), ..options() };
        assert_eq!(refusal(&named("Clara")), Refusal::NoSuchSourceProfile);
        let read = contents(&text, &named("boris")).unwrap();
        assert_eq!((read.lines, read.entries[0].text.as_str()), (1, "Heat"));
    }
}
