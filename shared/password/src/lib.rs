//! Passwords and PINs: how they are read, hashed and compared, with the secret that a stolen database lacks.

mod pepper;
mod pin;
mod text;

pub use pepper::{Pepper, Verdict};
pub use pin::Pin;
pub use text::Password;
