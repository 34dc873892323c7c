//! JSON that can be reviewed: what fits stays on one line, and nothing is `null`. Keys are sorted, because the order of `serde_json` depends on
//! features that other crates choose.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Map, Value};

const WIDTH: usize = 120;
const INDENT: usize = 2;

/// The text of a document, with a line break at its end.
pub(super) fn text(document: &impl Serialize) -> String {
    // A plan has no keys but strings and no floats: it always is a value.
    let mut value = serde_json::to_value(document).unwrap_or_default();
    remove_nulls(&mut value);
    let mut text = String::new();
    write(&mut text, &value, 0, 0);
    text.push('\n');
    text
}

fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// `taken`: the columns in front of the value, on its line.
fn write(text: &mut String, value: &Value, depth: usize, taken: usize) {
    let line = one_line(value);
    let items: Vec<(String, &Value)> = match value {
        Value::Object(fields) => sorted(fields).map(|(name, field)| (format!("{}: ", quoted(name)), field)).collect(),
        Value::Array(items) => items.iter().map(|item| (String::new(), item)).collect(),
        _ => Vec::new(),
    };
    // One column for the comma.
    if items.is_empty() || (depth > 1 && taken + line.len() < WIDTH) {
        text.push_str(&line);
        return;
    }
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    let indent = INDENT * (depth + 1);
    text.push(open);
    for (at, (name, item)) in items.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        let _ = write!(text, "{:indent$}{name}", "");
        write(text, item, depth + 1, indent + name.len());
    }
    let _ = write!(text, "\n{:1$}{close}", "", INDENT * depth);
}

fn one_line(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let fields: Vec<String> =
                sorted(fields).map(|(name, field)| format!("{}: {}", quoted(name), one_line(field))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(one_line).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

fn sorted(fields: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    BTreeMap::from_iter(fields).into_iter()
}

fn quoted(name: &str) -> String {
    Value::from(name).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_fits_stays_on_one_line() {
        let long = "x".repeat(60);
        let document = json!({"a": {"b": {"c": [1, 2], "d": null}, "e": [long, long]}, "f": []});
        let wanted = format!(
            "{{\n  \"a\": {{\n    \"b\": {{ \"c\": [1, 2] }},\n    \"e\": [\n      \"{long}\",\n      \"{long}\"\n    ]\n  }},\n  \"f\": []\n}}\n"
        );
        assert_eq!(text(&document), wanted);
        assert_eq!(serde_json::from_str::<Value>(&wanted).unwrap()["a"]["b"]["c"], json!([1, 2]));
    }
}
