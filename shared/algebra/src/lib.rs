//! The linear algebra of what learns: a crate of its own, because its generic code takes minutes to optimise and is compiled once this way.
//!
//! Everything runs on one thread in a fixed order: the same numbers give the same bits.

mod ridge;
mod symmetric;

pub use ridge::{Ridge, Solution};
pub use symmetric::{Inverse, Symmetric};

/// Numbers that are multiplied side by side: the sum of a product has one order on every processor.
const LANES: usize = 8;

/// The numbers are such that nothing can be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system has no solution")]
pub struct Unsolvable;

/// The scalar product of two vectors; what one has more of does not count.
pub fn product(one: &[f32], other: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (ones, others) = (one.chunks_exact(LANES), other.chunks_exact(LANES));
    let rest: f32 = ones.remainder().iter().zip(others.remainder()).map(|(one, other)| one * other).sum();
    for (one, other) in ones.zip(others) {
        for ((sum, one), other) in sums.iter_mut().zip(one).zip(other) {
            *sum += one * other;
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests;
