//! Exactly one delivery for a fact, an account and a channel, whatever is repeated, reordered or broken off in the middle.

use std::{future::Future, pin::pin, task::Poll};

use events::{Event, Outcome};
use kernel::World;
use serde_json::Value;
use time::Duration;

use crate::{
    house::{House, Person},
    provider::Provider,
};

/// Lets some work be polled so often and drops it then, as a crash does; `None`: it did not get to its end.
pub async fn crash_after<T>(polls: u32, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut left = polls;
    std::future::poll_fn(|context| match (work.as_mut().poll(context), left) {
        (Poll::Ready(done), _) => Poll::Ready(Some(done)),
        (Poll::Pending, 0) => Poll::Ready(None),
        (Poll::Pending, _) => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// The provider has taken what left a client that is gone.
async fn settle() {
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
}

#[tokio::test]
async fn an_event_that_is_broken_off_anywhere_is_told_once() {
    let house = House::start().await;
    let mut crashed = 0;
    for polls in 0..40 {
        let person = Person::new();
        let event = person.verified(1, &person.email());
        if crash_after(polls, house.route(event.clone())).await.is_none() {
            crashed += 1;
        }
        for _ in 0..2 {
            assert_eq!(house.route(event.clone()).await, Outcome::Done);
        }
        assert_eq!(house.kinds(&person).await, ["welcome"], "after {polls} polls");
        assert_eq!(house.deliveries(&person).await, [("welcome".to_owned(), "queued".to_owned())]);
    }
    assert!(crashed > 5, "{crashed} of 40 crashed");
}

/// Breaks the sending of a job off after each number of polls. How often it was taken, and its end.
async fn broken_off(event: impl Fn(&Person) -> Event) -> Vec<(u32, bool, usize, String)> {
    let (provider, house) = Provider::serve(House::start().await);
    let (world, clock) = World::replay(World::system().now(), 1);
    let mut seen = Vec::new();
    // How many polls the whole takes depends on the engine's answers.
    for polls in 0..200 {
        let person = Person::new();
        assert_eq!(house.route(person.verified(1, &person.email())).await, Outcome::Done);
        assert_eq!(house.route(event(&person)).await, Outcome::Done);
        let job = house.jobs(&person).await.pop().unwrap();
        let has_crashed = crash_after(polls, house.send(&world, &job)).await.is_none();
        settle().await;
        // A copy at once finds it taken, or does the work; one after the lease ends it.
        let _ = house.send(&world, &job).await;
        clock.advance(Duration::seconds(61));
        for _ in 0..2 {
            assert_eq!(house.send(&world, &job).await, Outcome::Done);
        }
        let (_, status) = house.deliveries(&person).await.pop().unwrap();
        seen.push((polls, has_crashed, provider.count(job["message_id"].as_str().unwrap()), status));
        if seen.iter().filter(|(_, has_crashed, ..)| !has_crashed).count() == 3 {
            break;
        }
    }
    let crashes = seen.iter().filter(|(_, has_crashed, ..)| *has_crashed).count();
    assert!(crashes > 5 && crashes < seen.len(), "{crashes} of {} crashed", seen.len());
    for (polls, has_crashed, count, status) in &seen {
        assert!(*has_crashed || *count == 1 && status == "sent", "{polls}: {count} {status}");
    }
    seen
}

#[tokio::test]
async fn a_welcome_whose_sender_crashed_is_never_sent_twice() {
    for (polls, _, count, status) in broken_off(|person| person.verified(1, &person.email())).await {
        match status.as_str() {
            "sent" => assert_eq!(count, 1, "after {polls} polls"),
            "unknown" => assert!(count <= 1, "after {polls} polls"),
            other => panic!("{other} after {polls} polls"),
        }
    }
}

#[tokio::test]
async fn a_warning_whose_sender_crashed_always_comes_and_at_most_once_more() {
    for (polls, _, count, status) in broken_off(Person::reused).await {
        assert!((1..=2).contains(&count) && status == "sent", "{count} {status} after {polls} polls");
    }
}

fn shuffled<T>(world: &World, mut all: Vec<T>) -> Vec<T> {
    for at in (1..all.len()).rev() {
        all.swap(at, world.below(at as u32 + 1) as usize);
    }
    all
}

/// Some of them twice, in any order.
pub fn with_copies<T: Clone>(world: &World, mut all: Vec<T>) -> Vec<T> {
    all.extend(all.clone().into_iter().filter(|_| world.below(2) == 0));
    shuffled(world, all)
}

#[tokio::test]
async fn random_histories_deliver_each_fact_once() {
    let (provider, house) = Provider::serve(House::start().await);
    for seed in 0..12 {
        let (world, clock) = World::replay(World::system().now(), seed);
        let people = [Person::new(), Person::new()];
        let events = people.iter().flat_map(|person| {
            let later = "2030-01-01T00:00:00Z";
            let rental = (world.id(), world.id());
            [
                person.verified(1, &person.email()),
                person.speaks(1, "ru"),
                person.reused(),
                person.export(),
                person.export_is_ready(later),
                person.trial_ends(1, later),
                person.rental_ends(rental, 2, later, false),
                // One state that is told in two messages.
                person.renewed_as(2, "active", "standard", Some(("premium", 1_999))),
            ]
        });
        for event in with_copies(&world, events.collect()) {
            let _ = crash_after(world.below(60), house.route(event.clone())).await;
            assert_eq!(house.route(event).await, Outcome::Done, "seed {seed}");
        }
        let mut jobs: Vec<Value> = Vec::new();
        for person in &people {
            let mut kinds: Vec<String> = house.deliveries(person).await.into_iter().map(|(kind, _)| kind).collect();
            kinds.sort_unstable();
            // A trial that was left meanwhile is not told of.
            kinds.retain(|kind| kind != "trial_ending");
            let expected = [
                "data_export_ready",
                "data_export_requested",
                "plan_change_scheduled",
                "rental_ending",
                "session_revoked",
                "subscription_active",
                "welcome",
            ];
            assert_eq!(kinds, expected, "seed {seed}");
            jobs.extend(house.jobs(person).await);
        }
        let mut crashes = std::collections::BTreeMap::<String, usize>::new();
        for job in with_copies(&world, jobs.clone()) {
            let id = job["message_id"].as_str().unwrap().to_owned();
            if world.below(2) == 0 && crash_after(world.below(40), house.send(&world, &job)).await.is_none() {
                *crashes.entry(id).or_default() += 1;
                settle().await;
            }
            // The queue brings it back until it is done.
            for _ in 0..3 {
                clock.advance(Duration::seconds(61));
                if house.send(&world, &job).await == Outcome::Done {
                    break;
                }
            }
        }
        settle().await;
        for job in &jobs {
            let id = job["message_id"].as_str().unwrap();
            let (count, crashes) = (provider.count(id), crashes.get(id).copied().unwrap_or_default());
            let is_obligatory = job["welcome"].is_null();
            let status: String = sqlx::query_scalar("select status from deliveries where message_id = $1")
                .bind(id)
                .fetch_one(&house.service.pool())
                .await
                .unwrap();
            let expected = match (crashes, is_obligatory) {
                (0, _) => count == 1 && status == "sent",
                (_, true) => (1..=1 + crashes).contains(&count) && status == "sent",
                (_, false) => count <= 1 && (count == 1 && status == "sent" || status == "unknown"),
            };
            assert!(expected, "seed {seed}: {count} × {job}, {status} after {crashes} crashes");
        }
    }
}
