//! A mail of each kind, to check and to show wordings with.

use proto::mail::{Mail, Template};
use serde_json::{Value, json};

/// A mail of a kind with every variable filled; `None` where there is no such kind, or it always has the words of its writer.
pub fn sample(name: &str) -> Option<Template> {
    let (at, plan, until) = ("2026-11-26T10:00:00Z", "standard", "2026-12-24");
    let plan_names = json!({ "": "Стандарт", "en": "Standard", "ru": "Стандарт" });
    let (paid, sold, invoice) = ("299.00 RUB", "premium, month", "DE-2026-000042");
    let goods_names = json!({ "": "Премиум", "en": "Premium", "ru": "Премиум" });
    let leaving = json!({ "names": { "": "Сталкер", "en": "Stalker", "ru": "Сталкер" }, "until": until, "title_id": "ttl_01jd3k5m7n9pqrstvwxyz01234" });
    let variables = match name {
        "verify_email" | "confirm_email" => json!({ "code": "042917" }),
        "password_reset" => json!({ "code": "4kq2m-8v0xd" }),
        "already_registered"
        | "reset_unknown_account"
        | "email_changed"
        | "mfa_enabled"
        | "mfa_disabled"
        | "welcome" => {
            json!({})
        }
        "password_changed" => json!({ "unlinked_providers": ["google", "github"] }),
        "email_change_requested" => json!({ "new_email": "n***@example.org" }),
        "oauth_linked" => json!({ "provider": "google" }),
        "new_sign_in" => json!({ "device": "Living room", "territory": "DE", "at": at }),
        "account_erased" => json!({ "receipts": [
            { "service": "auth", "records": "3", "erased_at": at }, { "service": "user", "records": "5", "erased_at": at },
        ] }),
        "session_revoked" | "data_export_requested" => json!({ "at": at }),
        "data_export_ready" => json!({ "until": until }),
        "trial_started" | "plan_changed" => {
            json!({
                "plan": plan, "until": until, "plan_names": plan_names, "amount": paid, "period": "month", "then": "599.00 RUB",
            })
        }
        "subscription_resumed" => {
            json!({
                "plan": plan, "until": until, "plan_names": plan_names, "amount": paid, "period": "month", "then": "599.00 RUB",
                "needs_method": false,
            })
        }
        "subscription_active" | "subscription_cancelled" | "plan_change_withdrawn" => {
            json!({ "plan": plan, "until": until, "plan_names": plan_names })
        }
        "payment_failed" => {
            json!({ "plan": plan, "until": until, "plan_names": plan_names, "needs_method": false })
        }
        "subscription_paused" => {
            json!({ "plan": plan, "until": until, "resumes_on": "2027-01-24", "plan_names": plan_names })
        }
        "subscription_ended" | "subscription_suspended" => json!({ "plan": plan, "plan_names": plan_names }),
        "trial_ending" => {
            json!({
                "plan": plan, "ends_on": until, "amount": paid, "period": "month", "plan_names": plan_names, "then": "599.00 RUB",
                "needs_method": false,
            })
        }
        "plan_change_scheduled" => {
            json!({
                "plan": plan, "begins_on": until, "amount": paid, "period": "month", "plan_names": plan_names, "then": "599.00 RUB",
            })
        }
        "title_leaving_soon" => leaving,
        "payment_received" => {
            json!({ "amount": paid, "description": sold, "invoice_number": invoice, "goods_names": goods_names })
        }
        "payment_refunded" => {
            json!({
                "refunded": "99.00 RUB", "amount": paid, "description": sold, "invoice_number": invoice, "goods_names": goods_names,
            })
        }
        "payment_declined" => {
            json!({ "amount": paid, "description": "Stalker, rent", "goods_names": leaving["names"] })
        }
        "title_purchased" => {
            json!({ "names": leaving["names"], "kind": "rent", "until": until, "title_id": leaving["title_id"] })
        }
        "rental_ending" => json!({
            "names": leaving["names"], "at": "2026-12-24T21:30:00+03:00", "has_begun": true, "title_id": leaving["title_id"],
        }),
        "purchase_returned" => {
            json!({ "names": leaving["names"], "kind": "rent", "title_id": leaving["title_id"] })
        }
        "new_episodes" => json!({ "names": leaving["names"], "title_id": leaving["title_id"] }),
        "titles_digest" => json!({ "leaving": [leaving.clone(), leaving] }),
        _ => return None,
    };
    let mut mail = serde_json::Map::new();
    mail.insert(name.to_owned(), variables);
    serde_json::from_value::<Mail>(Value::Object(mail)).ok()?.template
}
