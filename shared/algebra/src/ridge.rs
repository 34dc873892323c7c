//! One row of a factorisation as a ridge regression: training solves it for every row, serving for one history.

use faer::{
    Accum, Conj, Mat, Par, Side,
    linalg::{
        matmul::triangular::{self, BlockStructure},
        solvers::{Llt, SolveCore as _},
    },
};

use crate::{Symmetric, Unsolvable};

/// Observations that are multiplied at once: 64 factors of 128 observations are 64 KiB, which stay in the cache.
pub(crate) const BLOCK: usize = 128;

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
    factor: Mat<f64>,
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
    pub fn begin(&mut self, base: &Symmetric, diagonal: f64) {
        self.matrix.as_mut().copy_from(&base.0);
        for place in 0..self.matrix.nrows() {
            self.matrix[(place, place)] += diagonal;
        }
        self.right.col_as_slice_mut(0).fill(0.0);
        self.filled = 0;
    }

    /// Adds an observation.
    pub fn observe(&mut self, weight: f64, factor: &[f64]) {
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
        matrix.solve_in_place_with_conj(Conj::No, factor.as_mut());
        let solution = Solution { matrix, factor };
        if solution.factor().iter().all(|value| value.is_finite()) { Ok(solution) } else { Err(Unsolvable) }
    }
}

impl Solution {
    /// `x`.
    pub fn factor(&self) -> &[f64] {
        self.factor.col_as_slice(0)
    }

    /// The inverse of the matrix times a vector of as many numbers.
    pub fn apply(&self, vector: &[f64]) -> Vec<f64> {
        let mut column = Mat::zeros(self.factor.nrows(), 1);
        for (place, value) in column.col_as_slice_mut(0).iter_mut().zip(vector) {
            *place = *value;
        }
        self.matrix.solve_in_place_with_conj(Conj::No, column.as_mut());
        column.col_as_slice(0).to_vec()
    }
}
