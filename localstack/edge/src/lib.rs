//! Stands in for CloudFront: one origin for the web app, the API and the media, with the same checks of signed URLs.

mod admission;
mod api;
mod breached;
mod connections;
mod loopback;
mod mail;
mod mailbox;
mod media;
mod origins;
mod problem;
mod server;
mod storage;
#[cfg(test)]
mod tests;
mod traces;
mod web;

pub use loopback::http_client;
pub use mail::{Mail, list as mails};
pub use server::{Options, serve};
