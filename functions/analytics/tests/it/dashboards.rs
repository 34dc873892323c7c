//! What the dashboards ask of the tables of analytics, as Grafana sends it: every query runs, finds what there is, and says what the API says.

use events::Event;
use kernel::{PaymentId, SubscriptionId, TitleId, World};
use proto::types;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::fixture::{Fixture, Session};

const CLICKHOUSE: &str = "grafana-clickhouse-datasource";
const STEP_SECONDS: u32 = 600;

struct Query {
    dashboard: String,
    panel: String,
    sql: String,
}

/// Every query of every dashboard that goes to ClickHouse.
fn queries() -> Vec<Query> {
    let folder = testkit::root().join("observability/grafana/dashboards");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for panel in dashboard["panels"].as_array().unwrap() {
            let targets = panel["targets"].as_array().unwrap();
            for target in targets.iter().filter(|target| target["datasource"]["type"] == CLICKHOUSE) {
                found.push(Query {
                    dashboard: name.clone(),
                    panel: panel["title"].as_str().unwrap().to_owned(),
                    sql: target["rawSql"].as_str().unwrap().to_owned(),
                });
            }
        }
    }
    found
}

/// The query with what the plugin puts in place of its macros. It takes the first parentheses after a name for arguments, wherever they are, and splits
/// those at commas.
fn filled(sql: &str, from: OffsetDateTime, until: OffsetDateTime) -> String {
    let moment = |at: OffsetDateTime| format!("toDateTime({})", at.unix_timestamp());
    let mut filled = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once("$__") {
        let end = after.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        filled += before;
        rest = match name {
            "fromTime" | "toTime" => {
                let bracket = after.chars().find(|letter| ['(', ')'].contains(letter));
                assert_ne!(bracket, Some('('), "{name} takes what follows for its arguments: {sql}");
                filled += &moment(if name == "fromTime" { from } else { until });
                after
            }
            "timeInterval" => {
                let (column, after) = after[1..].split_once(')').unwrap();
                assert!(column.chars().all(|letter| letter.is_alphanumeric() || letter == '_'), "{column}: {sql}");
                filled += &format!("toStartOfInterval(toDateTime({column}), INTERVAL {STEP_SECONDS} second)");
                after
            }
            _ => panic!("the macro {name} is unknown here: {sql}"),
        };
    }
    filled + rest
}

