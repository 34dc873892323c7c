use events::{Event, Outcome};
use futures::future::join_all;
use kernel::{
    Id, PlaybackId, ProfileId, TitleId, World,
    policy::{Publication, TitleRules, Window},
};
use proto::{catalog::TitleChanged, streaming::RentalBegun, types};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    bank::Mood,
    stage::{Customer, START, Stage, open, title_price},
};

const TOLD: &str = "cinema.payment.purchase_changed.v1";

fn begun(customer: Customer, title: TitleId, purchase: &str, at: OffsetDateTime) -> Event {
    let session: PlaybackId = World::system().id();
    let data = RentalBegun {
        session_id: session.to_string(),
        account_id: customer.0.to_string(),
        title_id: title.to_string(),
        purchase_id: purchase.to_owned(),
        begun_at: at.format(&Rfc3339).unwrap(),
    };
    Event::new(&World::system(), types::RENTAL_BEGUN, session, 2, &data)
}

fn id(answer: &Value) -> String {
    answer["purchase"]["id"].as_str().unwrap().to_owned()
}

/// Somebody who rents or buys on a page.
async fn paid(stage: &Stage, title: TitleId, kind: &str) -> (Customer, String) {
    let customer = Customer::new();
    let begun = stage.purchase(customer, title, kind).await.expect(201);
    stage.pay(&begun).await;
    (customer, id(&begun))
}

async fn refund(stage: &Stage, customer: Customer, body: &Value) {
    let payments = stage.get(customer, "/v1/payments").await.expect(200);
    let path = format!("/v1/admin/payments/{}/refund", payments["items"][0]["id"].as_str().unwrap());
    stage.app.post(&path, body).token(&stage.staff("support")).send().await.expect(201);
}

fn member<'a>(purchases: &'a [Value], name: &str) -> Vec<&'a Value> {
    purchases.iter().map(|purchase| &purchase[name]).collect()
}

#[tokio::test]
async fn what_is_paid_is_told_invoiced_and_booked_at_once() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    for (kind, amount, tax, valid_to) in [("rent", 399, 64, "2027-03-02T10:00:00Z"), ("buy", 999, 160, "")] {
        let customer = Customer::new();
        let begun = stage.purchase(customer, title, kind).await.expect(201);
        assert_eq!(
            (&begun["purchase"]["status"], &begun["purchase"]["amount"]["amount"]),
            (&json!("pending"), &json!(amount))
        );
        assert_eq!(stage.told(TOLD, &id(&begun)).await, Vec::<Value>::new(), "nothing is had before it is paid");
        stage.pay(&begun).await;
        let told = stage.told(TOLD, &id(&begun)).await;
        let expected = json!({"account_id": customer.0, "purchase_id": id(&begun), "title_id": title, "kind": kind, "status": "active",
            "valid_to": valid_to});
        let mut shown = told[0].clone();
        if valid_to.is_empty() {
            shown["valid_to"] = json!("");
        }
        assert_eq!((shown, told.len()), (expected, 1));
        let purchases = stage.purchases(customer).await;
        assert_eq!((member(&purchases, "status"), &purchases[0]["title_id"]), (vec![&json!("active")], &json!(title)));
        let invoice = stage.get(customer, "/v1/invoices").await.expect(200)["items"][0].clone();
        let word = if kind == "rent" { "rental" } else { "purchase" };
        assert_eq!(
            (&invoice["kind"], &invoice["description"]),
            (&json!("purchase"), &json!(format!("Clockwork, {word}")))
        );
        assert_eq!((&invoice["amount"]["amount"], &invoice["tax"]["amount"]), (&json!(amount), &json!(tax)));
    }
    let earned = "select coalesce(sum(amount), 0)::bigint from ledger_entries where account = 'revenue:titles'";
    assert_eq!(stage.number(earned).await, -(399 - 64) - (999 - 160));
    stage.check_books().await;
}

