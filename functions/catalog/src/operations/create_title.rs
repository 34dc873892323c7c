//! `POST /v1/admin/titles`: a new draft title. ◆

use cinema_http::{Editor, IdempotencyKey, IntoResponse, Json, Problem, State, StatusCode, header};
use events::Outbox;
use kernel::World;
use runtime::PublicUrl;

use crate::{
    change::{self, Author},
    draft::Draft,
    edited::EditedTitle,
};

runtime::wire! { pub(super) struct CreateTitle { outbox: Outbox, world: World, public_url: PublicUrl } }

/// The ETag of a title in its first version.
const FIRST_VERSION: &str = "\"1\"";

/// Creates a draft. A slug is derived from the name when none is given; persons of the credits are found by name or added.
#[utoipa::path(
    post, path = "/v1/admin/titles", tag = "catalog", request_body = Draft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Creates once, however often it is sent")),
    responses((status = 201, body = EditedTitle), Problem)
)]
pub(super) async fn create_title(
    State(CreateTitle { outbox, world, public_url }): State<CreateTitle>,
    Editor(editor): Editor,
    key: IdempotencyKey,
    Json(draft): Json<Draft>,
) -> Result<impl IntoResponse, Problem> {
    let (draft, now) = (draft.checked()?, world.now());
    let author = Author { world: &world, actor: &editor.id.to_string() };
    let answer = outbox
        .transact(async |tx| {
            key.once(tx, editor.id, &draft, now, async |tx| {
                let title = change::create(tx, &author, world.id(), draft.clone()).await?;
                Ok((StatusCode::CREATED, EditedTitle::of(&title, now, &public_url)))
            })
            .await
        })
        .await?;
    Ok(([(header::ETAG, FIRST_VERSION)], answer))
}
