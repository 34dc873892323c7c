//! `GET /v1/persons/{id}`: somebody of the credits with what this caller may see of their work.

use cinema_http::{Audience, Cached, Path, Problem, State};
use kernel::{PersonId, World};
use runtime::PublicUrl;
use sqlx::PgPool;

use super::{get_title::MAX_AGE, list_titles::card};
use crate::{
    person::{Person, Work},
    problems::no_such_person,
    store::{
        cards::{self, WorkRow},
        persons,
    },
};

runtime::wire! { pub(super) struct GetPerson { pool: PgPool, world: World, public_url: PublicUrl } }

/// Whoever worked only on what the caller may not see does not exist for them.
#[utoipa::path(
    get, path = "/v1/persons/{id}", tag = "catalog", params(("id" = PersonId, Path)),
    responses((status = 200, body = Person), (status = 304, description = "Not changed"), Problem)
)]
pub(super) async fn get_person(
    State(GetPerson { pool, world, public_url }): State<GetPerson>,
    audience: Audience,
    Path(id): Path<PersonId>,
) -> Result<Cached<Person>, Problem> {
    let person = persons::find(&pool, id).await?.ok_or_else(no_such_person)?;
    let (now, reader) = (world.now(), &audience.languages);
    let rows = cards::of_person(&pool, id, (&audience.policy, reader), now).await?;
    if rows.is_empty() {
        return Err(no_such_person());
    }
    let work = |row: WorkRow| Work { title: card(row.card, &audience.policy, now, &public_url), parts: row.parts };
    let filmography = rows.into_iter().map(work).collect();
    Ok(audience.cache(Person::of(person, filmography, reader), MAX_AGE))
}
