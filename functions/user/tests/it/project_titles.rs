use events::{Consumer, Event, Outcome};
use kernel::{TitleId, World};
use proto::{catalog::TitleChanged, types};
use serde_json::json;

use crate::{
    home::{Home, unlimited},
    library::film,
};

#[tokio::test]
async fn copies_and_order_do_not_matter() {
    let home = Home::start().await;
    for round in 0..24 {
        let (world, _) = World::replay(World::system().now(), round);
        let base = film("Film");
        let mut told: Vec<(i64, TitleChanged)> = (1..=5)
            .map(|sequence| {
                let publication = ["draft", "published", "withdrawn"][world.below(3) as usize].to_owned();
                let (slug, deleted) = (format!("film-{sequence}"), world.below(4) == 0);
                (sequence, TitleChanged { slug, publication, deleted, number: sequence as u32, ..base.clone() })
            })
            .collect();
        let (_, newest) = told[4].clone();
        for _ in 0..world.below(6) {
            told.push(told[world.below(5) as usize].clone());
        }
        for at in (1..told.len()).rev() {
            told.swap(at, world.below(at as u32 + 1) as usize);
        }
        for (sequence, title) in &told {
            assert_eq!(home.tell_title(*sequence, title).await, Outcome::Done);
        }
        let row: (String, String, i32, i64) =
            sqlx::query_as("select slug, publication, number, sequence from titles where id = $1")
                .bind(&base.title_id)
                .fetch_one(&home.service.pool())
                .await
                .unwrap();
        let publication = if newest.deleted { "draft".to_owned() } else { newest.publication };
        assert_eq!(row, (newest.slug, publication, 5, 5), "round {round}");
    }
}

#[tokio::test]
async fn what_is_no_title_is_poison_and_a_database_that_is_down_is_not() {
    let home = Home::start().await;
    let consumer = user::operations::consumers::project_titles(&home.service.boot()).unwrap();
    for (member, value) in [("title_id", json!("nothing")), ("kind", json!("song")), ("publication", json!("hidden"))] {
        let title = film("Film");
        let id: TitleId = title.title_id.parse().unwrap();
        let mut event = Event::new(&World::system(), types::TITLE_CHANGED, id, 1, &title);
        event.data[member] = value;
        assert!(matches!(consumer.consume(event, &unlimited()).await, Outcome::Poison(_)), "{member}");
    }
    let service = home.service.with("POSTGRES_URL", "postgres://nobody@127.0.0.1:1/nothing");
    let home = Home { service, ..home };
    assert!(matches!(home.tell_title(1, &film("Film")).await, Outcome::Retry(_)));
}
