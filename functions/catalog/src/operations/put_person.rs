//! `PUT /v1/admin/persons/{id}`: what somebody of the credits is called, and what there is to say about them.

use cinema_http::{Editor, HeaderName, IfMatch, Json, Path, Problem, State, header};
use kernel::PersonId;
use sqlx::PgPool;
use stores::postgres;

use crate::{
    person::{EditedPerson, PersonDraft},
    problems::no_such_person,
    store::persons,
};

runtime::wire! { pub(super) struct PutPerson { pool: PgPool } }

/// Replaces what is known about a person. Persons come into being with the credits that name them; credits keep the name that they were given.
#[utoipa::path(
    put, path = "/v1/admin/persons/{id}", tag = "catalog", request_body = PersonDraft,
    params(("id" = PersonId, Path), ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen")),
    responses((status = 200, body = EditedPerson), Problem)
)]
pub(super) async fn put_person(
    State(PutPerson { pool }): State<PutPerson>,
    Editor(_editor): Editor,
    Path(id): Path<PersonId>,
    if_match: IfMatch,
    Json(draft): Json<PersonDraft>,
) -> Result<([(HeaderName, String); 1], Json<EditedPerson>), Problem> {
    let about = draft.checked()?;
    let person = postgres::transact(&pool, async |tx| {
        let before = persons::lock(tx, id).await?.ok_or_else(no_such_person)?;
        if_match.check(&etag(before.version))?;
        if before.about == about {
            return Ok(before);
        }
        let after = EditedPerson { id, version: before.version + 1, about: about.clone() };
        persons::update(tx, &after).await?;
        Ok::<_, Problem>(after)
    })
    .await?;
    Ok(([(header::ETAG, etag(person.version))], Json(person)))
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}
