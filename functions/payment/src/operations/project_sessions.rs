//! `cinema.auth.session_ended.v1` → its access tokens, which live some minutes more, change nothing here any more.

pub use events::ProjectSessions;
