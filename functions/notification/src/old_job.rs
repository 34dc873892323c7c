//! The form of a job before its contract: `template` with untyped `variables`. Goes when nobody writes it.

use serde_json::{Map, Value, json};

/// The same job by the contract; `None` when it is not of the old form.
pub(crate) fn by_contract(body: &str) -> Option<Value> {
    let mut job: Map<String, Value> = serde_json::from_str(body).ok()?;
    let template = job.remove("template")?.as_str()?.to_owned();
    let mut variables = job.remove("variables").unwrap_or_else(|| json!({}));
    if let Some(new) = variables.get("new").cloned() {
        variables = json!({ "new_email": new });
    }
    if let Some(lines) = variables.get("receipts").and_then(Value::as_str) {
        variables = json!({ "receipts": lines.lines().filter_map(receipt).collect::<Vec<_>>() });
    }
    job.insert(template, variables);
    Some(Value::Object(job))
}

/// `user: 5 (2026-11-26T10:00:00Z)`
fn receipt(line: &str) -> Option<Value> {
    let (service, rest) = line.split_once(": ")?;
    let (records, at) = rest.split_once(" (")?;
    Some(json!({ "service": service, "records": records, "erased_at": at.trim_end_matches(')') }))
}

#[cfg(test)]
mod tests {
    use proto::mail::Template;

    use crate::job::MailJob;

    #[test]
    fn the_old_form_is_still_read() {
        let job = |template: &str, variables: &str| {
            let head = r#"{"message_id":"msg_01jd3k5m7n9pqrstvwxyz01234","to":"viewer@example.com","locale":"en""#;
            MailJob::read(&format!(r#"{head},"template":"{template}","variables":{variables}}}"#)).unwrap().template
        };
        assert!(
            matches!(job("verify_email", r#"{"code":"042917"}"#), Template::VerifyEmail(mail) if mail.code == "042917")
        );
        assert!(matches!(job("mfa_enabled", "{}"), Template::MfaEnabled(_)));
        let Template::EmailChangeRequested(mail) = job("email_change_requested", r#"{"new":"n***@example.org"}"#)
        else {
            panic!("another mail")
        };
        assert_eq!(mail.new_email, "n***@example.org");
        let receipts = r#"{"receipts":"auth: 3 (2026-11-26T10:00:00Z)\nuser: 5 (2026-11-26T10:00:01Z)"}"#;
        let Template::AccountErased(mail) = job("account_erased", receipts) else { panic!("another mail") };
        let user = &mail.receipts[1];
        assert_eq!((user.service.as_str(), user.records, user.erased_at.as_str()), ("user", 5, "2026-11-26T10:00:01Z"));
    }
}
