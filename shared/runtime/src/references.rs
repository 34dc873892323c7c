//! Variables whose values lie in Secrets Manager. They are written as CloudFormation writes them: `{{resolve:secretsmanager:<name>}}`, with
//! `:SecretString:<member>` behind the name for one member of a JSON object; what stands around stays.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

const OPEN: &str = "{{resolve:secretsmanager:";
const CLOSE: &str = "}}";
const MEMBER: &str = ":SecretString:";

/// A reference inside a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reference<'a> {
    secret: &'a str,
    member: Option<&'a str>,
}

/// The first reference, with what stands before and behind it.
fn split(value: &str) -> Result<Option<(&str, Reference<'_>, &str)>, String> {
    let Some((before, rest)) = value.split_once(OPEN) else { return Ok(None) };
    let (inside, behind) = rest.split_once(CLOSE).ok_or("a reference to a secret has no end")?;
    let (secret, member) = inside.split_once(MEMBER).map_or((inside, None), |(secret, member)| (secret, Some(member)));
    if secret.is_empty()
        || secret.contains(':')
        || member.is_some_and(|member| member.is_empty() || member.contains(':'))
    {
        return Err("a reference to a secret is `{{resolve:secretsmanager:<name>[:SecretString:<member>]}}`".to_owned());
    }
    Ok(Some((before, Reference { secret, member }, behind)))
}

/// The secrets that a value refers to.
pub(crate) fn secrets(mut value: &str) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    while let Some((_, reference, behind)) = split(value)? {
        found.insert(reference.secret.to_owned());
        value = behind;
    }
    Ok(found)
}

/// The value with every reference replaced. What a secret says is not looked at again. The reason of a failure never holds a secret.
pub(crate) fn fill(mut value: &str, known: &BTreeMap<String, String>) -> Result<String, String> {
    let mut filled = String::new();
    while let Some((before, reference, behind)) = split(value)? {
        let name = reference.secret;
        let secret =
            known.get(name).filter(|text| !text.is_empty()).ok_or(format!("the secret {name} has no value"))?;
        filled.push_str(before);
        match reference.member {
            None => filled.push_str(secret),
            Some(member) => {
                filled.push_str(&text_of(secret, member).ok_or(format!("the secret {name} has no text `{member}`"))?)
            }
        }
        value = behind;
    }
    filled.push_str(value);
    Ok(filled)
}

fn text_of(secret: &str, member: &str) -> Option<String> {
    let object: Value = serde_json::from_str(secret).ok()?;
    object.get(member)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn a_value_without_a_reference_stays_as_it_is() {
        for value in ["", "info", "{{", "{{resolve}}", "{{resolve:ssm:name}}", "a}}b"] {
            assert_eq!(secrets(value).unwrap(), BTreeSet::new(), "{value}");
            assert_eq!(fill(value, &BTreeMap::new()).unwrap(), value);
        }
    }

    #[test]
    fn references_are_replaced_wherever_they_stand() {
        let known = BTreeMap::from([
            ("postgres/auth".to_owned(), r#"{"username": "cinema_auth", "password": "s3"}"#.to_owned()),
            ("setting/A".to_owned(), "x}}{{resolve:secretsmanager:pepper}}".to_owned()),
        ]);
        let url =
            "postgres://cinema_auth:{{resolve:secretsmanager:postgres/auth:SecretString:password}}@host:5432/cinema";
        assert_eq!(fill(url, &known).unwrap(), "postgres://cinema_auth:s3@host:5432/cinema");
        let twice =
            "{{resolve:secretsmanager:setting/A}}, {{resolve:secretsmanager:postgres/auth:SecretString:username}}";
        assert_eq!(fill(twice, &known).unwrap(), "x}}{{resolve:secretsmanager:pepper}}, cinema_auth");
        assert_eq!(secrets(twice).unwrap(), ["postgres/auth", "setting/A"].map(str::to_owned).into());
    }

    #[test]
    fn what_cannot_be_replaced_is_refused_without_telling_the_secret() {
        let json = r#"{"a": 1, "empty": "", "text": "hush"}"#;
        for (reference, known) in [
            ("{{resolve:secretsmanager:s", known("s", "hush")),
            ("{{resolve:secretsmanager:}}", known("", "hush")),
            ("{{resolve:secretsmanager:s:SecretString:}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretBinary:text}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretString:text:AWSPREVIOUS}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretString:a}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretString:empty}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretString:other}}", known("s", json)),
            ("{{resolve:secretsmanager:s:SecretString:text}}", known("s", "hush, no JSON")),
            ("{{resolve:secretsmanager:s}}", known("other", "hush")),
            ("{{resolve:secretsmanager:s}}", known("s", "")),
        ] {
            let refused = fill(reference, &known).unwrap_err();
            assert!(!refused.contains("hush"), "{refused}");
        }
    }
}
