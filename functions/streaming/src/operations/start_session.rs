//! `POST /v1/playback/sessions`: a session with a stream slot of its own, or the reason why there is none.

use std::time::Duration;

use cinema_http::{
    IdempotencyKey, IntoResponse, Json, OpenApiRouter, Problem, Response, State, StatusCode, Viewer,
    idempotency::{Stored, fingerprint},
    routes,
};
use kernel::{
    PlaybackId, TitleId, World,
    playback_token::{PlaybackClaims, TokenKey},
};
use runtime::{Access, Boot, BootError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use utoipa::ToSchema;

use crate::{
    device::{DeviceId, DeviceName},
    lease::{HEARTBEAT_INTERVAL, Lease},
    pass::token_key,
    playlist::expiry,
    secret::Key,
    start::{Refused, Start, Wish, decide},
    store::{Answer, Opened, Store, Written},
    title::{Marker, Picture},
};

/// How often a start is decided again when others of the same account were faster.
const ATTEMPTS: u32 = 10;

/// What to play, and where.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StartRequest {
    /// A film or an episode.
    title_id: TitleId,
    /// Chosen by the device and kept by it: a device that starts again replaces its own session.
    device_id: DeviceId,
    /// For a person to recognise it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_name: Option<DeviceName>,
    /// The most that the device can show, in lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535)]
    #[schema(value_type = Option<u16>, minimum = 1)]
    max_height: Option<std::num::NonZeroU16>,
}

/// A session that has started.
#[derive(Debug, Serialize, ToSchema)]
struct Started {
    /// The session.
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
struct Tracks {
    /// Pictures that plan and device allow.
    video: Vec<Picture>,
    /// Languages of the sound.
    audio: Vec<Track>,
    /// Languages of the captions.
    captions: Vec<Track>,
}

/// A sound or caption track.
#[derive(Debug, Serialize, ToSchema)]
struct Track {
    /// Its language.
    language: String,
}

/// A device that holds a slot, in the list of `too_many_streams`.
#[derive(Serialize)]
struct ActiveDevice<'a> {
    session_id: PlaybackId,
    device_id: &'a str,
    device_name: Option<&'a str>,
    title_id: TitleId,
    started_at: String,
}

/// Gives out sessions.
#[derive(Clone)]
struct Desk {
    store: Store,
    key: Key<TokenKey>,
    world: World,
    public_url: String,
}

/// Starts a session.
#[utoipa::path(
    post,
    path = "/v1/playback/sessions",
    tag = "streaming",
    security(("profile" = [])),
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body = StartRequest,
    responses((status = 201, body = Started), Problem)
)]
async fn start_session(
    State(desk): State<Desk>,
    viewer: Viewer,
    key: IdempotencyKey,
    Json(request): Json<StartRequest>,
) -> Result<Response, Problem> {
    let wish = wish(&desk.world, &viewer, &request);
    let digest = key.0.map(|key| hex(&Sha256::digest(format!("POST /v1/playback/sessions {key}"))[..16]));
    let fingerprint = hex(&fingerprint(&request));
    let token_key = desk.key.get().await?;
    for attempt in 0..ATTEMPTS {
        pause(&desk.world, attempt).await;
        let now = desk.world.now();
        let opening = desk.store.opening(wish.account, wish.profile, wish.title, digest.as_deref()).await?;
        if let Some(answer) = opening.answer.as_ref().filter(|answer| answer.is_kept(now)) {
            return replay(answer, &fingerprint);
        }
        let start = decide(&opening, &wish, now).map_err(problem)?;
        let markers = opening.title.map(|title| title.markers).unwrap_or_default();
        let body = serde_json::to_string(&desk.started(&start, markers, token_key, now)).map_err(Problem::internal)?;
        let answer = Answer { fingerprint: fingerprint.clone(), body, created_at: now };
        let opened = Opened {
            session: &start.session,
            slots: &start.acquired.slots,
            ended: start.ended(),
            answer: digest.as_deref().map(|digest| (digest, &answer)),
        };
        if desk.store.open(&opened, now).await? == Written::Done {
            return respond(answer.body);
        }
    }
    Err(Problem::unavailable("too_many_starts", "others of the same account were always faster"))
}

fn wish(world: &World, viewer: &Viewer, request: &StartRequest) -> Wish {
    Wish {
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

fn respond(body: String) -> Result<Response, Problem> {
    let body: serde_json::Value = serde_json::from_str(&body).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, Json::<_>(body)).into_response())
}

fn replay(answer: &Answer, fingerprint: &str) -> Result<Response, Problem> {
    let body = serde_json::from_str(&answer.body).map_err(Problem::internal)?;
    let status = StatusCode::CREATED.as_u16();
    Stored { fingerprint: answer.fingerprint.clone().into_bytes(), status, body }.replay(fingerprint.as_bytes())
}

fn problem(refused: Refused) -> Problem {
    match refused {
        Refused::Policy(refusal) => refusal.into(),
        Refused::Full(leases) => {
            let devices: Vec<_> = leases.iter().map(ActiveDevice::from).collect();
            Problem::conflict("too_many_streams", "Your plan's streams are all in use. Stop one of these devices first.")
                .with("devices", devices)
        }
    }
}

impl<'a> From<&'a Lease> for ActiveDevice<'a> {
    fn from(lease: &'a Lease) -> Self {
        Self {
            session_id: lease.session,
            device_id: &lease.device_id,
            device_name: lease.device_name.as_deref(),
            title_id: lease.title,
            started_at: lease.started_at.format(&Rfc3339).unwrap_or_default(),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Desk {
    fn started(&self, start: &Start, markers: Vec<Marker>, key: &TokenKey, now: OffsetDateTime) -> Started {
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
        let tracks = |languages: &[String]| languages.iter().map(|language| Track { language: language.clone() }).collect();
        Started {
            session_id: session.id,
            manifest_url: format!("{}/v1/playback/sessions/{}/master.m3u8?token={token}", self.public_url, session.id),
            position: session.position,
            duration: session.duration,
            heartbeat_interval: HEARTBEAT_INTERVAL.whole_seconds(),
            tracks: Tracks {
                video: start.pictures(),
                audio: tracks(&film.audio_languages),
                captions: tracks(&film.caption_languages),
            },
            markers,
            trickplay_url: (!film.trickplay.is_empty()).then(|| format!("{}/media/{}", self.public_url, film.trickplay)),
            token,
        }
    }
}

/// Reads and writes the table, signs tokens.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let desk = Desk {
        store: Store::new(boot.table("playback", Access::ReadWrite)?),
        key: token_key(boot)?,
        world: boot.world(),
        public_url: boot.required("PUBLIC_URL")?.trim_end_matches('/').to_owned(),
    };
    Ok(OpenApiRouter::new().routes(routes!(start_session)).with_state(desk))
}
