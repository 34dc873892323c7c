//! `POST /v1/admin/templates/{key}/preview`: a mail in words that are not kept, as it would be read. Nothing is sent.

use cinema_http::{Editor, Json, Path, Problem, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    edited::Preview,
    language::Language,
    problems::{faulty_wording, misfitting_values, no_such_template, unreadable_wording},
    wording::{Body, Subject, Variables, Wording, cleaned_values, sample},
};

runtime::wire! { pub(super) struct PreviewTemplate {} }

/// Words, and with which values.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PreviewTemplateRequest {
    language: Language,
    /// As for `PUT`.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    subject: Subject,
    /// As for `PUT`.
    #[schema(value_type = String, min_length = 1, max_length = 10000)]
    body: Body,
    /// All variables of the mail by name. Absent: examples.
    #[schema(value_type = Option<Object>)]
    variables: Option<Map<String, Value>>,
}

/// Shows a mail in the words of the request.
///
/// 422 as for `PUT`, and for each variable that is missing, of another kind, or not of this mail.
#[utoipa::path(
    post, path = "/v1/admin/templates/{key}/preview", tag = "notification", request_body = PreviewTemplateRequest,
    params(("key" = String, Path, description = "The name of a mail: `welcome`, `payment_failed`…")),
    responses((status = 200, body = Preview), Problem)
)]
pub(super) async fn preview_template(
    State(PreviewTemplate {}): State<PreviewTemplate>,
    Editor(_editor): Editor,
    Path(key): Path<String>,
    Json(request): Json<PreviewTemplateRequest>,
) -> Result<Json<Preview>, Problem> {
    let template = sample(&key).ok_or_else(no_such_template)?;
    let PreviewTemplateRequest { language, subject, body, variables } = request;
    let wording = Wording { subject, body };
    faulty_wording(wording.faults(&template))?;
    let content = match variables {
        Some(values) => {
            misfitting_values(Variables::of_sample(&template).misfits(&values))?;
            wording.with_values(&cleaned_values(values), language)
        }
        None => wording.content(&template, &language.reader()),
    };
    Ok(Json(content.map_err(unreadable_wording)?.into()))
}
