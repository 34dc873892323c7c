//! What the repository says about its functions: `functions/<service>/functions.yaml` and `functions/resources.yaml`, typed.
//!
//! [`plan`] resolves it into `functions/plan.json`, which everybody else reads; [`generated`] writes that and whatever else follows from the yaml.
//! The shape of the yaml is defined by `functions/functions.schema.json`.

mod access;
mod check;
pub mod drift;
pub mod env;
mod error;
mod function;
pub mod generated;
mod loose_ends;
mod manifest;
pub mod plan;
mod program;
mod public;
mod reader;
mod resources;
mod route;
mod trigger;
mod uses;

pub use access::{Access, Proof, Role};
pub use error::ManifestError;
pub use function::Function;
pub use manifest::Manifest;
pub use plan::Plan;
pub use public::KeyPattern;
pub use resources::{Bucket, Document, Gateway, Generate, Index, Queue, Resources, Secret, Stream, Table, WrongMethod};
pub use route::Route;
pub use trigger::{Payload, Trigger};
pub use uses::{ObjectAccess, Use, UseError};
