//! What every HTTP operation keeps: problem documents, who is calling, idempotency, caching, limits and correlation.

mod address;
mod body;
mod cached;
mod caller;
mod gate;
pub mod idempotency;
mod layers;
pub mod limiter;
pub mod live;
mod needed_proof;
mod operations;
mod origin_secret;
mod page;
mod pages;
mod patch;
mod problem;
mod proof;
mod serve;
mod sessions;
pub mod token;
mod url_token;

pub use address::{ClientAddress, Origin};
pub use body::{Json, Path, Query};
pub use cached::{Cached, IfMatch, etag};
pub use caller::{Account, Admin, Audience, Editor, Support, Viewer};
pub use gate::Gate;
pub use idempotency::IdempotencyKey;
pub use limiter::{Limiter, Rule};
pub use live::{KnowsSessions, LoginSessions, Proven, Uncapped};
pub use needed_proof::NeededProof;
pub use page::{Limit, Page};
pub use pages::{PageParams, Pages, Unfiltered};
pub use patch::Patch;
pub use problem::{FieldError, Problem};
pub use serve::{finish, serve};
pub use url_token::UrlToken;

pub use axum::{
    self,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
pub use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouter},
    routes,
};

/// A schema and its name in a document.
pub type NamedSchema = (String, utoipa::openapi::RefOr<utoipa::openapi::schema::Schema>);
