//! Who may call what, inferred from the answers of a service's router and compared with the yaml.

use std::time::Duration;

use axum::http::Method;
use cinema_http::{
    LoginSessions,
    live::{Standing, refuse_ended},
};
use kernel::{SessionId, World};
use manifest::{Access, Function, Manifest, Role, Route};
use runtime::{Boot, BootError, Vars};
use stores::StoreError;

use crate::{App, Token, http::Call, token};

/// How an answer treats its caller.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Treatment {
    /// The caller got in; whatever failed then was not about who they are.
    Accepted,
    /// The caller was turned away with this code.
    Refused(String),
}

/// Callers that tell the kinds of access apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Nobody,
    Forged,
    Account,
    Viewer,
    /// Of a profile with a cap.
    Child,
    Editor,
    Support,
    Admin,
}

impl Caller {
    /// The token, proven `age` ago.
    fn bearer(self, age: Duration) -> Option<String> {
        let world = World::system();
        let mut token = match self {
            Self::Nobody => return None,
            Self::Forged => return Some(Token::role("admin").profile(world.id()).forged()),
            Self::Account => Token::fresh(),
            Self::Viewer => Token::viewer(),
            Self::Child => Token::viewer().max_rating(12),
            Self::Editor => Token::role("editor").profile(world.id()),
            Self::Support => Token::role("support").profile(world.id()),
            Self::Admin => Token::role("admin").profile(world.id()),
        };
        token.0.auth_time -= i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        token.0.amr = vec!["pwd".to_owned(), "otp".to_owned()];
        Some(token.sign())
    }
}

/// A request to a route that means nothing, but is one.
fn call(app: &App, route: &Route) -> Call {
    let method: Method = route.method.parse().expect("a method");
    let id = "ttl_01jd3k5m7n9pqrstvwxyz01234";
    let path: Vec<_> =
        route.path.split('/').map(|segment| if segment.starts_with('{') { id } else { segment }).collect();
    let call = app.call(method.clone(), &path.join("/"));
    match method {
        Method::GET | Method::DELETE => call,
        _ => call.json(&serde_json::json!({})),
    }
}

async fn treatment(app: &App, route: &Route, caller: Caller, age: Duration) -> Treatment {
    let mut call = call(app, route);
    if let Some(bearer) = caller.bearer(age) {
        call = call.bearer(&bearer);
    }
    let answer = call.send().await;
    let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
    match (answer.status.as_u16(), code.as_str()) {
        (401, _) | (403, "token_required" | "role_required" | "profile_required" | "step_up_required") => {
            Treatment::Refused(code)
        }
        _ => Treatment::Accepted,
    }
}

/// The access that the answers show; `Err` when they fit none.
async fn inferred(app: &App, route: &Route) -> Result<Access, String> {
    let just_now = Duration::ZERO;
    let of = |caller| treatment(app, route, caller, just_now);
    use Caller::{Account, Admin, Editor, Forged, Nobody, Support, Viewer};
    let (nobody, forged, account, viewer) = (of(Nobody).await, of(Forged).await, of(Account).await, of(Viewer).await);
    let refused = |treatment: &Treatment, code: &str| *treatment == Treatment::Refused(code.to_owned());
    if nobody == Treatment::Accepted {
        return Ok(Access::Public);
    }
    if refused(&nobody, "token_required") && refused(&account, "token_required") {
        return Ok(Access::UrlToken);
    }
    if !refused(&nobody, "token_required") || !refused(&forged, "invalid_token") {
        return Err(format!("nobody: {nobody:?}, a forged token: {forged:?}"));
    }
    if account == Treatment::Accepted {
        return Ok(Access::Account);
    }
    if refused(&account, "profile_required") && viewer == Treatment::Accepted {
        return Ok(Access::Profile);
    }
    let (editor, support, admin) = (of(Editor).await, of(Support).await, of(Admin).await);
    if !refused(&viewer, "role_required") || admin != Treatment::Accepted {
        return Err(format!("account: {account:?}, viewer: {viewer:?}, admin: {admin:?}"));
    }
    match (editor == Treatment::Accepted, support == Treatment::Accepted) {
        (true, false) => Ok(Access::Role(Role::Editor)),
        (false, true) => Ok(Access::Role(Role::Support)),
        (false, false) => Ok(Access::Role(Role::Admin)),
        (true, true) => Err("editors and support agents alike get in".to_owned()),
    }
}