#[tokio::test]
async fn what_runs_is_not_sold_twice_and_what_is_over_is_sold_again() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let (customer, first) = paid(&stage, title, "rent").await;
    let problem = stage.purchase(customer, title, "rent").await.expect_problem(409, "already_purchased");
    assert_eq!((&problem["purchase"]["id"], &problem["purchase"]["status"]), (&json!(first), &json!("active")));
    assert_eq!(problem["purchase"]["begin_by"], "2027-03-02T10:00:00Z");
    stage.advance(Duration::days(30) - Duration::SECOND);
    stage.purchase(customer, title, "rent").await.expect_problem(409, "already_purchased");
    // At its last moment it is over, whether or not anybody has noted it.
    stage.advance(Duration::SECOND);
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["ended"]);
    let again = stage.purchase(customer, title, "rent").await.expect(201);
    stage.pay(&again).await;
    let told = stage.told(TOLD, &first).await;
    assert_eq!(member(&told, "status"), ["active", "ended"]);
    // Who rents may buy; who has bought neither rents nor buys.
    stage.advance(Duration::SECOND);
    let bought = stage.purchase(customer, title, "buy").await.expect(201);
    stage.pay(&bought).await;
    for kind in ["rent", "buy"] {
        let problem = stage.purchase(customer, title, kind).await.expect_problem(409, "already_purchased");
        assert_eq!(problem["purchase"]["title_id"], json!(title));
    }
    stage.advance(Duration::days(4_000));
    stage.end_rentals().await;
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active", "ended", "ended"]);
    stage.check_books().await;
}

#[tokio::test]
async fn of_many_requests_at_once_there_is_one_page() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let customer = Customer::new();
    let answers = join_all((0..8).map(|_| stage.purchase(customer, title, "rent"))).await;
    let pages: std::collections::BTreeSet<_> = answers
        .iter()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.json()["checkout_url"].to_string())
        .collect();
    assert_eq!(pages.len(), 1, "{pages:?}");
    assert_eq!(stage.number("select count(*) from purchases").await, 1);
    assert_eq!(stage.number("select count(*) from payments").await, 1);
}

#[tokio::test]
async fn a_key_gives_the_same_answer_and_no_second_purchase() {
    let stage = Stage::start().await;
    let (title, other) = (stage.film(399, 999).await, stage.film(499, 1_999).await);
    let customer = Customer::new();
    let with_key = async |customer: Customer, title: TitleId| {
        let call = stage.app.post("/v1/purchases", &json!({"title_id": title, "kind": "rent"}));
        call.token(&stage.viewer(customer)).header("idempotency-key", "one").send().await
    };
    let first = with_key(customer, title).await.expect(201);
    stage.pay(&first).await;
    let second = with_key(customer, title).await;
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(second.expect(201), first);
    with_key(customer, other).await.expect_problem(422, "idempotency_key_reused");
    // Another profile of the account hears nothing of it: it may not be allowed to see the film.
    let child = stage.viewer(customer).profile(ProfileId::derived("child")).max_rating(6);
    let call = stage.app.post("/v1/purchases", &json!({"title_id": title, "kind": "rent"}));
    call.token(&child).header("idempotency-key", "one").send().await.expect_problem(403, "rating_too_high");
    let stranger = with_key(Customer::new(), title).await.expect(201);
    assert_ne!(id(&stranger), id(&first));
    // One that died before its answer was stored finds its purchase again, and no other.
    sqlx::query("delete from idempotency_keys").execute(&stage.service.pool()).await.unwrap();
    let found = with_key(customer, title).await.expect(201);
    assert_eq!((id(&found), &found["purchase"]["status"]), (id(&first), &json!("active")));
    sqlx::query("delete from idempotency_keys").execute(&stage.service.pool()).await.unwrap();
    with_key(customer, other).await.expect_problem(422, "idempotency_key_reused");
    assert_eq!(stage.bank.captured().len(), 1);
}

