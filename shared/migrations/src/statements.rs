//! Splits a file into its statements: ClickHouse takes one per request.

/// The statements between semicolons, without comments; quotes are respected.
pub(crate) fn split(text: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '\'' | '"' | '`' => quoted(rest, next),
            '-' if rest.starts_with("--") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = &rest[rest.find("*/").map_or(rest.len(), |end| end + 2)..];
                continue;
            }
            ';' => {
                statements.push(std::mem::take(&mut statement));
                rest = &rest[1..];
                continue;
            }
            other => other.len_utf8(),
        };
        statement.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    statements.push(statement);
    statements.iter().map(|statement| statement.trim().to_owned()).filter(|statement| !statement.is_empty()).collect()
}

/// Length of the quoted text at the beginning, both quotes included.
fn quoted(text: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, next) in text.char_indices().skip(1) {
        match next {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if next == quote => return at + next.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn semicolons_in_quotes_and_comments_do_not_split() {
        let text = "-- a; b\nCREATE TABLE a (x String DEFAULT ';''\\';'); /* ; */\n\nSELECT `;`, \";\" -- last\n;;";
        assert_eq!(split(text), ["CREATE TABLE a (x String DEFAULT ';''\\';')", "SELECT `;`, \";\""]);
        assert!(split(" \n-- nothing").is_empty());
    }
}