/// The rows of an answer, by the names of their columns.
async fn rows(fixture: &Fixture, sql: &str) -> Result<Vec<Value>, clickhouse::error::Error> {
    // A question mark would be a parameter.
    let query = fixture.client.query(&sql.replace('?', "??"));
    let mut answer = query.with_setting("output_format_json_quote_64bit_integers", "0").fetch_bytes("JSONEachRow")?;
    let answer = String::from_utf8(answer.collect().await?.to_vec()).unwrap();
    Ok(answer.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn payment(
    id: PaymentId,
    sequence: i64,
    at: OffsetDateTime,
    status: &str,
    (refunded, refunded_tax): (i64, i64),
) -> Event {
    let data = json!({"payment_id": id, "account_id": World::system().id::<kernel::AccountId>(),
        "invoice_id": World::system().id::<kernel::InvoiceId>(), "status": status, "amount": 1190, "tax": 190, "refunded": refunded,
        "refunded_tax": refunded_tax, "currency": "EUR"});
    Event { time: at, ..Event::new(&World::system(), types::PAYMENT_CHANGED, id, sequence, &data) }
}

fn subscription(id: SubscriptionId, sequence: i64, at: OffsetDateTime, status: &str, amount: i64) -> Event {
    let until = (World::system().now() + Duration::days(60)).format(&Rfc3339).unwrap();
    let data = json!({"subscription_id": id, "account_id": World::system().id::<kernel::AccountId>(), "status": status,
        "plan": "standard", "max_streams": 2, "max_height": 1080, "valid_to": until, "grace_to": until, "amount": amount,
        "tax": amount * 19 / 119, "currency": "EUR", "period": "month"});
    Event { time: at, ..Event::new(&World::system(), types::SUBSCRIPTION_CHANGED, id, sequence, &data) }
}

/// One stays, one leaves, one pays after a trial; of three payments one fails and one goes back by half.
fn money(month: OffsetDateTime) -> Vec<Event> {
    let (stays, leaves, tries) = (World::system().id(), World::system().id(), World::system().id());
    let (kept, half, failed) = (World::system().id(), World::system().id(), World::system().id());
    let day = |day: i64| month + Duration::days(day);
    vec![
        subscription(stays, 1, day(-20), "active", 1190),
        subscription(leaves, 1, day(-20), "active", 2380),
        subscription(leaves, 2, day(10), "ended", 2380),
        subscription(tries, 1, day(2), "trialing", 0),
        subscription(tries, 2, day(9), "active", 1190),
        payment(kept, 1, day(5), "succeeded", (0, 0)),
        payment(half, 1, day(5), "succeeded", (0, 0)),
        payment(half, 2, day(8), "succeeded", (595, 95)),
        payment(failed, 1, day(6), "failed", (0, 0)),
    ]
}

/// Of a title: a session that stalls, one that breaks, one that does not start, one that is given up, one of which nothing is told.
fn sessions(title: TitleId, now: OffsetDateTime) -> Vec<Event> {
    let session = |minutes: i64| Session::new(title, World::system().id(), now - Duration::minutes(minutes));
    let (stalls, breaks, refused, given_up, silent) =
        (session(150), session(140), session(130), session(120), session(110));
    let state = json!({"title_id": title, "kind": "film", "publication": "published", "original_title": "The Film",
        "localisations": [{"locale": "en-GB", "name": "The Film"}]});
    let mut told = vec![
        Event::new(&World::system(), types::TITLE_CHANGED, title, 1, &state),
        stalls.sample("startup", 1.0, 1.0),
        stalls.sample("rebuffer", 25.0, 4.0),
        breaks.sample("startup", 3.0, 3.0),
        breaks.sample("error", 13.0, 0.0),
        refused.sample("start_failure", 2.0, 0.0),
        given_up.sample("exit_before_start", 9.0, 9.0),
    ];
    for (session, watched) in [(&stalls, 590.0), (&breaks, 10.0), (&refused, 0.0), (&given_up, 0.0), (&silent, 0.0)] {
        told.push(session.event(types::PLAYBACK_STARTED, 1, 0.0));
        told.push(session.event(types::PLAYBACK_STOPPED, 2, watched));
    }
    told
}

#[tokio::test]
async fn every_query_of_the_dashboards_finds_what_the_api_says() {
    let fixture = Fixture::start().await;
    let now = World::system().now();
    let this_month = now.replace_day(1).unwrap().replace_time(time::Time::MIDNIGHT);
    let month = (this_month - Duration::DAY).replace_day(1).unwrap();
    let title = World::system().id();
    let mut told = [sessions(title, now), money(month)].concat();
    // Copies change nothing.
    told.extend(told.clone());
    fixture.ingest_all(now, told).await;
    fixture.roll_up(now).await;
    fixture.roll_up_day(now).await;
    assert_eq!(fixture.evaluate_alerts(now).await, events::Outcome::Done);

    let queries = queries();
    assert!(queries.len() > 20, "the queries are not found any more: {}", queries.len());
    let mut faults = Vec::new();
    let mut answers = std::collections::BTreeMap::new();
    for Query { dashboard, panel, sql } in queries {
        match rows(&fixture, &filled(&sql, month, now)).await {
            Ok(rows) if rows.is_empty() => faults.push(format!("{dashboard}: {panel}: finds nothing")),
            Ok(rows) => drop(answers.insert((dashboard, panel), rows)),
            Err(error) => faults.push(format!("{dashboard}: {panel}: {error}")),
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));

    let answer = |dashboard: &str, panel: &str| answers[&(dashboard.to_owned(), panel.to_owned())].clone();
    let revenue = format!("/v1/analytics/revenue?month={:04}-{:02}", month.year(), u8::from(month.month()));
    let said = &fixture.ask("support", &revenue).await["currencies"][0];
    let of_month = |panel: &str| {
        let name = format!("{:04}-{:02}", month.year(), u8::from(month.month()));
        answer("billing", panel).into_iter().find(|row| row["calendar_month"] == name.as_str()).unwrap()
    };
    let told = of_month("Months");
    for (ours, theirs) in [
        ("at_start", "subscribers_at_start"),
        ("at_end", "subscribers_at_end"),
        ("joined", "new_subscribers"),
        ("left", "churned_subscribers"),
        ("churn", "churn"),
        ("mrr_at_start", "mrr_at_start"),
        ("mrr_at_end", "mrr_at_end"),
        ("arpu", "arpu"),
    ] {
        assert_eq!(told[ours].as_f64(), said[theirs].as_f64(), "{ours}: {told} {said}");
    }
    let net = of_month("Net revenue by month");
    assert_eq!((&net["received"], &net["given_back"]), (&said["received"], &said["given_back"]));
    let trials = of_month("Trials by month");
    assert_eq!((&trials["trials"], &trials["converted"]), (&said["trials"], &said["converted_trials"]));
    assert_eq!(answer("billing", "MRR").last().unwrap()["mrr"].as_f64(), Some(2000.0));

    let said = &fixture.ask("editor", "/v1/analytics/quality?group_by=title").await["groups"][0];
    let told = &answer("playback", "By title")[0];
    assert_eq!((&told["title"], &told["title_id"]), (&json!("The Film"), &said["key"]));
    for name in ["attempts", "plays", "start_failures", "playback_failures", "rebuffers", "rebuffer_ratio"] {
        assert_eq!(told[name].as_f64(), said[name].as_f64(), "{name}: {told} {said}");
    }
    let hours = answer("playback", "Sessions by hour");
    let sum = |name: &str| hours.iter().map(|row| row[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!(json!(sum("exits_before_start")), said["exits_before_start"]);
    assert_eq!(json!(sum("unreported")), said["unreported"]);
    assert_eq!(answer("playback", "Start-up time, p95")[0]["p95"], said["startup_ms"]["p95"]);
    assert_eq!(answer("playback", "Sessions that live").last().unwrap()["live"], json!(0));
    fixture.end().await;
}

#[test]
fn macros_are_filled_as_the_plugin_does() {
    let (from, until) = (OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH + Duration::MINUTE);
    let sql = "SELECT $__timeInterval(at) AS time FROM x WHERE at >= $__fromTime AND at <= $__toTime - 1";
    let expected = "SELECT toStartOfInterval(toDateTime(at), INTERVAL 600 second) AS time FROM x WHERE at >= toDateTime(0) AND at <= toDateTime(60) - 1";
    assert_eq!(filled(sql, from, until), expected);
}

#[test]
#[should_panic(expected = "takes what follows")]
fn a_macro_does_not_stand_before_parentheses() {
    filled("SELECT least($__toTime, now())", OffsetDateTime::UNIX_EPOCH, OffsetDateTime::UNIX_EPOCH);
}
