//! One row of a factorisation as a ridge regression: training solves it for every row, serving for one history.

use faer::{
    Accum, Mat, MatRef, Par, Side,
    linalg::{
        matmul::{
            matmul,
            triangular::{self, BlockStructure},
        },
        solvers::{Llt, SolveCore as _},
    },
};

/// Observations that are multiplied at once: 64 factors of 128 observations are 64 KiB, which stay in the cache.
const BLOCK: usize = 128;

/// The numbers are such that nothing can be solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system of a row has no solution")]
pub struct Unsolvable;

/// `(base + diagonal·I + Σ weight·h·hᵀ) x = Σ weight·h` over the observations, each with its weight and its factor `h`.
pub struct Ridge {
    /// Symmetric: the lower half counts.
    matrix: Mat<f64>,
    right: Mat<f64>,
    /// Observations that are not in the matrix yet, in columns.
    block: Mat<f64>,
    filled: usize,
}

/// A solved system.
pub struct Solution {
    matrix: Llt<f64>,
    /// `x`.
    pub factor: Mat<f64>,
}

impl Ridge {
    /// For factors of so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        Self {
            matrix: Mat::zeros(dimensions, dimensions),
            right: Mat::zeros(dimensions, 1),
            block: Mat::zeros(dimensions, BLOCK),
            filled: 0,
        }
    }

    /// Begins another row.
    pub fn begin(&mut self, base: &Mat<f64>, diagonal: f64) {
        self.matrix.as_mut().copy_from(base);
        for place in 0..self.matrix.nrows() {
            self.matrix[(place, place)] += diagonal;
        }
        self.right.col_as_slice_mut(0).fill(0.0);
        self.filled = 0;
    }

    /// Adds an observation.
    pub fn observe(&mut self, weight: f64, factor: impl Iterator<Item = f64>) {
        if self.filled == BLOCK {
            self.multiply();
        }
        let root = weight.sqrt();
        let column = self.block.col_as_slice_mut(self.filled).iter_mut();
        for ((column, right), value) in column.zip(self.right.col_as_slice_mut(0)).zip(factor) {
            *column = root * value;
            *right += weight * value;
        }
        self.filled += 1;
    }

    fn multiply(&mut self) {
        let block = self.block.subcols(0, self.filled);
        triangular::matmul(
            self.matrix.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Add,
            block,
            BlockStructure::Rectangular,
            block.transpose(),
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        self.filled = 0;
    }

    /// Solves what was observed.
    ///
    /// # Errors
    /// When the matrix is not positive definite, or the solution is no number.
    pub fn solve(&mut self) -> Result<Solution, Unsolvable> {
        self.multiply();
        let matrix = self.matrix.llt(Side::Lower).map_err(|_| Unsolvable)?;
        let mut factor = self.right.clone();
        matrix.solve_in_place_with_conj(faer::Conj::No, factor.as_mut());
        let is_finite = factor.col_as_slice(0).iter().all(|value| value.is_finite());
        if is_finite { Ok(Solution { matrix, factor }) } else { Err(Unsolvable) }
    }
}

impl Solution {
    /// The inverse of the matrix times a vector.
    pub fn apply(&self, vector: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut column = Mat::zeros(self.factor.nrows(), 1);
        for (place, value) in column.col_as_slice_mut(0).iter_mut().zip(vector) {
            *place = value;
        }
        self.matrix.solve_in_place_with_conj(faer::Conj::No, column.as_mut());
        column.col_as_slice(0).to_vec()
    }
}

/// `scale · Σ h·hᵀ` over all factors, which lie one after the other.
pub fn gram(factors: &[f64], dimensions: usize, scale: f64) -> Mat<f64> {
    let columns = MatRef::from_column_major_slice(factors, dimensions, factors.len() / dimensions);
    let mut sums = Mat::zeros(dimensions, dimensions);
    matmul(sums.as_mut(), Accum::Replace, columns, columns.transpose(), scale, Par::Seq);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (2 + 1 + 3) x = 3 in one dimension, then the same matrix on something else; more observations than a block has.
    #[test]
    fn systems_worked_out_by_hand() {
        let base = gram(&[1.0, 1.0], 1, 1.0);
        let mut ridge = Ridge::new(1);
        for _ in 0..2 {
            ridge.begin(&base, 1.0);
            ridge.observe(3.0, [1.0].into_iter());
            let solution = ridge.solve().unwrap();
            assert!((solution.factor[(0, 0)] - 0.5).abs() < 1e-12);
            assert!((solution.apply([12.0].into_iter())[0] - 2.0).abs() < 1e-12);
        }
        ridge.begin(&base, 1.0);
        for _ in 0..BLOCK * 2 + 41 {
            ridge.observe(1.0, [1.0].into_iter());
        }
        let expected = 297.0 / 300.0;
        assert!((ridge.solve().unwrap().factor[(0, 0)] - expected).abs() < 1e-12);
    }

    #[test]
    fn what_has_no_solution_is_an_error() {
        let mut ridge = Ridge::new(2);
        for (base, diagonal) in [(Mat::zeros(2, 2), 0.0), (Mat::zeros(2, 2), f64::NAN), (Mat::zeros(2, 2), -1.0)] {
            ridge.begin(&base, diagonal);
            ridge.observe(1.0, [1.0, 1.0].into_iter());
            assert!(ridge.solve().is_err(), "{diagonal}");
        }
    }
}
