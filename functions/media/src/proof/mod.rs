//! The proof that an encoded film is whole.

pub mod checks;
pub mod seams;
