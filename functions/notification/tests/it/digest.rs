//! Once a day, by the person's own clock: one mail instead of several, and never one twice.

use events::Outcome;
use kernel::World;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::{
    crashes::crash_after,
    house::{House, Person},
    leaving::Leaving,
};

const PATH: &str = "/v1/notifications/preferences";

async fn wish(house: &House, person: &Person, change: impl FnOnce(&mut Value)) {
    let mut wishes = house.app.get(PATH).token(&person.token()).send().await.expect(200);
    change(&mut wishes);
    house.app.put(PATH, &wishes).token(&person.token()).send().await.expect(200);
}

/// Three hours from now on a clock in Kathmandu, 5:45 before UTC, to the minute; and that moment.
fn soon() -> (String, OffsetDateTime) {
    let moment = (World::system().now() + Duration::hours(3)).replace_second(0).unwrap().replace_nanosecond(0).unwrap();
    let there = moment + Duration::minutes(345);
    (format!("{:02}:{:02}", there.hour(), there.minute()), moment)
}

/// Tells somebody that titles leave.
async fn tell(house: &House, person: &Person, count: usize) {
    for _ in 0..count {
        let leaving = Leaving::new();
        for event in [leaving.film(), person.lists(leaving.title, (1, true), 3), leaving.announced(7)] {
            assert_eq!(house.announce(event).await, Outcome::Done);
        }
    }
}

async fn count(house: &House, person: &Person, template: &str, status: &str) -> usize {
    let all = house.deliveries(person).await;
    all.iter().filter(|(name, found)| name == template && found == status).count()
}

