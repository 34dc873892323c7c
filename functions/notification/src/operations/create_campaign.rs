//! `POST /v1/admin/campaigns`: what everybody of a segment who agreed to marketing is to be told, and when. ◆

use cinema_http::{Editor, IdempotencyKey, Json, Problem, Proven, Response, State, StatusCode, knows_sessions};
use events::{EndedSessions, Outbox};
use kernel::World;

use crate::{
    campaign::{Campaign, CampaignDraft, CampaignState},
    problems::invalid,
    store::campaigns,
};

runtime::wire! {
    pub(super) struct CreateCampaign {
        // Tells nobody yet: what runs the campaign does.
        outbox: Outbox = |boot| Ok(Outbox::new(boot.postgres()?)),
        sessions: EndedSessions,
        world: World,
    }
}

knows_sessions!(CreateCampaign: EndedSessions);

/// Makes a campaign. It begins at its time, within a minute, and can be stopped at any moment.
#[utoipa::path(
    post, path = "/v1/admin/campaigns", tag = "notification", request_body = CampaignDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition safe for 24 hours.")),
    responses((status = 201, body = Campaign), Problem)
)]
pub(super) async fn create_campaign(
    State(CreateCampaign { outbox, world, .. }): State<CreateCampaign>,
    Editor(editor): Editor,
    _proof: Proven<60>,
    key: IdempotencyKey,
    Json(draft): Json<CampaignDraft>,
) -> Result<Response, Problem> {
    let now = world.now();
    invalid(draft.violations(now))?;
    outbox
        .transact(async |tx| {
            key.once(tx, editor.id, &draft, now, async |tx| {
                let CampaignDraft { name, words, segment, cap, starts_at } = draft.clone();
                let campaign = Campaign {
                    id: world.id(),
                    name: name.into_string(),
                    words,
                    segment,
                    cap,
                    starts_at: starts_at.unwrap_or(now),
                    state: CampaignState::Scheduled,
                    told: 0,
                    capped: 0,
                    editor: Some(editor.id),
                    created_at: now,
                    ended_at: None,
                };
                campaigns::add(tx, &campaign).await?;
                Ok((StatusCode::CREATED, campaign))
            })
            .await
        })
        .await
}