#[tokio::test]
async fn a_saved_card_is_charged_at_once_and_one_that_is_declined_buys_nothing() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let title = stage.film(399, 999).await;
    let customer = stage.paying(&price).await;
    stage.bank.expect([Mood::Decline]);
    stage.purchase(customer, title, "rent").await.expect_problem(402, "payment_declined");
    assert_eq!(stage.purchases(customer).await, Vec::<Value>::new());
    stage.advance(Duration::hours(25));
    let bought = stage.purchase(customer, title, "rent").await.expect(201);
    assert_eq!((&bought["purchase"]["status"], &bought["payment"]["status"]), (&json!("active"), &json!("succeeded")));
    assert_eq!(stage.subscription(customer).await["status"], "active");
    stage.check_books().await;
}

#[tokio::test]
async fn after_a_decline_the_person_can_give_another_card() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let title = stage.film(399, 999).await;
    let customer = stage.paying(&price).await;
    let with_key = async |key: &str| {
        let call = stage.app.post("/v1/purchases", &json!({"title_id": title, "kind": "rent"}));
        call.token(&stage.viewer(customer)).header("idempotency-key", key).send().await
    };
    let before = stage.bank.calls();
    stage.bank.expect([Mood::Decline]);
    for _ in 0..2 {
        with_key("one").await.expect_problem(402, "payment_declined");
    }
    assert_eq!(stage.bank.calls() - before, 1, "a repetition charges nothing again");
    let page = with_key("two").await.expect(201);
    assert_eq!(page["purchase"]["status"], "pending");
    stage.pay(&page).await;
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"]);
    // A day later, or with another card, what is saved is charged again.
    stage.advance(Duration::hours(25));
    let other = stage.film(399, 999).await;
    let bought = stage.purchase(customer, other, "rent").await.expect(201);
    assert_eq!(bought["payment"]["status"], "succeeded");
    stage.check_books().await;
}

#[tokio::test]
async fn nobody_rents_what_their_plan_includes() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let title = stage.film(399, 999).await;
    let customer = stage.paying(&price).await;
    stage.tell_title(title, 2, &open()).await;
    stage.purchase(customer, title, "rent").await.expect_problem(409, "included_in_plan");
    stage.purchase(Customer::new(), title, "rent").await.expect(201);
    // Whoever leaves may want it for longer than the plan.
    stage.post(customer, "/v1/subscriptions/me/cancel", &json!({})).await.expect(200);
    stage.purchase(customer, title, "rent").await.expect(201);
    stage.purchase(stage.paying(&price).await, title, "buy").await.expect(201);
}

#[tokio::test]
async fn a_rental_that_is_paid_when_a_plan_includes_the_title_goes_back() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    let title = stage.film(399, 999).await;
    stage.tell_title(title, 2, &open()).await;
    let customer = Customer::new();
    let rental = stage.purchase(customer, title, "rent").await.expect(201);
    let plan = stage.subscribe(customer, &price).await.expect(201);
    stage.pay(&plan).await;
    stage.pay(&rental).await;
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 399);
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["refunded"]);
    stage.check_books().await;
}

#[tokio::test]
async fn an_outcome_that_is_not_known_is_unknown_and_found_out() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    for mood in [Mood::LostBefore, Mood::LostAfter] {
        let title = stage.film(399, 999).await;
        let customer = stage.paying(&price).await;
        stage.bank.expect([mood]);
        let begun = stage.purchase(customer, title, "buy").await.expect(201);
        assert_eq!((&begun["payment"]["status"], &begun["purchase"]["status"]), (&json!("unknown"), &json!("pending")));
        // Nobody pays twice meanwhile.
        let again = stage.purchase(customer, title, "buy").await.expect(201);
        assert_eq!((id(&again), &again["payment"]["id"]), (id(&begun), &begun["payment"]["id"]));
        stage.advance(Duration::minutes(6));
        stage.resolve().await;
        assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"], "{mood:?}");
        assert_eq!(stage.told(TOLD, &id(&begun)).await.len(), 1);
    }
    assert_eq!(stage.bank.captured().iter().filter(|payment| payment["amount"]["amount"] == 999).count(), 2);
    stage.check_books().await;
}

