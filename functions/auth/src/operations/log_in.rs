//! `POST /v1/auth/login`: tokens for an address and its password, or the first half of them where an authenticator is in use. Unknown
//! addresses cost the same work as known ones.

use cinema_http::{Audience, HeaderMap, IntoResponse, Json, Origin, Problem, Response, State};
use kernel::{VisibleLine, World};
use password::{Password, Pepper, Verdict};
use runtime::Key;
use serde::{Deserialize, Serialize};
use stores::PgPool;
use utoipa::ToSchema;

use super::steps::{
    happened::happened,
    known_devices::KnownDevices,
    limits::Limits,
    refresh_token::{self, Site},
    second_factor,
    sign_in::SignIn,
};
use crate::{
    email::Email,
    leak::{Finding, Leaks},
    problems::email_unverified,
    proof::Proof,
    response_time::padded_refusals,
    second_factor::Waiting,
    security_event::Kind,
    store::{
        accounts::{self, Candidate},
        credentials, security_events,
    },
    token::Token,
    transport::Transport,
};

/// An address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LogInRequest {
    email: Email,
    password: Password,
    /// Where the refresh token goes; in the body by default.
    #[serde(default)]
    transport: Transport,
    /// Shown in the list of sessions and in mails; 1 to 100 characters, and something to see.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "TV in the kitchen")]
    device_name: Option<VisibleLine<100>>,
}

/// The password was right; a code is missing.
#[derive(Serialize, ToSchema)]
pub(super) struct CodeNeeded {
    /// For `POST /v1/auth/mfa/verify`; good for five minutes.
    mfa_token: String,
    /// What may be sent as the code.
    #[schema(example = json!(METHODS))]
    methods: [&'static str; 2],
}

const METHODS: [&str; 2] = ["totp", "recovery_code"];

/// Tokens, or what is missing to get them.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "names the two answers in the OpenAPI document")]
pub(super) enum LoggedIn {
    Token(Token),
    CodeNeeded(CodeNeeded),
}

runtime::wire! {
    pub(super) struct LogIn {
        pool: PgPool,
        sign_in: SignIn,
        pepper: Key<Pepper>,
        devices: KnownDevices,
        limits: Limits,
        leaks: Leaks,
        site: Site,
        world: World,
    }
}

/// 200 with tokens, or with an `mfa_token` where an authenticator is in use; 401 `invalid_credentials`, 403 `email_unverified` or
/// `password_leaked` with the right password, 429 when it is tried too often.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", request_body = LogInRequest, responses((status = 200, body = LoggedIn), Problem))]
pub(super) async fn log_in(
    State(state): State<LogIn>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<LogInRequest>,
) -> Result<Response, Problem> {
    if request.transport == Transport::Cookie {
        state.site.require(&headers)?;
    }
    let pepper = state.pepper.get().await?;
    let device = state.devices.find(&headers, &request.email).await?;
    let tried = (&request.email, &request.password);
    let counted = state.limits.count_log_in(tried, &origin.address, device.as_ref(), pepper).await?;
    let candidate = padded_refusals(state.authenticate(&request, pepper, &origin)).await?;
    state.limits.refund(counted).await;
    let proof = Proof::by("pwd", state.world.now());
    if candidate.has_second_factor {
        return Ok(Json::<_>(state.ask_for_code(&candidate, proof, request).await?).into_response());
    }
    let device = (request.device_name.as_ref().map(VisibleLine::as_str), &origin);
    let (token, refresh) = state.sign_in.begin(&candidate.person, &proof, device).await?;
    let answer = refresh_token::answer(request.transport, token, &refresh)?;
    state.devices.remember(&headers, &request.email, answer).await
}

impl LogIn {
    async fn authenticate(
        &self,
        request: &LogInRequest,
        pepper: &Pepper,
        origin: &Origin,
    ) -> Result<Candidate, Problem> {
        let candidate = accounts::candidate(&self.pool, &request.email).await?;
        let stored = candidate.as_ref().map(|candidate| candidate.password_hash.as_str());
        let account = candidate.as_ref().map(|candidate| candidate.person.account);
        let verdict = pepper.verify(&request.password, stored)?;
        let Some(candidate) = candidate.filter(|_| verdict != Verdict::Wrong) else {
            // Of unknown addresses as well: writing takes its time.
            let event = happened(&self.world, account, Kind::SignInFailed, origin);
            security_events::add(&self.pool, &event).await?;
            return Err(Problem::unauthorized(
                "invalid_credentials",
                "The address or the password is wrong. Try again, or set a new password with \"Forgot password\".",
            ));
        };
        if !candidate.is_verified {
            return Err(email_unverified());
        }
        if candidate.leak_unchecked {
            self.check_leak(&candidate, &request.password).await?;
        }
        if verdict == Verdict::RightButOutdated {
            let renewed = pepper.hash(&self.world, &request.password)?;
            let hashes = (candidate.password_hash.as_str(), renewed.as_str());
            credentials::rehash(&self.pool, candidate.person.account, hashes).await?;
        }
        Ok(candidate)
    }

    /// What could not be looked up when the password was chosen: somebody who tries leaked passwords must not get in.
    async fn check_leak(&self, candidate: &Candidate, password: &Password) -> Result<(), Problem> {
        match self.leaks.look_up(password).await {
            Finding::Unknown => Ok(()),
            Finding::Clean => {
                let account = candidate.person.account;
                Ok(credentials::mark_checked(&self.pool, account, &candidate.password_hash).await?)
            }
            Finding::Leaked => {
                let detail = "This password is on a list of leaked passwords. Choose another with \"Forgot password\".";
                Err(Problem::forbidden("password_leaked", detail))
            }
        }
    }

    async fn ask_for_code(
        &self,
        candidate: &Candidate,
        proof: Proof,
        request: LogInRequest,
    ) -> Result<CodeNeeded, Problem> {
        let waiting = Waiting {
            account: candidate.person.account,
            methods: proof.methods,
            transport: request.transport,
            device_name: request.device_name.map(VisibleLine::into_string),
            provider: None,
            link_subject: None,
        };
        let mfa_token = second_factor::ask(&self.pool, &waiting, &self.world).await?;
        Ok(CodeNeeded { mfa_token, methods: METHODS })
    }
}
