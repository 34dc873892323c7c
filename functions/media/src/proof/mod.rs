//! The proof that an encoded film is whole.

pub mod checks;
pub mod playlists;
pub mod seams;
pub mod sounds;
