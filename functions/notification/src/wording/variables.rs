//! The variables that a wording may name: the fields of its template's message.

use std::collections::{BTreeMap, HashMap};

use kernel::{Locale, text::visible_part};
use proto::mail::{Mail, PurchaseReturned, RentalEnding, Template, TitleLeavingSoon, TitlePurchased};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::content::{LONGEST_FACT, end_of_rental, goods, moment, name, plan_name, word_of};

/// The variables that the contract of mails writes as RFC 3339.
const TIMES: [&str; 2] = ["at", "erased_at"];

/// What a variable holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum VariableKind {
    /// One line, empty where it is not known.
    Text,
    /// Some lines.
    Texts,
    /// Some rows of texts.
    Rows {
        /// The names of the texts in each.
        fields: Vec<String>,
    },
}

/// The variables of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variables(BTreeMap<String, VariableKind>);

impl Variables {
    /// Those of a context in which every list has something.
    pub(super) fn of(context: &Map<String, Value>) -> Self {
        Self(context.iter().map(|(name, value)| (name.clone(), kind(value))).collect())
    }

    /// Those of a template with every variable filled.
    pub fn of_sample(template: &Template) -> Self {
        Self::of(&context(template, &Locale::english()))
    }

    /// By name.
    pub fn kinds(&self) -> &BTreeMap<String, VariableKind> {
        &self.0
    }

    /// What is wrong with values that somebody gives: where below `/variables`, and why.
    pub fn misfits(&self, values: &Map<String, Value>) -> Vec<(String, &'static str)> {
        let unknown = values.keys().filter(|name| !self.0.contains_key(*name));
        let unknown = unknown.map(|name| (pointer(name), "is no variable of this mail"));
        let known = self.0.iter().filter_map(|(name, kind)| {
            let Some(value) = values.get(name) else { return Some((pointer(name), "is missing")) };
            (!fits(kind, value)).then(|| (pointer(name), "is of another kind"))
        });
        unknown.chain(known).collect()
    }
}

/// RFC 6901.
fn pointer(name: &str) -> String {
    let name = visible_part(name, LONGEST_FACT);
    format!("/variables/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn kind(value: &Value) -> VariableKind {
    match value {
        Value::Array(items) => match items.first() {
            Some(Value::Object(row)) => VariableKind::Rows { fields: row.keys().cloned().collect() },
            _ => VariableKind::Texts,
        },
        _ => VariableKind::Text,
    }
}

fn fits(kind: &VariableKind, value: &Value) -> bool {
    let all = |fits: &dyn Fn(&Value) -> bool| value.as_array().is_some_and(|items| items.iter().all(fits));
    match kind {
        VariableKind::Text => value.is_string(),
        VariableKind::Texts => all(&Value::is_string),
        VariableKind::Rows { fields } => all(&|row| {
            let row = row.as_object();
            row.is_some_and(|row| {
                row.len() == fields.len() && fields.iter().all(|field| row.get(field).is_some_and(Value::is_string))
            })
        }),
    }
}

/// What a wording is rendered with.
pub(super) fn context(template: &Template, reader: &Locale) -> Map<String, Value> {
    let leaving = |leaving: &TitleLeavingSoon| {
        let name = name(&leaving.names, reader).unwrap_or_default();
        json!({ "name": name, "until": leaving.until })
    };
    let variables = match template {
        Template::TitleLeavingSoon(one) => leaving(one),
        Template::NewEpisodes(series) => json!({ "name": name(&series.names, reader).unwrap_or_default() }),
        Template::TitlePurchased(TitlePurchased { names, kind, until, .. }) => {
            json!({ "name": name(names, reader).unwrap_or_default(), "kind": kind, "until": until })
        }
        Template::PurchaseReturned(PurchaseReturned { names, kind, .. }) => {
            json!({ "name": name(names, reader).unwrap_or_default(), "kind": kind })
        }
        Template::RentalEnding(ending @ RentalEnding { names, has_begun, .. }) => {
            let (name, has_begun) = (name(names, reader).unwrap_or_default(), truth(*has_begun));
            json!({ "name": name, "at": end_of_rental(ending), "has_begun": has_begun })
        }
        Template::TitlesDigest(digest) => json!({ "titles": digest.leaving.iter().map(leaving).collect::<Vec<_>>() }),
        _ => {
            let mail = Mail { template: Some(template.clone()), ..Mail::default() };
            let variables = serde_json::to_value(mail).map(|mut mail| mail[template.name()].take()).unwrap_or_default();
            named(variables, reader)
        }
    };
    match variables {
        Value::Object(variables) => cleaned_values(with_times(variables)),
        _ => Map::new(),
    }
}

/// There is no number and no truth among the values: what is empty is not so.
fn truth(holds: bool) -> &'static str {
    if holds { "yes" } else { "" }
}

/// What is sold as a reader calls it: the names give way to the one that is shown.
fn named(mut variables: Value, reader: &Locale) -> Value {
    let Some(values) = variables.as_object_mut() else { return variables };
    let mut names = |of: &str| -> Option<HashMap<String, String>> { serde_json::from_value(values.remove(of)?).ok() };
    let (plans, sold) = (names("plan_names"), names("goods_names"));
    let mut show = |variable: &str, shown: &dyn Fn(&str) -> String| {
        if let Some(Value::String(text)) = values.get_mut(variable) {
            *text = shown(text);
        }
    };
    if let Some(plans) = plans {
        show("plan", &|key| plan_name(key, &plans, reader));
    }
    if let Some(sold) = sold {
        show("description", &|description| goods(description, &sold, reader));
    }
    show("period", &|period| word_of(period, reader).to_owned());
    for value in values.values_mut() {
        if let Value::Bool(holds) = value {
            *value = truth(*holds).into();
        }
    }
    variables
}

/// Times as every mail shows them.
fn with_times(values: Map<String, Value>) -> Map<String, Value> {
    let shown = |(name, value): (String, Value)| {
        let value = match value {
            Value::String(text) if TIMES.contains(&name.as_str()) => moment(&text).into(),
            Value::Array(items) => items.into_iter().map(row_with_times).collect(),
            other => other,
        };
        (name, value)
    };
    values.into_iter().map(shown).collect()
}

fn row_with_times(value: Value) -> Value {
    match value {
        Value::Object(row) => with_times(row).into(),
        other => other,
    }
}

/// Values as a mail shows them: each text is one line that can be seen, of at most 200 characters.
pub fn cleaned_values(values: Map<String, Value>) -> Map<String, Value> {
    values.into_iter().map(|(name, value)| (name, cleaned(value))).collect()
}

fn cleaned(value: Value) -> Value {
    match value {
        Value::String(text) => visible_part(&text, LONGEST_FACT).into(),
        Value::Array(items) => items.into_iter().map(cleaned).collect(),
        Value::Object(members) => cleaned_values(members).into(),
        other => other,
    }
}
