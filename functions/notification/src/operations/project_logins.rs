//! `cinema.auth.session_ended.v1` → its access tokens, which live some minutes more, register no browser any more.

pub use events::ProjectSessions as ProjectLogins;