#[tokio::test]
async fn one_that_dies_on_the_way_is_found_again() {
    let stage = Stage::start().await;
    let price = stage.plan("standard", 1_000, 0).await;
    for mood in [Mood::CrashBefore, Mood::CrashAfter] {
        let title = stage.film(399, 999).await;
        let customer = stage.paying(&price).await;
        stage.bank.expect([mood]);
        assert!(Box::pin(stage.survive(stage.purchase(customer, title, "rent"))).await.is_none());
        assert_eq!(member(&stage.purchases(customer).await, "status"), ["pending"]);
        stage.advance(Duration::minutes(6));
        stage.resolve().await;
        assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"], "{mood:?}");
    }
    assert_eq!(stage.bank.captured().iter().filter(|payment| payment["amount"]["amount"] == 399).count(), 2);
    stage.check_books().await;
}

#[tokio::test]
async fn what_was_withdrawn_before_it_is_paid_is_given_back() {
    let stage = Stage::start().await;
    let over = Window { territories: vec![], plans: vec![], from: None, until: Some(START - Duration::DAY) };
    for rules in
        [TitleRules { publication: Publication::Withdrawn, ..open() }, TitleRules { windows: vec![over], ..open() }]
    {
        let title = stage.film(399, 999).await;
        let customer = Customer::new();
        let begun = stage.purchase(customer, title, "buy").await.expect(201);
        let before = stage.bank.given_back();
        stage.tell_title(title, 2, &rules).await;
        stage.pay(&begun).await;
        assert_eq!(member(&stage.purchases(customer).await, "status"), ["refunded"]);
        stage.resolve().await;
        assert_eq!(stage.bank.given_back() - before, 999);
        assert_eq!(stage.told(TOLD, &id(&begun)).await, Vec::<Value>::new());
    }
    assert_eq!(stage.number("select count(*) from invoices where number is not null").await, 0);
    stage.check_books().await;
}

#[tokio::test]
async fn two_pages_for_one_title_end_with_one_of_them() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let customer = Customer::new();
    let rent = stage.purchase(customer, title, "rent").await.expect(201);
    stage.advance(Duration::SECOND);
    let buy = stage.purchase(customer, title, "buy").await.expect(201);
    stage.pay(&buy).await;
    // Nobody is led to the other page any more; who has it open still pays on it.
    stage.purchase(customer, title, "rent").await.expect_problem(409, "already_purchased");
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"]);
    stage.pay(&rent).await;
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 399);
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"]);
    stage.check_books().await;
}

#[tokio::test]
async fn a_page_that_a_plan_or_a_purchase_has_made_needless_is_closed() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let customer = Customer::new();
    stage.purchase(customer, title, "rent").await.expect(201);
    let buy = stage.purchase(customer, title, "buy").await.expect(201);
    stage.pay(&buy).await;
    stage.resolve().await;
    assert_eq!(stage.bank.open_pages(), Vec::<String>::new());
    // A plan includes what is to be rented: nobody is given the page again.
    let price = stage.plan("standard", 1_000, 0).await;
    stage.tell_title(title, 2, &open()).await;
    let other = Customer::new();
    stage.purchase(other, title, "rent").await.expect(201);
    let page = stage.subscribe(other, &price).await.expect(201);
    stage.pay(&page).await;
    stage.purchase(other, title, "rent").await.expect_problem(409, "included_in_plan");
    stage.check_books().await;
}

#[tokio::test]
async fn a_page_that_is_left_is_canceled_and_nothing_was_declined() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let customer = Customer::new();
    let begun = stage.purchase(customer, title, "rent").await.expect(201);
    let reference = begun["payment"]["id"].as_str().unwrap();
    stage.bank.expire(reference);
    stage.notice("checkout.expired", &format!("co_{reference}")).await;
    let payment = stage.get(customer, &format!("/v1/payments/{reference}")).await.expect(200);
    assert_eq!((&payment["status"], &payment["reason"]), (&json!("canceled"), &json!(null)));
    assert_eq!(stage.purchases(customer).await, Vec::<Value>::new());
    // It is a new one when the person thinks better of it; the old page's money goes back should it come.
    let again = stage.purchase(customer, title, "rent").await.expect(201);
    assert_ne!(id(&again), id(&begun));
    stage.pay(&again).await;
    stage.bank.pay(reference);
    stage.notice("payment.succeeded", &format!("sp_{reference}")).await;
    stage.resolve().await;
    assert_eq!(stage.bank.given_back(), 399);
    stage.check_books().await;
}

