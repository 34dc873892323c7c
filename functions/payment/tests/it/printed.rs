//! Invoices as PDFs: what is read back from the bytes is what was billed and booked.

use kernel::TitleId;
use proto::catalog::TitleChanged;
use serde_json::{Value, json};
use testkit::{Answer, Token, titles};

use crate::stage::{Customer, Stage, open};

/// The text of a PDF in the order in which it was drawn. `CINEMA_PRINTED` names a folder that keeps what was printed, to look at.
fn text(pdf: &Answer) -> String {
    assert_eq!((pdf.status.as_u16(), pdf.header("content-type")), (200, Some("application/pdf")), "{}", pdf.text());
    let document = lopdf::Document::load_mem(&pdf.body).unwrap();
    let pages: Vec<u32> = document.get_pages().into_keys().collect();
    assert_eq!(pages, [1]);
    let text = document.extract_text(&pages).unwrap();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Ok(folder) = std::env::var("CINEMA_PRINTED") {
        let name = text.split(' ').find(|word| word.starts_with("CINEMA-")).unwrap();
        let language = if text.contains("Net") { "en" } else { "ru" };
        std::fs::write(format!("{folder}/{language}-{name}-{}.pdf", text.len()), &pdf.body).unwrap();
    }
    text
}

/// Minor units of every amount in `currency`, in the order of the page.
fn amounts(text: &str, currency: &str) -> Vec<i64> {
    let mut found = Vec::new();
    for before in text.split(currency).map(str::trim_end).collect::<Vec<_>>().split_last().unwrap().1 {
        let is_part = |letter: &char| letter.is_ascii_digit() || " .,−".contains(*letter);
        let backwards: Vec<char> = before.chars().rev().take_while(is_part).collect();
        let number: String = backwards.into_iter().rev().collect();
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let minor: i64 = digits.parse().unwrap_or_else(|_| panic!("{number:?} in {text}"));
        found.push(if number.contains('−') { -minor } else { minor });
    }
    found
}

struct Printer {
    stage: Stage,
}

impl Printer {
    async fn start() -> Self {
        Self { stage: Stage::start().await }
    }

    async fn invoices(&self, customer: Customer) -> Vec<Value> {
        self.stage.get(customer, "/v1/invoices").await.expect(200)["items"].as_array().unwrap().clone()
    }

    async fn print(&self, token: &Token, invoice: &Value, languages: &str) -> Answer {
        let path = format!("/v1/invoices/{}/pdf", invoice["id"].as_str().unwrap());
        self.stage.app.get(&path).header("accept-language", languages).token(token).send().await
    }

    /// What the ledger's accounts have of a currency.
    async fn booked(&self, account: &str) -> i64 {
        let sum = "select coalesce(sum(amount), 0)::bigint from ledger_entries where account = $1";
        sqlx::query_scalar(sum).bind(account).fetch_one(&self.stage.service.pool()).await.unwrap()
    }

    async fn sold(&self, name: &str, amount: i64) -> (Customer, Value) {
        let title: TitleId = self.stage.world.id();
        let told = TitleChanged {
            title_id: title.to_string(),
            kind: "film".to_owned(),
            original_title: name.to_owned(),
            asset: Some(proto::catalog::Asset {
                asset_id: "ast_01jd3k5m7n9pqrstvwxyz01234".to_owned(),
                duration_seconds: 600.0,
                ..Default::default()
            }),
            ..TitleChanged::default()
        };
        self.stage.tell_title_as(&titles::under(&open(), told), 1).await;
        let prices = json!([crate::stage::title_price(None, "rent", amount, "EUR")]);
        self.stage.price(title, &prices).await.expect(200);
        let customer = Customer::new();
        let begun = self.stage.purchase(customer, title, "rent").await.expect(201);
        self.stage.pay(&begun).await;
        let invoice = self.invoices(customer).await.remove(0);
        (customer, invoice)
    }
}

