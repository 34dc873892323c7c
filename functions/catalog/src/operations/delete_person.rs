//! `DELETE /v1/admin/persons/{id}`: a person whom no title names goes.

use cinema_http::{Editor, Path, Problem, State, StatusCode};
use kernel::PersonId;
use sqlx::PgPool;
use stores::postgres;

use crate::{problems::in_use, store::persons};

runtime::wire! { pub(super) struct DeletePerson { pool: PgPool } }

/// Whoever is named in the credits of a title, in whatever state, stays. Repeating it changes nothing.
#[utoipa::path(
    delete, path = "/v1/admin/persons/{id}", tag = "catalog", params(("id" = PersonId, Path)),
    responses((status = 204, description = "There is no such person"), Problem)
)]
pub(super) async fn delete_person(
    State(DeletePerson { pool }): State<DeletePerson>,
    Editor(_editor): Editor,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    postgres::transact(&pool, async |tx| {
        let is_there = persons::lock(tx, id).await?.is_some();
        if is_there && persons::is_used(tx, id).await? {
            return Err(in_use("person"));
        }
        persons::delete(tx, id).await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