#[tokio::test]
async fn a_refund_of_all_of_it_ends_the_grant_and_one_of_a_part_does_not() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let (customer, purchase) = paid(&stage, title, "buy").await;
    refund(&stage, customer, &json!({"amount": 400})).await;
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"]);
    refund(&stage, customer, &json!({})).await;
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["refunded"]);
    let told = stage.told(TOLD, &purchase).await;
    assert_eq!(member(&told, "status"), ["active", "ended"]);
    let earned =
        "select coalesce(sum(amount), 0)::bigint from ledger_entries where account in ('revenue:titles', 'tax')";
    assert_eq!(stage.number(earned).await, 0);
    stage.check_books().await;
    let again = stage.purchase(customer, title, "buy").await.expect(201);
    assert_ne!(id(&again), purchase);
}

#[tokio::test]
async fn the_first_second_starts_the_clock_in_any_order_and_however_often_it_is_told() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let at = |hours: i64| START + Duration::days(1) + Duration::hours(hours);
    let mut ends = Vec::new();
    for order in [[0, 5, 2], [5, 2, 0], [2, 0, 5]] {
        let (customer, purchase) = paid(&stage, title, "rent").await;
        for hours in order {
            for _ in 0..2 {
                let event = begun(customer, title, &purchase, at(hours));
                assert_eq!(stage.begin_rental(event).await, Some(Outcome::Done));
            }
        }
        let shown = stage.purchases(customer).await[0].clone();
        assert_eq!((&shown["begun_at"], &shown["begin_by"]), (&json!("2027-02-01T10:00:00Z"), &json!(null)));
        ends.push(shown["valid_to"].clone());
        let told = stage.told(TOLD, &purchase).await;
        assert_eq!(told.last().unwrap()["valid_to"], "2027-02-03T10:00:00Z");
    }
    assert_eq!(ends, [json!("2027-02-03T10:00:00Z"), json!("2027-02-03T10:00:00Z"), json!("2027-02-03T10:00:00Z")]);
    stage.advance(Duration::days(3));
    stage.end_rentals().await;
    assert_eq!(stage.number("select count(*) from purchases where status = 'ended'").await, 3);
    let before = stage.number("select sum(version)::bigint from purchases").await;
    stage.end_rentals().await;
    assert_eq!(stage.number("select sum(version)::bigint from purchases").await, before, "it ends once");
}

#[tokio::test]
async fn each_end_of_a_rental_is_announced_once_and_in_time() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let (customer, purchase) = paid(&stage, title, "rent").await;
    let (_, other) = paid(&stage, title, "rent").await;
    let (_, bought) = paid(&stage, title, "buy").await;
    let told = async |id: &str| {
        let told = stage.told("cinema.payment.rental_announced.v1", id).await;
        told.iter().map(|it| (it["ends_at"].clone(), it["has_begun"].clone())).collect::<Vec<_>>()
    };
    // Paid on 31 January.
    let not_begun = (json!("2027-03-02T10:00:00Z"), json!(false));
    for day in 0..30 {
        stage.announce_rentals().await;
        stage.announce_rentals().await;
        let expected = if day < 28 { vec![] } else { vec![not_begun.clone()] };
        assert_eq!(told(&purchase).await, expected, "day {day}");
        stage.advance(Duration::DAY - Duration::SECOND);
    }
    // Begun in the last minute: there is another end, and it is told in its time.
    let now = stage.world.now();
    stage.begin_rental(begun(customer, title, &purchase, now)).await;
    stage.announce_rentals().await;
    assert_eq!(told(&purchase).await.len(), 1);
    stage.advance(Duration::hours(25));
    for _ in 0..2 {
        stage.announce_rentals().await;
        stage.end_rentals().await;
    }
    let begun = (json!("2027-03-04T09:59:30Z"), json!(true));
    assert_eq!(told(&purchase).await, [not_begun.clone(), begun]);
    assert_eq!((told(&other).await, told(&bought).await), (vec![not_begun], vec![]), "the other is over");
    let statuses = stage.told(TOLD, &purchase).await;
    assert_eq!(member(&statuses, "status"), ["active", "active"], "an announcement changes nothing");
}

