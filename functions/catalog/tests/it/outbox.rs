use events::{Consumer, Deadline, Outcome};
use kernel::World;
use runtime::Tick;
use testkit::Service;

use crate::studio::{Studio, draft, id_of};

/// The stream is down after the commit: the change stands, and the relay tells it later, once.
#[tokio::test]
async fn what_a_crash_leaves_behind_is_published_by_the_relay() {
    let service = Service::start("catalog").await;
    let stream = service.var("STREAM_DOMAIN_EVENTS");
    let service = service.with("STREAM_DOMAIN_EVENTS", "no-such-stream");
    let app = service.app(catalog::operations::routes);
    let studio = Studio { service, app, editor: testkit::Token::role("editor") };
    let id = id_of(&studio.create(&draft("Left behind")).await);
    let pool = studio.service.pool();
    let left = || sqlx::query_scalar::<_, i64>("select count(*) from outbox").fetch_one(&pool);
    assert_eq!(left().await.unwrap(), 1);
    sqlx::query("update outbox set created_at = created_at - interval '1 minute'").execute(&pool).await.unwrap();
    let tick = || async {
        let relay = catalog::operations::consumers::relay_outbox(&studio.service.boot()).unwrap();
        relay.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await
    };
    assert!(matches!(tick().await, Outcome::Retry(_)), "the stream is still down");
    assert_eq!(left().await.unwrap(), 1);
    let service = studio.service.with("STREAM_DOMAIN_EVENTS", &stream);
    let relay = catalog::operations::consumers::relay_outbox(&service.boot()).unwrap();
    for _ in 0..2 {
        assert_eq!(relay.consume(Tick { time: None }, &Deadline::unlimited(World::system())).await, Outcome::Done);
    }
    assert_eq!(service.events("domain-events", &id, 1).await.len(), 1);
    assert_eq!(left().await.unwrap(), 0);
}
