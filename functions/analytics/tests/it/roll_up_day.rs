use kernel::World;
use time::{Duration, macros::datetime};

use crate::fixture::{Fixture, Session};

/// A run leaves out its own day. It began late, and the next one that ended was days later.
#[tokio::test]
async fn a_day_on_which_a_run_was_late_is_counted_by_the_next() {
    let fixture = Fixture::start().await;
    let world = World::system();
    let day = datetime!(2026-03-05 00:00 UTC);
    let at = day + Duration::hours(2);
    fixture.ingest_all(at, Session::new(world.id(), world.id(), at).events(&[40.0])).await;
    fixture.roll_up_day(day + Duration::hours(6)).await;
    assert!(fixture.days().await.is_empty(), "the day is not over");
    fixture.roll_up_day(day + Duration::days(4)).await;
    assert_eq!(fixture.days().await.len(), 1);
    fixture.end().await;
}
