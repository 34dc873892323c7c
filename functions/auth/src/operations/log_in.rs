//! `POST /v1/auth/login`: tokens for an address and its password, or the first half of them where an authenticator is in use. Unknown
//! addresses cost the same work as known ones.

use cinema_http::{Audience, HeaderMap, IntoResponse, Json, OpenApiRouter, Origin, Problem, Response, State, routes};
use kernel::World;
use runtime::{Boot, BootError};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use utoipa::ToSchema;

use crate::{
    email::Email,
    even::even_refusals,
    guard::Guard,
    leak::{Finding, Leaks},
    password::Password,
    pepper::{Hasher, Pepper, Verdict},
    second_factor,
    security_event::{Kind, SecurityEvent},
    sign_in::SignIn,
    store::{Accounts, Candidate, Device, Proof, SecondFactors, SecurityLog, Waiting},
    token::Token,
    transport::{Site, Transport},
};

const MAX_DEVICE_NAME: usize = 100;

/// An address and its password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LogIn {
    email: Email,
    password: Password,
    /// Where the refresh token goes; in the body by default.
    #[serde(default)]
    transport: Transport,
    /// Shown in the list of sessions; 1 to 100 characters.
    #[serde(default, deserialize_with = "device_name")]
    #[schema(max_length = 100, example = "TV in the kitchen")]
    device_name: Option<String>,
}

fn device_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(name) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let name = name.trim();
    if !(1..=MAX_DEVICE_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(D::Error::custom("not 1 to 100 printable characters"));
    }
    Ok(Some(name.to_owned()))
}

/// The password was right; a code is missing.
#[derive(Serialize, ToSchema)]
struct CodeNeeded {
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
enum LoggedIn {
    Token(Token),
    CodeNeeded(CodeNeeded),
}

#[derive(Clone)]
struct Door {
    accounts: Accounts,
    factors: SecondFactors,
    log: SecurityLog,
    sign_in: SignIn,
    pepper: Pepper,
    guard: Guard,
    leaks: Leaks,
    site: Site,
    world: World,
}

/// 200 with tokens, or with an `mfa_token` where an authenticator is in use; 401 `invalid_credentials`, 403 `email_unverified` or
/// `password_leaked` with the right password, 429 when it is tried too often.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth", request_body = LogIn, responses((status = 200, body = LoggedIn), Problem))]
async fn log_in(
    State(door): State<Door>,
    _caller: Audience,
    origin: Origin,
    headers: HeaderMap,
    Json(request): Json<LogIn>,
) -> Result<Response, Problem> {
    if request.transport == Transport::Cookie {
        door.site.require(&headers)?;
    }
    let hasher = door.pepper.hasher().await?;
    let attempt = door.guard.log_in(&request.email, &request.password, &origin.address, &hasher).await?;
    let candidate = even_refusals(door.authenticate(&request, &hasher, &origin)).await?;
    door.guard.succeeded(attempt).await;
    if candidate.has_second_factor {
        return Ok(Json::<_>(door.ask_for_code(&candidate, request).await?).into_response());
    }
    let device = Device { name: request.device_name.as_deref(), origin: &origin };
    let (token, refresh) = door.sign_in.enter(&candidate.person, &door.proof(), device).await?;
    request.transport.answer(token, &refresh)
}

impl Door {
    async fn authenticate(&self, request: &LogIn, hasher: &Hasher, origin: &Origin) -> Result<Candidate, Problem> {
        let candidate = self.accounts.candidate(&request.email).await?;
        let stored = candidate.as_ref().map(|candidate| candidate.password_hash.as_str());
        let account = candidate.as_ref().map(|candidate| candidate.person.account);
        let verdict = hasher.verify(&request.password, stored).await?;
        let Some(candidate) = candidate.filter(|_| verdict != Verdict::Wrong) else {
            // Of unknown addresses as well: writing takes its time.
            self.log.record_alone(&SecurityEvent::new(&self.world, account, Kind::SignInFailed, origin)).await?;
            return Err(Problem::unauthorized("invalid_credentials", "The address or the password is wrong."));
        };
        if !candidate.is_verified {
            return Err(Problem::forbidden("email_unverified", "Enter the code that was mailed to you first."));
        }
        if candidate.leak_unchecked {
            self.check_leak(&candidate, &request.password).await?;
        }
        if verdict == Verdict::RightButOutdated {
            let renewed = hasher.hash(&self.world, &request.password).await?;
            self.accounts.rehash(candidate.person.account, (&candidate.password_hash, &renewed)).await?;
        }
        Ok(candidate)
    }

    /// What could not be looked up when the password was chosen: somebody who tries leaked passwords must not get in.
    async fn check_leak(&self, candidate: &Candidate, password: &Password) -> Result<(), Problem> {
        match self.leaks.look_up(password).await {
            Finding::Unknown => Ok(()),
            Finding::Clean => {
                Ok(self.accounts.mark_checked(candidate.person.account, &candidate.password_hash).await?)
            }
            Finding::Leaked => {
                let detail = "This password is on a list of leaked passwords. Choose another with \"Forgot password\".";
                Err(Problem::forbidden("password_leaked", detail))
            }
        }
    }

    fn proof(&self) -> Proof {
        Proof { at: self.world.now(), methods: vec!["pwd".to_owned()] }
    }

    async fn ask_for_code(&self, candidate: &Candidate, request: LogIn) -> Result<CodeNeeded, Problem> {
        let waiting = Waiting {
            account: candidate.person.account,
            methods: self.proof().methods,
            transport: request.transport,
            device_name: request.device_name,
        };
        let mfa_token = second_factor::ask(&self.factors, &waiting, &self.world).await?;
        Ok(CodeNeeded { mfa_token, methods: METHODS })
    }
}

/// Postgres, Redis for the limits, the pepper, the signing key, and the queue of mails.
pub fn routes(boot: &Boot) -> Result<OpenApiRouter, BootError> {
    let pool = boot.postgres()?;
    let door = Door {
        accounts: Accounts::new(pool.clone()),
        factors: SecondFactors::new(pool.clone()),
        log: SecurityLog::new(pool),
        sign_in: SignIn::wire(boot)?,
        pepper: Pepper::wire(boot)?,
        guard: Guard::wire(boot)?,
        leaks: Leaks::wire(boot)?,
        site: Site::wire(boot)?,
        world: boot.world(),
    };
    Ok(OpenApiRouter::new().routes(routes!(log_in)).with_state(door))
}
