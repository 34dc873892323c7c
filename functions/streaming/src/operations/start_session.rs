//! `POST /v1/playback/sessions`: a session with a stream slot of its own, or the reason why there is none.

use std::{num::NonZeroU16, time::Duration};

use cinema_http::{
    IdempotencyKey, IntoResponse, Json, Problem, Response, State, StatusCode, Viewer,
    idempotency::{self, ItemClaim},
    live::session_revoked,
};
use events::contracts::{CaptionKind, CaptionTrack, Rendition};
use kernel::{PlaybackId, SessionId, TitleId, World};
use playback::{PlaybackClaims, TokenKey};
use runtime::{Access, Key, PublicUrl};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stores::Table;
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::{
    active::{Onlooker, streams},
    device::{DeviceId, DeviceName},
    lease::HEARTBEAT_INTERVAL,
    playlist::expiry,
    problems::too_many_streams,
    start::{Refused, Start, StartOrder, decide, may_watch},
    store::sessions::{self, Answer, Started},
    title::Marker,
};

/// How often a start is decided again when others of the same account were faster.
const ATTEMPTS: u32 = 10;

/// What to play, and where.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartSessionRequest {
    /// A film or an episode.
    title_id: TitleId,
    /// Chosen by the device and kept by it: a device that starts again replaces its own session.
    device_id: DeviceId,
    /// For a person to recognise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_name: Option<DeviceName>,
    /// The most that the device can show, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 65535)]
    max_height: Option<NonZeroU16>,
}

/// A session that has started.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StartSessionAnswer {
    session_id: PlaybackId,
    /// HLS master playlist, with the session's token.
    manifest_url: String,
    /// Seconds from the beginning at which to start.
    position: f64,
    /// Seconds of the film in all.
    duration: f64,
    /// Seconds between two heartbeats.
    heartbeat_interval: i64,
    /// What can be chosen.
    tracks: Tracks,
    /// Stretches that a player may offer to skip.
    markers: Vec<Marker>,
    /// WebVTT index of the pictures for scrubbing.
    #[serde(skip_serializing_if = "Option::is_none")]
    trickplay_url: Option<String>,
    /// The session's token: in the addresses of its playlists, and with player events.
    token: String,
}

/// What can be chosen.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Tracks {
    /// Pictures that plan and device allow.
    video: Vec<Rendition>,
    /// Languages of the sound.
    audio: Vec<Track>,
    /// What can be read along; off until the viewer switches one on, but for those that everybody needs.
    captions: Vec<Captions>,
}

/// A sound track.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Track {
    /// Its language.
    language: String,
}

/// A caption track.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Captions {
    /// Its language.
    language: String,
    /// For whom.
    kind: CaptionKind,
    /// Its name in the manifest.
    name: String,
}

impl From<CaptionTrack> for Captions {
    fn from(track: CaptionTrack) -> Self {
        let CaptionTrack { language, kind, name, .. } = track;
        Self { language, kind, name }
    }
}

runtime::wire! {
    pub(super) struct StartSession {
        table: Table = |boot| boot.table("playback", Access::ReadWrite),
        key: Key<TokenKey>,
        world: World,
        public_url: PublicUrl,
    }
}

/// Starts a session. 401 `session_revoked` for whoever has signed out meanwhile; 409 `too_many_streams` lists in `devices` what runs, as
/// `GET /v1/playback/active` does.
#[utoipa::path(
    post, path = "/v1/playback/sessions", tag = "streaming",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = StartSessionRequest,
    responses((status = 201, body = StartSessionAnswer), Problem)
)]
pub(super) async fn start_session(
    State(state): State<StartSession>,
    viewer: Viewer,
    key: IdempotencyKey,
    Json(request): Json<StartSessionRequest>,
) -> Result<Response, Problem> {
    let order = order(&state.world, &viewer, &request);
    let claim = key.item_claim(viewer.profile, &request);
    for attempt in 0..ATTEMPTS {
        pause(&state.world, attempt).await;
        if let Some(answer) = state.attempt(&order, viewer.session, claim.as_ref()).await? {
            return Ok(answer);
        }
    }
    Err(Problem::unavailable("too_many_starts", "others of the same account were faster in each attempt"))
}