const UNCAPPED: &str = "a profile that may see everything needs no proof, which the yaml does not state";

/// Whether a proof of that age lets every caller in that the access asks for, whatever their profile may see; `Err` where it depends on that.
async fn proof_suffices(app: &App, route: &Route, access: Access, age: Duration) -> Result<bool, &'static str> {
    let (capped, uncapped) = match access {
        Access::Account | Access::Profile => (Caller::Child, Caller::Viewer),
        _ => (Caller::Admin, Caller::Admin),
    };
    let lets_in = async |caller| treatment(app, route, caller, age).await == Treatment::Accepted;
    match (lets_in(capped).await, lets_in(uncapped).await) {
        (false, true) => Err(UNCAPPED),
        (true, false) => Err("whose profile may see less needs less of a proof"),
        (suffices, _) => Ok(suffices),
    }
}

async fn compare(app: &App, function: &Function, route: &Route) -> Vec<String> {
    let found = match inferred(app, route).await {
        Ok(access) if Some(access) == function.access => access,
        Ok(access) => {
            let stated = function.access;
            return vec![format!("{}: access is {stated:?} in the yaml, {access:?} by its answers", function.name)];
        }
        Err(reason) => return vec![format!("{}: its answers fit no access: {reason}", function.name)],
    };
    if matches!(found, Access::Public | Access::UrlToken) {
        return vec![];
    }
    let margin = Duration::from_secs(20);
    let long_ago = Duration::from_secs(365 * 24 * 3600);
    let mut wrong = Vec::new();
    let mut expect = async |age, expected, reason: &str| {
        let shown = proof_suffices(app, route, found, age).await;
        if shown != expected {
            wrong.push(format!("{}: {}", function.name, shown.err().unwrap_or(reason)));
        }
    };
    match &function.proof {
        None => expect(long_ago, Ok(true), "asks for a proof that the yaml does not state").await,
        Some(proof) => {
            let age = Duration::from_secs(u64::from(proof.max_age_seconds));
            let too_old = if proof.or_uncapped { Err(UNCAPPED) } else { Ok(false) };
            expect(age - margin, Ok(true), "refuses a proof that is younger than the yaml's").await;
            expect(age + margin, too_old, "takes a proof that is older than the yaml's").await;
        }
    }
    wrong
}

/// Who may call is told apart by live sessions.
struct AllLive;

impl LoginSessions for AllLive {
    async fn standing(&self, _: SessionId) -> Result<Option<Standing>, StoreError> {
        Ok(Some(Standing { has_authenticator: None }))
    }
}

/// The routes of a service that change something for whoever holds this token: of somebody with a profile and every role, whose login session has
/// ended.
pub async fn open_to_ended(service: &str, app: &App, ended: &Token) -> Vec<String> {
    let manifest = Manifest::load(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
    let mut open = Vec::new();
    for function in manifest.service(service) {
        let changing = function.routes.iter().filter(|route| route.method != "GET");
        for route in changing.filter(|_| !matches!(function.access, Some(Access::Public | Access::UrlToken))) {
            let answer = call(app, route).token(ended).send().await;
            if (answer.status.as_u16(), answer.json()["code"].as_str()) != (401, Some("session_revoked")) {
                open.push(format!("{} {}: {}", route.method, route.path, answer.status));
            }
        }
    }
    open
}

/// Every HTTP operation of a service whose answers show another access or proof than its yaml entry. No engine is needed: who may call is
/// decided before anything else.
pub async fn differences(
    service: &str,
    routes: fn(&Boot) -> Result<cinema_http::OpenApiRouter, BootError>,
) -> Vec<String> {
    let manifest = Manifest::load(&crate::root()).unwrap_or_else(|error| panic!("{error}"));
    let boot = Boot::recording_with(Vars::default().set("JWKS_URL", token::jwks_url()));
    let routes = routes(&boot).map(|routes| refuse_ended(routes, AllLive));
    let router = routes.and_then(|routes| cinema_http::finish(&boot, routes));
    let app = App::new(router.unwrap_or_else(|error| panic!("{error}")));
    let routes =
        manifest.service(service).flat_map(|function| function.routes.iter().map(move |route| (function, route)));
    // At the same time: some refusals wait for an even answer time.
    let found = routes.map(|(function, route)| compare(&app, function, route));
    futures::future::join_all(found).await.into_iter().flatten().collect()
}
