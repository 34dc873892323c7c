//! The engines a cinema runs on: LocalStack, Postgres, Redis, ClickHouse, OpenSearch, an OpenID Connect issuer and a payment sandbox, as
//! processes of this machine or, with `--engines docker`, as containers. Their users see only [`Endpoints`].

pub mod aws;
mod daemons;
mod docker;
mod doctor;
mod endpoints;
mod engine;
mod footprint;
mod home;
mod lifecycle;
mod mirror;
mod options;
pub mod packages;
mod passwords;
mod port;
pub mod private;
mod probe;
pub mod process;
pub mod progress;
pub mod pulse;
mod setup;
pub mod sockets;
mod start;
mod status;

pub use daemons::{Daemon, Daemons};
pub use doctor::{Finding, Severity, doctor};
pub use endpoints::Endpoints;
pub use engine::{Engine, with_local_provider, with_sandbox, with_stand_in};
pub use footprint::{Footprint, Growth};
pub use home::Home;
pub use lifecycle::Engines;
pub use mirror::{Mirrored, Restored, mirror, restore};
pub use options::{Mode, Options};
pub use status::EngineStatus;
