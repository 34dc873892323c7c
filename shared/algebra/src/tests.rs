use super::*;
use crate::ridge::BLOCK;

/// (2 + 1 + 3) x = 3 in one dimension, then the same matrix on something else; more observations than a block has.
#[test]
fn systems_worked_out_by_hand() {
    let base = Symmetric::gram(&[1.0, 1.0], 1, 1.0);
    let mut ridge = Ridge::new(1);
    for _ in 0..2 {
        ridge.begin(&base, 1.0);
        ridge.observe(3.0, &[1.0]);
        let solution = ridge.solve().unwrap();
        assert!((solution.factor()[0] - 0.5).abs() < 1e-12);
        assert!((solution.apply(&[12.0])[0] - 2.0).abs() < 1e-12);
    }
    ridge.begin(&base, 1.0);
    for _ in 0..BLOCK * 2 + 41 {
        ridge.observe(1.0, &[1.0]);
    }
    let expected = 297.0 / 300.0;
    assert!((ridge.solve().unwrap().factor()[0] - expected).abs() < 1e-12);
}

/// [[2, 1], [1, 1]] + I has the determinant 5 and the inverse [[2, −1], [−1, 3]] / 5.
#[test]
fn an_inverse_worked_out_by_hand() {
    let mut matrix = Symmetric::zeros(2);
    matrix.add(&[(0, 1.0), (1, 1.0)]);
    matrix.add(&[(0, 1.0)]);
    let inverse = matrix.inverse(1.0).unwrap();
    let found = [inverse.row(0), inverse.row(1)].concat();
    assert!(found.iter().zip([0.4, -0.2, -0.2, 0.6]).all(|(found, expected)| (found - expected).abs() < 1e-12));
    assert!((inverse.diagonal()[1] - 0.6).abs() < 1e-12);
}

#[test]
fn what_has_no_solution_is_an_error() {
    let mut ridge = Ridge::new(2);
    for diagonal in [0.0, f64::NAN, -1.0] {
        ridge.begin(&Symmetric::zeros(2), diagonal);
        ridge.observe(1.0, &[1.0, 1.0]);
        assert!(ridge.solve().is_err(), "{diagonal}");
        assert!(Symmetric::zeros(2).inverse(diagonal).is_err(), "{diagonal}");
    }
}

#[test]
fn a_product_counts_what_is_left_over_too() {
    let (one, other): (Vec<f32>, Vec<f32>) = ((1..=19).map(|n| n as f32).collect(), vec![2.0; 19]);
    assert!((product(&one, &other) - 380.0).abs() < 1e-3);
    assert!(product(&[], &[]).abs() < 1e-9);
}
