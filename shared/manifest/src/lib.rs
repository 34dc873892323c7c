//! What the repository says about its functions: `functions/<service>/functions.yaml` and `functions/resources.yaml`, typed.
//!
//! The deployer, the runtime, the drift tests and the event router all read the same entries through this crate;
//! Terraform reads the same files with `yamldecode`. The shape is defined by `functions/functions.schema.json`.

mod check;
pub mod drift;
pub mod env;
mod error;
mod function;
mod queues;
mod reader;
mod resources;
mod uses;

pub use error::ManifestError;
pub use function::{Access, Function, Role, Route, Trigger};
pub use queues::{DEAD_SUFFIX, QueuePlan};
pub use reader::Manifest;
pub use resources::{Bucket, Generate, Index, Queue, Resources, Secret, Stream, Table};
pub use uses::{ObjectAccess, Use, UseError};