fn order(world: &World, viewer: &Viewer, request: &StartSessionRequest) -> StartOrder {
    StartOrder {
        session: world.id(),
        account: viewer.account,
        profile: viewer.profile,
        audience: viewer.policy.clone(),
        title: request.title_id,
        device_id: request.device_id.as_str().to_owned(),
        device_name: request.device_name.as_ref().map(|name| name.as_str().to_owned()),
        max_height: request.max_height.map(|height| u32::from(height.get())),
    }
}

/// Lets others of the account finish: a random moment that grows with each attempt.
async fn pause(world: &World, attempt: u32) {
    if attempt > 0 {
        let most = 10 << attempt.min(6);
        tokio::time::sleep(Duration::from_millis(u64::from(world.below(most)))).await;
    }
}

/// The answer as it was written, byte for byte, the first time and every time after.
fn respond(body: String) -> Result<Response, Problem> {
    let body = RawValue::from_string(body).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, Json::<_>(body)).into_response())
}

impl StartSession {
    /// The policy is asked before a stored answer is given: it may have changed. `None`: another request of the account was faster.
    async fn attempt(
        &self,
        order: &StartOrder,
        login: SessionId,
        claim: Option<&ItemClaim>,
    ) -> Result<Option<Response>, Problem> {
        let (now, claim_id) = (self.world.now(), claim.map(|claim| claim.id.as_str()));
        let known = sessions::known(&self.table, (order.account, order.profile, order.title), login, claim_id).await?;
        if known.has_signed_out {
            return Err(session_revoked());
        }
        let title = (order.title, known.title.as_ref());
        let basis = may_watch(title, &order.audience, known.grant.as_ref(), now)?;
        if let Some((claim, stored)) = claim.zip(known.answer.as_ref().filter(|answer| answer.is_kept(now))) {
            claim.check(&stored.fingerprint)?;
            return Ok(Some(idempotency::replayed(respond(stored.body.clone())?)));
        }
        let start = match decide(&known, order, basis, now) {
            Ok(start) => start,
            Err(refused) => return Err(self.refusal(refused, order, now).await),
        };
        let (markers, captions) = known.title.map(|title| (title.markers, title.captions)).unwrap_or_default();
        let body = self.answer(&start, markers, captions, self.key.get().await?, now);
        let body = serde_json::to_string(&body).map_err(Problem::internal)?;
        let stored =
            claim.map(|claim| Answer { fingerprint: claim.fingerprint.clone(), body: body.clone(), created_at: now });
        let started = Started {
            session: &start.session,
            slots: &start.acquired.slots,
            ended: start.ended(),
            answer: claim_id.zip(stored.as_ref()),
        };
        if sessions::start(&self.table, &started, now).await? { respond(body).map(Some) } else { Ok(None) }
    }

    async fn refusal(&self, refused: Refused, order: &StartOrder, now: OffsetDateTime) -> Problem {
        match refused {
            Refused::Policy(refusal) => refusal.into(),
            Refused::SlotsFull(leases) => streams(&self.table, leases, &Onlooker::from(order), now)
                .await
                .map_or_else(Problem::from, too_many_streams),
        }
    }

    fn answer(
        &self,
        start: &Start,
        markers: Vec<Marker>,
        captions: Vec<CaptionTrack>,
        key: &TokenKey,
        now: OffsetDateTime,
    ) -> StartSessionAnswer {
        let (session, film) = (&start.session, &start.film);
        let token = key.seal(&PlaybackClaims {
            session: session.id,
            account: session.account,
            profile: session.profile,
            title: session.title,
            asset: session.asset,
            fence: session.fence,
            max_height: start.max_height,
            expires_at: expiry(film.duration, now),
        });
        let manifest = format!("/v1/playback/sessions/{}/master.m3u8?token={token}", session.id);
        let sound = |language: &String| Track { language: language.clone() };
        StartSessionAnswer {
            session_id: session.id,
            manifest_url: self.public_url.join(&manifest),
            position: session.position,
            duration: session.duration,
            heartbeat_interval: HEARTBEAT_INTERVAL.whole_seconds(),
            tracks: Tracks {
                video: start.pictures(),
                audio: film.audio_languages.iter().map(sound).collect(),
                captions: captions.into_iter().map(Captions::from).collect(),
            },
            markers,
            trickplay_url: film.trickplay.as_deref().map(|key| self.public_url.media(key)),
            token,
        }
    }
}
