use faer::{
    Accum, Mat, MatRef, Par, Side,
    linalg::{matmul::matmul, solvers::DenseSolveCore as _},
};

use crate::Unsolvable;

/// A symmetric matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Symmetric(pub(crate) Mat<f64>);

/// The inverse of a symmetric matrix.
pub struct Inverse(Mat<f64>);

impl Symmetric {
    /// A matrix of nothing but zeros.
    pub fn zeros(dimensions: usize) -> Self {
        Self(Mat::zeros(dimensions, dimensions))
    }

    /// `scale · Σ h·hᵀ` over vectors of so many numbers, which lie one after the other.
    pub fn gram(vectors: &[f64], dimensions: usize, scale: f64) -> Self {
        let columns = MatRef::from_column_major_slice(vectors, dimensions, vectors.len() / dimensions);
        let mut sums = Mat::zeros(dimensions, dimensions);
        matmul(sums.as_mut(), Accum::Replace, columns, columns.transpose(), scale, Par::Seq);
        Self(sums)
    }

    /// Adds `v·vᵀ` of a vector that has only these numbers, each with its place.
    pub fn add(&mut self, vector: &[(usize, f64)]) {
        for (one, value) in vector {
            for (other, other_value) in vector {
                self.0[(*other, *one)] += value * other_value;
            }
        }
    }

    /// `(matrix + diagonal·I)⁻¹`.
    ///
    /// # Errors
    /// When it is not positive definite, or its inverse has numbers that are none.
    pub fn inverse(&self, diagonal: f64) -> Result<Inverse, Unsolvable> {
        let mut matrix = self.0.clone();
        for place in 0..matrix.nrows() {
            matrix[(place, place)] += diagonal;
        }
        let inverse = Inverse(matrix.llt(Side::Lower).map_err(|_| Unsolvable)?.inverse());
        let is_sound = inverse.diagonal().iter().all(|value| value.is_finite() && *value > 0.0);
        if is_sound { Ok(inverse) } else { Err(Unsolvable) }
    }
}

impl Inverse {
    /// The numbers of its diagonal, which are all above zero.
    pub fn diagonal(&self) -> Vec<f64> {
        (0..self.0.nrows()).map(|place| self.0[(place, place)]).collect()
    }

    /// One of its rows, which is its column too.
    pub fn row(&self, place: usize) -> &[f64] {
        self.0.col_as_slice(place)
    }
}
