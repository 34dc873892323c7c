//! Letterboxd: `watched.csv`, `diary.csv`, `ratings.csv` and `watchlist.csv`. Stars are halves up to five: twice as many here.

use std::io::Read;

use time::OffsetDateTime;

use super::{
    contents::{Contents, Entry, Fault, FileError, Wanted, shown},
    date, name,
    table::{Row, Table},
    words::{List, Reason, Refusal, What},
};

struct Columns {
    date: usize,
    name: usize,
    year: usize,
    rating: Option<usize>,
    /// Of a diary.
    watched: Option<usize>,
}

pub(super) fn read(text: impl Read, list: Option<List>, now: OffsetDateTime) -> Result<Contents, FileError> {
    let Some(mut table) = Table::new(text)? else { return Err(Refusal::EmptyFile.into()) };
    let column = |word: &str| table.column(&[word]);
    let columns = column("date").zip(column("name")).zip(column("year")).map(|((date, name), year)| Columns {
        date,
        name,
        year,
        rating: column("rating"),
        watched: column("watched date"),
    });
    let columns = columns.ok_or(Refusal::WrongColumns)?;
    let mut contents = Contents::default();
    while let Some(row) = table.row()? {
        contents.lines = contents.lines.saturating_add(1);
        let text = text_of(&row, &columns);
        if row.is_broken || row.field(columns.name).is_empty() {
            contents.fault(Fault { line: row.line, what: None, text, reason: Reason::Unreadable })?;
            continue;
        }
        for (what, at, value) in says(&row, &columns, list, now) {
            let value = match (at, value) {
                (Err(reason), _) | (_, Err(reason)) => {
                    contents.fault(Fault { line: row.line, what: Some(what), text: text.clone(), reason })?;
                    continue;
                }
                (Ok(at), Ok(value)) => (at, value),
            };
            let year = row.field(columns.year).parse().ok();
            let wanted = Wanted::Work { name: name::key(row.field(columns.name)), year, is_series: None };
            let (at, value) = value;
            contents.add(Entry { line: row.line, what, text: text.clone(), wanted, at, value })?;
        }
    }
    Ok(contents)
}

fn text_of(row: &Row, columns: &Columns) -> String {
    let (name, year) = (row.field(columns.name), row.field(columns.year));
    shown(&if year.is_empty() { name.to_owned() } else { format!("{name} ({year})") })
}

type Said = (What, Result<OffsetDateTime, Reason>, Result<Option<i16>, Reason>);

/// What the line says: a diary's both that a film was watched and how it was.
fn says(row: &Row, columns: &Columns, list: Option<List>, now: OffsetDateTime) -> Vec<Said> {
    let moment = |column: usize| date::moment(row.field(column), now);
    let written = columns.rating.map(|column| row.field(column)).filter(|rating| !rating.is_empty());
    let rating = written.map(|written| stars(written).map(Some));
    match (columns.watched, columns.rating, list) {
        (Some(watched), ..) => {
            let watched = (What::Watched, moment(watched), Ok(None));
            std::iter::once(watched).chain(rating.map(|rating| (What::Rated, moment(columns.date), rating))).collect()
        }
        (None, Some(_), _) => vec![(What::Rated, moment(columns.date), rating.unwrap_or(Err(Reason::InvalidRating)))],
        (None, None, Some(List::Watchlist)) => vec![(What::Listed, moment(columns.date), Ok(None))],
        (None, None, _) => vec![(What::Watched, moment(columns.date), Ok(None))],
    }
}

/// `0.5` to `5`, in halves.
fn stars(text: &str) -> Result<i16, Reason> {
    if text.starts_with(['-', '+']) {
        return Err(Reason::InvalidRating);
    }
    let (whole, half) = text.split_once('.').unwrap_or((text, "0"));
    let whole: i16 = whole.parse().map_err(|_| Reason::InvalidRating)?;
    let half = match half {
        "0" | "" => 0,
        "5" => 1,
        _ => return Err(Reason::InvalidRating),
    };
    match whole.checked_mul(2).map(|twice| twice + half) {
        Some(value @ 1..=10) => Ok(value),
        _ => Err(Reason::InvalidRating),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

    fn said(text: &str, list: Option<List>) -> Vec<(u32, What, String, OffsetDateTime, Option<i16>)> {
        let entries = read(text.as_bytes(), list, NOW).unwrap().entries;
        entries.into_iter().map(|entry| (entry.line, entry.what, entry.text, entry.at, entry.value)).collect()
    }

    #[test]
    fn each_file_says_its_own() {
        let day = datetime!(2023-01-02 0:00 UTC);
        let watched = "Date,Name,Year,Letterboxd URI\n2023-01-02,Alien,1979,https://boxd.it/1\n";
        let alien = || "Alien (1979)".to_owned();
        assert_eq!(said(watched, None), [(2, What::Watched, alien(), day, None)]);
        assert_eq!(said(watched, Some(List::Watchlist)), [(2, What::Listed, alien(), day, None)]);
        let ratings = "Date,Name,Year,Letterboxd URI,Rating\n2023-01-02,Alien,1979,https://boxd.it/1,4.5\n";
        assert_eq!(said(ratings, None), [(2, What::Rated, alien(), day, Some(9))]);
        let diary = "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\n\
                     2023-01-03,Alien,1979,https://boxd.it/1,4.5,,,2023-01-02\n2023-01-03,Heat,,https://boxd.it/2,,,,2023-01-02\n";
        let next = datetime!(2023-01-03 0:00 UTC);
        assert_eq!(
            said(diary, None),
            [
                (2, What::Watched, alien(), day, None),
                (2, What::Rated, alien(), next, Some(9)),
                (3, What::Watched, "Heat".to_owned(), day, None)
            ]
        );
    }

    #[test]
    fn wrong_lines_are_told() {
        let text = "Date,Name,Year,Letterboxd URI,Rating\n2023-01-02,A,1979,u,6\n2023-01-02,B,1979,u,\nnever,C,1979,u,3\n2023-01-02,,1979,u,3\n";
        let read = read(text.as_bytes(), None, NOW).unwrap();
        let faults: Vec<_> = read.faults.iter().map(|fault| (fault.line, fault.reason)).collect();
        assert_eq!(
            faults,
            [(2, Reason::InvalidRating), (3, Reason::InvalidRating), (4, Reason::InvalidDate), (5, Reason::Unreadable)]
        );
        assert!(read.entries.is_empty());
    }

    #[test]
    fn halves_of_stars_are_points() {
        for (text, points) in [("0.5", 1), ("1", 2), ("1.0", 2), ("4.5", 9), ("5", 10)] {
            assert_eq!(stars(text), Ok(points), "{text}");
        }
        for text in ["0", "5.5", "-1", "-0.5", "1.2", "", "x", "32767", "NaN", "1e1"] {
            assert_eq!(stars(text), Err(Reason::InvalidRating), "{text}");
        }
    }
}
