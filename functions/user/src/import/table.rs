//! Tables as text: CSV by RFC 4180, and as spreadsheets write it, with semicolons or tabs.

use std::{
    io::{self, BufRead, BufReader, Bytes, Read},
    iter::Peekable,
};

/// Nothing that is read here is longer; the rest of such a field is passed over.
const MAX_FIELD_BYTES: usize = 4096;
/// The widest table known has eleven.
const MAX_FIELDS: usize = 64;
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// A row.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// The line that it begins in, from 1.
    pub line: u32,
    fields: Vec<String>,
    /// A field is too long, there are too many of them, or a quotation does not end.
    pub is_broken: bool,
}

impl Row {
    /// Without spaces around it; empty where there is none.
    pub(super) fn field(&self, column: usize) -> &str {
        self.fields.get(column).map_or("", |field| field.trim())
    }

    fn is_blank(&self) -> bool {
        !self.is_broken && self.fields.iter().all(|field| field.trim().is_empty())
    }
}

/// A table with its heading.
pub(super) struct Table<R: Read> {
    bytes: Peekable<Bytes<BufReader<R>>>,
    delimiter: u8,
    line: u32,
    columns: Vec<String>,
}

impl<R: Read> Table<R> {
    /// Reads the heading; `None` for a text with nothing in it.
    pub(super) fn new(input: R) -> io::Result<Option<Self>> {
        let mut input = BufReader::new(input);
        let mut line = 0;
        loop {
            let mut heading = Vec::new();
            line += 1;
            if input.by_ref().take(MAX_FIELD_BYTES as u64).read_until(b'\n', &mut heading)? == 0 {
                return Ok(None);
            }
            // `sep=;` is for the spreadsheet.
            if heading.trim_ascii().is_empty() || heading.starts_with(b"sep=") {
                continue;
            }
            let count = |delimiter: u8| heading.iter().filter(|byte| **byte == delimiter).count();
            let delimiter = DELIMITERS.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(b',');
            let mut first = Table { bytes: bytes(BufReader::new(&heading[..])), delimiter, line, columns: Vec::new() };
            let columns = first.next_row()?.map(|row| row.fields).unwrap_or_default();
            let columns = columns.iter().map(|column| column.trim().to_lowercase()).collect();
            return Ok(Some(Self { bytes: bytes(input), delimiter, line: line + 1, columns }));
        }
    }

    /// The place of a column by any of its names, which are lower-case.
    pub(super) fn column(&self, names: &[&str]) -> Option<usize> {
        self.columns.iter().position(|column| names.contains(&column.as_str()))
    }

    /// The next row with something in it.
    pub(super) fn row(&mut self) -> io::Result<Option<Row>> {
        loop {
            match self.next_row()? {
                Some(row) if row.is_blank() => {}
                row => return Ok(row),
            }
        }
    }

    fn next_row(&mut self) -> io::Result<Option<Row>> {
        let mut row = Row { line: self.line, ..Row::default() };
        let (mut field, mut is_quoted, mut is_begun) = (Vec::new(), false, false);
        let mut has_any = false;
        while let Some(byte) = self.bytes.next().transpose()? {
            has_any = true;
            match byte {
                b'"' if is_quoted => {
                    if self.bytes.next_if(|next| matches!(next, Ok(b'"'))).is_some() {
                        push(&mut row, &mut field, b'"');
                    } else {
                        is_quoted = false;
                    }
                }
                b'"' if !is_begun => (is_quoted, is_begun) = (true, true),
                b'\n' | b'\r' => {
                    if byte == b'\r' {
                        self.bytes.next_if(|next| matches!(next, Ok(b'\n')));
                    }
                    self.line = self.line.saturating_add(1);
                    if !is_quoted {
                        end(&mut row, &mut field);
                        return Ok(Some(row));
                    }
                    push(&mut row, &mut field, b' ');
                }
                byte if byte == self.delimiter && !is_quoted => {
                    end(&mut row, &mut field);
                    is_begun = false;
                }
                byte => {
                    is_begun = true;
                    push(&mut row, &mut field, byte);
                }
            }
        }
        if !has_any {
            return Ok(None);
        }
        row.is_broken |= is_quoted;
        end(&mut row, &mut field);
        Ok(Some(row))
    }
}

fn bytes<R: Read>(input: BufReader<R>) -> Peekable<Bytes<BufReader<R>>> {
    input.bytes().peekable()
}

fn push(row: &mut Row, field: &mut Vec<u8>, byte: u8) {
    if field.len() < MAX_FIELD_BYTES {
        field.push(byte);
    } else {
        row.is_broken = true;
    }
}

fn end(row: &mut Row, field: &mut Vec<u8>) {
    if row.fields.len() < MAX_FIELDS {
        row.fields.push(String::from_utf8_lossy(field).into_owned());
    } else {
        row.is_broken = true;
    }
    field.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<(u32, Vec<String>, bool)> {
        let mut table = Table::new(text.as_bytes()).unwrap().unwrap();
        let mut rows = Vec::new();
        while let Some(row) = table.row().unwrap() {
            rows.push((row.line, row.fields, row.is_broken));
        }
        rows
    }

    fn row(line: u32, fields: &[&str]) -> (u32, Vec<String>, bool) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect(), false)
    }

    #[test]
    fn quotations_lines_and_delimiters() {
        assert_eq!(
            rows("A,B\n\"a, \"\"b\"\"\",2\r\n\n  \nc\"d,\n"),
            [row(2, &["a, \"b\"", "2"]), row(5, &["c\"d", ""])]
        );
        assert_eq!(rows("A;B\nx, y;2"), [row(2, &["x, y", "2"])]);
        assert_eq!(rows("sep=;\r\nA;B\r\nx;2"), [row(3, &["x", "2"])]);
        assert_eq!(rows("A\tB\nx\t2"), [row(2, &["x", "2"])]);
        assert_eq!(rows("A,B\n\"a\nb\",2\nc,3"), [row(2, &["a b", "2"]), row(4, &["c", "3"])]);
        assert_eq!(rows("\n\n\"Title\",\"Date\"\nx,1").len(), 1);
    }

    #[test]
    fn what_is_broken_is_known_to_be() {
        let open = rows("A,B\n\"never closed,1\nb,2");
        assert_eq!((open.len(), open[0].2), (1, true));
        let long = rows(&format!("A,B\n{},1\nb,2", "x".repeat(10_000)));
        assert_eq!((long[0].2, long[0].1[0].len(), long[1].clone()), (true, MAX_FIELD_BYTES, row(3, &["b", "2"])));
        let wide = rows(&format!("A,B\n{}\nb,2", ",".repeat(100)));
        assert_eq!((wide[0].2, wide[0].1.len()), (true, MAX_FIELDS));
    }

    #[test]
    fn nothing_is_no_table() {
        for text in ["", "\n \r\n", "sep=,\n"] {
            assert!(Table::new(text.as_bytes()).unwrap().is_none(), "{text:?}");
        }
    }
}
