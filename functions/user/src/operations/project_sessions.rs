//! `cinema.auth.session_ended.v1` → its access tokens, which live some minutes more, change and prove nothing here any more.

pub use events::ProjectSessions;
