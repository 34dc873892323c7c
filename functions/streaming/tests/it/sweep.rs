//! What nobody reports of any more is closed by the minute.

use events::{Consumer, Outcome};
use proto::types;
use runtime::{Boot, Tick};
use serde_json::json;
use stores::{
    Table,
    table::{Item, Key, Query, Write},
};

use crate::{
    fixture::{Fixture, id, unlimited},
    relay::{Witness, relay},
};

async fn sweep_with(boot: &Boot) -> Outcome {
    streaming::operations::consumers::sweep_leases(boot).unwrap().consume(Tick { time: None }, &unlimited()).await
}

async fn sweep(fixture: &Fixture) -> Outcome {
    sweep_with(&fixture.service.boot().with_world(fixture.world.clone())).await
}

fn table(fixture: &Fixture) -> Table {
    Table::new(fixture.service.aws(), fixture.service.var("TABLE_PLAYBACK"))
}

/// How many sessions the index holds, due or not.
async fn indexed(fixture: &Fixture) -> u64 {
    let table = table(fixture);
    let mut count = 0;
    for shard in 0..8 {
        count +=
            table.count(Query::index("due", "due_shard", format!("live#{shard}")).above("due_at", "0")).await.unwrap();
    }
    count
}

#[tokio::test]
async fn silent_sessions_are_closed_with_one_event_and_live_ones_play_on() {
    let fixture = Fixture::alone().await;
    let (film, person) = (fixture.film().await, fixture.person(20, 1080).await);
    let mut silent = Vec::new();
    for device in 0..12 {
        let session = id(&fixture.start(&person, &film, &format!("device-{device}")).await);
        silent.push(Witness::new(&fixture, session).await);
    }
    let live = id(&fixture.start(&person, &film, "tv").await);
    let report = json!({ "position": 20.0, "state": "playing" });
    fixture.seconds(60);
    fixture.beat(&person, &live, &report).await.expect(200);
    assert_eq!(sweep(&fixture).await, Outcome::Done);
    assert_eq!(indexed(&fixture).await, 13, "nobody is late");
    fixture.seconds(30);
    for _ in 0..2 {
        assert_eq!(sweep(&fixture).await, Outcome::Done);
        assert_eq!(indexed(&fixture).await, 1);
        for witness in &mut silent {
            witness.look().await;
        }
    }
    fixture.beat(&person, &live, &report).await.expect(200);
    fixture.beat(&person, &silent[0].session, &report).await.expect_problem(410, "session_expired");
    let list = fixture.app.get("/v1/playback/active").token(&person.token()).send().await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    // What the sweeper has closed is no news when the table removes it.
    for witness in &mut silent {
        witness.record(None);
        relay(&fixture, &witness.records).await;
        let told = fixture.service.events("playback-events", &witness.session, 2).await;
        let kinds: Vec<_> = told.iter().map(|event| (event.kind.as_str(), event.sequence)).collect();
        assert_eq!(kinds, [(types::PLAYBACK_STARTED, 1), (types::PLAYBACK_EXPIRED, 2)]);
        assert_eq!((told[1].time - told[0].time).whole_seconds(), 90, "it ended with its lease");
        assert_eq!(told[1].data["reason"], "expired");
    }
}

#[tokio::test]
async fn whoever_notes_the_end_at_the_same_time_notes_the_same_and_once() {
    let fixture = Fixture::alone().await;
    let film = fixture.film().await;
    for round in 0..6 {
        let person = fixture.person(1, 1080).await;
        let session = id(&fixture.start(&person, &film, "tv").await);
        let mut witness = Witness::new(&fixture, session.clone()).await;
        fixture.seconds(90);
        let report = json!({ "position": 20.0, "state": "playing" });
        let path = format!("/v1/playback/active/{session}");
        let kick = fixture.app.delete(&path).token(&person.token()).send();
        let device = if round % 2 == 0 { "tv" } else { "phone" };
        let (one, two, beat, kicked, started) = futures::join!(
            sweep(&fixture),
            sweep(&fixture),
            fixture.beat(&person, &session, &report),
            kick,
            fixture.start(&person, &film, device)
        );
        assert_eq!((one, two, kicked.status.as_u16()), (Outcome::Done, Outcome::Done, 204));
        beat.expect_problem(410, "session_expired");
        witness.look().await;
        relay(&fixture, &witness.records).await;
        let told = fixture.service.events("playback-events", &session, 2).await;
        assert_eq!((told[1].kind.as_str(), told[1].sequence), (types::PLAYBACK_EXPIRED, 2));
        assert_eq!(fixture.beat(&person, &id(&started), &report).await.expect(200)["action"], "continue");
    }
}

#[tokio::test]
async fn a_bad_item_keeps_nobody_waiting_and_a_table_that_is_down_comes_again() {
    let fixture = Fixture::alone().await;
    let (film, person) = (fixture.film().await, fixture.person(8, 1080).await);
    let mut sessions = Vec::new();
    for device in 0..8 {
        sessions.push(id(&fixture.start(&person, &film, &format!("device-{device}")).await));
    }
    let table = table(&fixture);
    for shard in 0..8 {
        let item = Item::new(&Key::new(format!("session#{shard}"), "session"), &json!({ "state": "odd" })).unwrap();
        let item = item.with("due_shard", format!("live#{shard}")).with("due_at", format!("{:015}", 1));
        table.write(Write::put(item)).await.unwrap();
    }
    fixture.seconds(90);
    assert!(matches!(sweep(&fixture).await, Outcome::Retry(_)));
    assert_eq!(indexed(&fixture).await, 8, "only the bad ones are left");
    let down = Boot::new(fixture.service.vars().clone().set("TABLE_PLAYBACK", "there-is-none"));
    assert!(matches!(sweep_with(&down).await, Outcome::Retry(_)));
}

#[tokio::test]
async fn without_time_left_it_leaves_the_rest_to_the_next_run() {
    let fixture = Fixture::alone().await;
    let (film, person) = (fixture.film().await, fixture.person(8, 1080).await);
    for device in 0..8 {
        fixture.start(&person, &film, &format!("device-{device}")).await;
    }
    fixture.seconds(90);
    let boot = fixture.service.boot().with_world(fixture.world.clone());
    let deadline = events::Deadline::new(fixture.world.clone(), fixture.world.now() + time::Duration::seconds(4));
    let sweeper = streaming::operations::consumers::sweep_leases(&boot).unwrap();
    assert_eq!(sweeper.consume(Tick { time: None }, &deadline).await, Outcome::Done);
    assert_eq!(indexed(&fixture).await, 8);
    assert_eq!(sweep(&fixture).await, Outcome::Done);
    assert_eq!(indexed(&fixture).await, 0);
}