#[tokio::test]
async fn only_the_rental_of_the_account_and_title_is_begun() {
    let stage = Stage::start().await;
    let (title, other) = (stage.film(399, 999).await, stage.film(399, 999).await);
    let (customer, rental) = paid(&stage, title, "rent").await;
    let (owner, own) = paid(&stage, title, "buy").await;
    for event in [
        begun(Customer::new(), title, &rental, START),
        begun(customer, other, &rental, START),
        begun(customer, title, "pur_01jd3k5m7n9pqrstvwxyz01234", START),
        begun(owner, title, &own, START),
    ] {
        assert_eq!(stage.begin_rental(event).await, Some(Outcome::Done));
    }
    assert_eq!(stage.number("select count(*) from purchases where begun_at is not null").await, 0);
}

#[tokio::test]
async fn prices_are_by_territory_and_versioned_and_what_was_begun_keeps_its_price() {
    let stage = Stage::start().await;
    let title: TitleId = stage.world.id();
    stage.tell_title(title, 1, &open()).await;
    let prices = json!([
        title_price(Some("DE"), "rent", 399, "EUR"),
        title_price(None, "rent", 499, "USD"),
        title_price(None, "buy", 1_499, "USD"),
    ]);
    let first = stage.price(title, &prices).await.expect(200);
    let same = stage.price(title, &prices).await.expect(200);
    assert_eq!((&same["prices"], same["version"].as_i64()), (&first["prices"], Some(2)));
    let seen = async |territory: &str| {
        let path = format!("/v1/titles/{title}/prices");
        let quote = stage.app.get(&path).territory(&territory.parse().unwrap()).send().await.expect(200);
        let items = quote["items"].as_array().unwrap().clone();
        items.iter().map(|it| (it["kind"].clone(), it["amount"]["amount"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(seen("DE").await, [(json!("rent"), json!(399))]);
    assert_eq!(seen("FR").await, [(json!("rent"), json!(499)), (json!("buy"), json!(1_499))]);
    let customer = Customer::new();
    let german = stage.purchase(customer, title, "buy").await;
    german.expect_problem(422, "invalid_request");
    let begun = stage.purchase(customer, title, "rent").await.expect(201);
    stage.price(title, &json!([title_price(None, "rent", 599, "EUR")])).await.expect(200);
    let again = stage.purchase(customer, title, "rent").await.expect(201);
    assert_eq!((id(&again), &again["purchase"]["amount"]["amount"]), (id(&begun), &json!(399)));
    stage.pay(&again).await;
    stage.price(title, &json!([])).await.expect(200);
    assert_eq!(seen("DE").await, Vec::<(Value, Value)>::new());
    stage.purchase(Customer::new(), title, "rent").await.expect_problem(422, "invalid_request");
    assert_eq!(member(&stage.purchases(customer).await, "status"), ["active"]);
    stage.check_books().await;
}

#[tokio::test]
async fn prices_that_make_no_sense_are_refused_with_their_places() {
    let stage = Stage::start().await;
    let title: TitleId = stage.world.id();
    stage.price(title, &json!([])).await.expect_problem(404, "not_found");
    stage.tell_title(title, 1, &open()).await;
    for amount in [json!(0), json!(-5), json!(10_000_000_001i64), json!(i64::MAX)] {
        let price = json!([{"kind": "rent", "amount": {"amount": amount, "currency": "EUR"}, "tax_basis_points": 0}]);
        let problem = stage.price(title, &price).await.expect_problem(422, "invalid_request");
        assert_eq!(problem["errors"][0]["pointer"], "/prices/0/amount/amount");
    }
    for amount in [json!(9_223_372_036_854_775_808u64), json!(9.99), json!("999")] {
        let price = json!([{"kind": "rent", "amount": {"amount": amount, "currency": "EUR"}, "tax_basis_points": 0}]);
        stage.price(title, &price).await.expect_problem(422, "invalid_request");
    }
    let mixed = json!([title_price(None, "rent", 399, "EUR"), title_price(None, "buy", 999, "USD")]);
    let problem = stage.price(title, &mixed).await.expect_problem(422, "invalid_request");
    assert_eq!(problem["errors"][0]["pointer"], "/prices/1/amount/currency");
    let twice = json!([title_price(None, "rent", 399, "EUR"), title_price(None, "rent", 499, "EUR")]);
    stage.price(title, &twice).await.expect_problem(422, "invalid_request");
    let series: TitleId = stage.world.id();
    let told = TitleChanged {
        title_id: series.to_string(),
        kind: "series".into(),
        publication: "published".into(),
        ..TitleChanged::default()
    };
    stage.tell_title_as(&told, 1).await;
    stage
        .price(series, &json!([title_price(None, "rent", 399, "EUR")]))
        .await
        .expect_problem(409, "not_sold_by_itself");
    assert_eq!(stage.number("select count(*) from title_prices").await, 0);
}

#[tokio::test]
async fn whoever_could_not_watch_it_cannot_buy_it() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let customer = Customer::new();
    let body = json!({"title_id": title, "kind": "rent"});
    let child = stage.viewer(customer).max_rating(6);
    stage.app.post("/v1/purchases", &body).token(&child).send().await.expect_problem(403, "rating_too_high");
    let nobody = stage.token(customer);
    stage.app.post("/v1/purchases", &body).token(&nobody).send().await.expect_problem(403, "profile_required");
    stage.app.get(&format!("/v1/titles/{title}/prices")).token(&child).send().await.expect_problem(404, "not_found");
    let french = Window { territories: vec!["FR".parse().unwrap()], plans: vec![], from: None, until: None };
    for (sequence, rules, status, code) in [
        (2, TitleRules { windows: vec![french], ..open() }, 451, "territory_not_allowed"),
        (3, TitleRules { has_asset: false, ..open() }, 409, "not_playable_yet"),
        (4, TitleRules { publication: Publication::Withdrawn, ..open() }, 410, "title_withdrawn"),
        (5, TitleRules { publication: Publication::Draft, ..open() }, 404, "not_found"),
    ] {
        stage.tell_title(title, sequence, &rules).await;
        stage.purchase(customer, title, "rent").await.expect_problem(status, code);
    }
    // What is told late does not bring an older state back.
    stage.tell_title(title, 1, &open()).await;
    stage.purchase(customer, title, "rent").await.expect_problem(404, "not_found");
    stage.purchase(customer, TitleId::derived("none"), "rent").await.expect_problem(404, "not_found");
    for body in [
        json!({}),
        json!({"title_id": title}),
        json!({"title_id": title, "kind": "lease"}),
        json!({"title_id": "film", "kind": "rent"}),
        json!({"title_id": title, "kind": "rent", "amount": 1}),
    ] {
        let answer = stage.app.post("/v1/purchases", &body).token(&stage.viewer(customer)).send().await;
        answer.expect_problem(422, "invalid_request");
    }
    assert_eq!(stage.number("select count(*) from purchases").await, 0);
    assert_eq!(stage.bank.calls(), 0);
}

#[tokio::test]
async fn nobody_sees_what_somebody_else_has() {
    let stage = Stage::start().await;
    let title = stage.film(399, 999).await;
    let (customer, _) = paid(&stage, title, "buy").await;
    assert_eq!(stage.purchases(customer).await.len(), 1);
    assert_eq!(stage.purchases(Customer::new()).await, Vec::<Value>::new());
    stage.app.get("/v1/purchases").send().await.expect_problem(401, "token_required");
}