/// Every mail that was handed out. What a slow engine left in the outbox comes with the relay.
async fn mails(house: &House, world: &World) -> Vec<Value> {
    let waits = "select exists (select from outbox)";
    while sqlx::query_scalar(waits).fetch_one(&house.service.pool()).await.unwrap() {
        assert_eq!(house.relay(world).await, Outcome::Done);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    house.service.take_messages("email").await
}

#[tokio::test]
async fn titles_come_together_at_the_time_of_ones_own_clock() {
    let house = House::start_alone().await;
    let person = house.person().await;
    let (time, moment) = soon();
    wish(&house, &person, |wishes| {
        wishes["time_zone"] = json!("Asia/Kathmandu");
        wishes["digest_at"] = json!(time);
    })
    .await;
    house.service.take_messages("email").await;
    tell(&house, &person, 3).await;
    assert_eq!(count(&house, &person, "title_leaving_soon", "held").await, 3);
    assert_eq!(house.kinds(&person).await.len(), 4, "the inbox has them at once");
    // Neither a minute before nor as the end of quiet hours.
    let (world, clock) = World::replay(moment - Duration::MINUTE, 1);
    for outcome in [house.send_digests(&world).await, house.release(&world).await] {
        assert_eq!(outcome, Outcome::Done);
    }
    clock.advance(Duration::MINUTE);
    assert_eq!(house.release(&world).await, Outcome::Done);
    assert_eq!(count(&house, &person, "title_leaving_soon", "held").await, 3);
    for _ in 0..2 {
        assert_eq!(house.send_digests(&world).await, Outcome::Done);
    }
    assert_eq!(count(&house, &person, "title_leaving_soon", "gathered").await, 3);
    assert_eq!(count(&house, &person, "titles_digest", "queued").await, 1);
    let jobs = mails(&house, &world).await;
    assert_eq!((jobs.len(), jobs[0]["titles_digest"]["leaving"].as_array().unwrap().len()), (1, 3));
    // The next day there is one: a mail as ever.
    tell(&house, &person, 1).await;
    clock.advance(Duration::DAY);
    assert_eq!(house.send_digests(&world).await, Outcome::Done);
    let jobs = mails(&house, &world).await;
    assert_eq!((jobs.len(), jobs[0]["title_leaving_soon"].is_object()), (1, true));
}

#[tokio::test]
async fn what_would_have_left_by_then_does_not_wait() {
    let house = House::start().await;
    let person = house.person().await;
    let (time, moment) = soon();
    wish(&house, &person, |wishes| {
        wishes["time_zone"] = json!("Asia/Kathmandu");
        wishes["digest_at"] = json!(time);
    })
    .await;
    for ends_at in [moment, moment + Duration::MINUTE] {
        let leaving = Leaving { ends_at, ..Leaving::new() };
        for event in [leaving.film(), person.lists(leaving.title, (1, true), 3), leaving.announced(1)] {
            assert_eq!(house.announce(event).await, Outcome::Done);
        }
    }
    for status in ["queued", "held"] {
        assert_eq!(count(&house, &person, "title_leaving_soon", status).await, 1, "{status}");
    }
}

#[tokio::test]
async fn no_crash_and_no_second_run_loses_or_repeats_a_digest() {
    let house = House::start().await;
    let (time, moment) = soon();
    let people: Vec<Person> = (0..12).map(|_| Person::new()).collect();
    for person in &people {
        wish(&house, person, |wishes| {
            wishes["time_zone"] = json!("Asia/Kathmandu");
            wishes["digest_at"] = json!(time);
        })
        .await;
        tell(&house, person, 2).await;
    }
    let (world, _) = World::replay(moment, 2);
    for polls in [3, 9, 14, 21, 30, 47] {
        let _ = crash_after(polls, house.send_digests(&world)).await;
    }
    let runs = futures::future::join_all((0..3).map(|_| house.send_digests(&world))).await;
    assert!(runs.iter().all(|outcome| *outcome == Outcome::Done), "{runs:?}");
    assert_eq!(house.send_digests(&world).await, Outcome::Done);
    for person in &people {
        assert_eq!(count(&house, person, "titles_digest", "queued").await, 1, "{person:?}");
        assert_eq!(count(&house, person, "title_leaving_soon", "gathered").await, 2, "{person:?}");
    }
}

/// What a run that is about to crash, or another one, has taken so far is neither left out nor split.
#[tokio::test]
async fn a_run_that_took_some_does_not_split_what_belongs_together() {
    let house = House::start().await;
    let person = Person::new();
    let (time, moment) = soon();
    wish(&house, &person, |wishes| {
        wishes["time_zone"] = json!("Asia/Kathmandu");
        wishes["digest_at"] = json!(time);
    })
    .await;
    tell(&house, &person, 2).await;
    let (world, _) = World::replay(moment, 4);
    let pool = house.service.pool();
    let mut taken = stores::postgres::begin(&pool).await.unwrap();
    let first = "select message_id from deliveries where account_id = $1 and status = 'held' order by message_id limit 1 for update";
    sqlx::query(first).bind(person.account).fetch_one(&mut *taken).await.unwrap();
    let release = async {
        while waiting(&pool).await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        taken.rollback().await.unwrap();
    };
    let run = async {
        let outcome = house.send_digests(&world).await;
        assert_eq!(count(&house, &person, "titles_digest", "queued").await, 1, "{:?}", house.deliveries(&person).await);
        outcome
    };
    let outcome = tokio::time::timeout(std::time::Duration::from_secs(60), futures::future::join(run, release)).await;
    assert_eq!(outcome.unwrap().0, Outcome::Done);
    assert_eq!(count(&house, &person, "title_leaving_soon", "gathered").await, 2);
}

/// How many sessions of this database wait for a lock.
async fn waiting(pool: &sqlx::PgPool) -> i64 {
    sqlx::query_scalar("select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid where not l.granted and a.datname = current_database()")
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn whoever_is_erased_gets_no_digest_and_what_is_no_time_is_refused() {
    let house = House::start().await;
    let person = house.person().await;
    let (time, moment) = soon();
    wish(&house, &person, |wishes| {
        wishes["time_zone"] = json!("Asia/Kathmandu");
        wishes["digest_at"] = json!(time);
    })
    .await;
    tell(&house, &person, 2).await;
    assert_eq!(house.erase(person.erased()).await, Outcome::Done);
    assert_eq!(house.send_digests(&World::replay(moment, 3).0).await, Outcome::Done);
    assert_eq!(house.deliveries(&person).await, []);
    let other = house.person().await;
    let wishes = house.app.get(PATH).token(&other.token()).send().await.expect(200);
    assert_eq!(wishes["digest_at"], Value::Null);
    for wrong in [json!("24:00"), json!("8:00"), json!(8), json!("")] {
        let mut wishes = wishes.clone();
        wishes["digest_at"] = wrong;
        let answer = house.app.put(PATH, &wishes).token(&other.token()).send().await;
        answer.expect_problem(422, "invalid_request");
    }
}
