//! `POST /v1/admin/titles`: a new draft title. ◆

use cinema_http::{
    Editor, IdempotencyKey, Json, OpenApiRouter, Problem, Response, State, StatusCode, idempotency::Begun, routes,
};
use runtime::{Boot, BootError};

use crate::{draft::Draft, edited::EditedTitle, store::Writer};

/// Creates a draft. A slug is derived from the name when none is given; persons of the credits are found by name or added.
#[utoipa::path(
    post, path = "/v1/admin/titles", tag = "catalog", security(("editor" = [])),
    request_body = Draft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Creates once, however often it is sent")),
    responses((status = 201, body = EditedTitle), Problem)
)]
async fn create_title(
    State(titles): State<Writer>,
    Editor(editor): Editor,
    key: IdempotencyKey,
    Json(draft): Json<Draft>,
) -> Result<Response, Problem> {
    let (world, actor) = (titles.world(), editor.id.to_string());
    let draft = draft.checked()?;
    let mut transaction = titles.begin().await?;
    let route = (&actor, "POST /v1/admin/titles");
    let ticket = match key.begin(&mut transaction, route, &draft, world.now()).await? {
        Begun::Replay(response) => {
            // Not left to the drop: until then the key would still be in flight for whoever comes next.
            transaction.rollback().await?;
            return Ok(response);
        }
        Begun::Fresh(ticket) => ticket,
    };
    let (title, posted) = titles.create(&mut transaction, world.id(), draft, &[], &actor).await?;
    let created = EditedTitle::of(&title, world.now());
    ticket.finish(&mut transaction, StatusCode::CREATED, &created).await?;
    titles.commit(transaction, posted).await?;
    Ok(created.answer(StatusCode::CREATED))
}

/// Wires the operation.
///
/// # Errors
/// When a variable is missing.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    Ok(OpenApiRouter::new().routes(routes!(create_title)).with_state(Writer::new(boot)?))
}