#[tokio::test]
async fn a_period_is_printed_with_its_number_its_time_and_the_sums_of_the_ledger() {
    let printer = Printer::start().await;
    let price = printer.stage.plan("standard", 123_456, 0).await;
    let customer = printer.stage.paying(&price).await;
    let invoice = printer.invoices(customer).await.remove(0);
    let pdf = printer.print(&printer.stage.token(customer), &invoice, "en").await;
    let number = invoice["number"].as_str().unwrap();
    assert_eq!(pdf.header("content-disposition"), Some(&*format!("attachment; filename=\"{number}.pdf\"")));
    assert_eq!(pdf.header("cache-control"), Some("private, no-store"));
    let text = text(&pdf);
    for part in [
        &format!("Invoice {number}"),
        "31 January 2027",
        "31 January 2027, 10:00 – 28 February 2027, 10:00",
        "Subscription, plan “standard”, one month",
        "Tax 19%",
        "Paid in full.",
        &customer.0.to_string(),
        invoice["id"].as_str().unwrap(),
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    let (net, tax) = (-printer.booked("revenue:subscriptions").await, -printer.booked("tax").await);
    assert_eq!(net + tax, 123_456);
    assert_eq!(amounts(&text, "EUR"), [net, tax, net + tax, net, tax, net + tax]);
}

#[tokio::test]
async fn a_title_is_printed_in_russian_whatever_it_is_called() {
    let printer = Printer::start().await;
    for (name, printed) in [
        ("Ночь на Лысой горе", "«Ночь на Лысой горе», прокат"),
        ("Ёжик, в тумане", "«Ёжик, в тумане», прокат"),
        ("Το όνομα του ρόδου", "«To onoma toy rodoy», прокат"),
    ] {
        let (customer, invoice) = printer.sold(name, 29_900).await;
        let mut token = printer.stage.token(customer);
        token.0.locale = "ru".parse().unwrap();
        let text = text(&printer.print(&token, &invoice, "en").await);
        let number = invoice["number"].as_str().unwrap();
        for part in [&format!("Счёт {number}"), "31 января 2027 г.", printed, "Налог 19%", "Оплачено полностью."]
        {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
        let tax = invoice["tax"]["amount"].as_i64().unwrap();
        assert_eq!(amounts(&text, "EUR")[..3], [29_900 - tax, tax, 29_900]);
    }
}

#[tokio::test]
async fn credit_notes_are_negative_name_what_they_correct_and_take_the_ledger_back_to_zero() {
    let printer = Printer::start().await;
    let (customer, invoice) = printer.sold("Clockwork", 999).await;
    let payments = printer.stage.get(customer, "/v1/payments").await.expect(200);
    let path = format!("/v1/admin/payments/{}/refund", payments["items"][0]["id"].as_str().unwrap());
    for amount in [json!({"amount": 333}), json!({})] {
        let call = printer.stage.app.post(&path, &amount).token(&printer.stage.staff("support"));
        call.send().await.expect(201);
    }
    let mut sums = [0; 3];
    let all = printer.invoices(customer).await;
    assert_eq!(all.len(), 3);
    for printed in &all {
        let text = text(&printer.print(&printer.stage.token(customer), printed, "en").await);
        let [net, tax, total, ..] = amounts(&text, "EUR")[..] else { panic!("{text}") };
        assert_eq!(
            (tax, total),
            (printed["tax"]["amount"].as_i64().unwrap(), printed["amount"]["amount"].as_i64().unwrap())
        );
        sums = [sums[0] + net, sums[1] + tax, sums[2] + total];
        if printed["kind"] == "credit_note" {
            let number = printed["number"].as_str().unwrap();
            assert!(text.contains(&format!("Credit note {number}")) && total < 0, "{text}");
            assert!(text.contains(invoice["number"].as_str().unwrap()), "what it corrects is missing in:\n{text}");
            assert!(text.contains("The money was given back.") && text.contains("“Clockwork”, rental"), "{text}");
        }
    }
    assert_eq!(sums, [0, 0, 0]);
    assert_eq!((printer.booked("revenue:titles").await, printer.booked("tax").await), (0, 0));
}

#[tokio::test]
async fn the_same_invoice_is_the_same_bytes_and_nobody_elses() {
    let printer = Printer::start().await;
    let (customer, invoice) = printer.sold("Clockwork", 399).await;
    let token = printer.stage.token(customer);
    let first = printer.print(&token, &invoice, "en").await;
    assert_eq!(printer.print(&token, &invoice, "en").await.body, first.body);
    assert!(first.body.len() < 64_000, "{} bytes", first.body.len());

    let stranger = printer.stage.token(Customer::new());
    printer.print(&stranger, &invoice, "en").await.expect_problem(404, "not_found");
    let path = format!("/v1/invoices/{}/pdf", invoice["id"].as_str().unwrap());
    printer.stage.app.get(&path).send().await.expect_problem(401, "token_required");
    let absent = json!({"id": "inv_01jd3k5m7n9pqrstvwxyz01234"});
    printer.print(&token, &absent, "en").await.expect_problem(404, "not_found");
    // What is not paid is no invoice yet.
    let price = printer.stage.plan("standard", 999, 0).await;
    let waiting = Customer::new();
    printer.stage.subscribe(waiting, &price).await.expect(201);
    let open: String = sqlx::query_scalar("select id from invoices where status = 'open'")
        .fetch_one(&printer.stage.service.pool())
        .await
        .unwrap();
    let waiting = printer.stage.token(waiting);
    printer.print(&waiting, &json!({ "id": open }), "en").await.expect_problem(404, "not_found");
}
