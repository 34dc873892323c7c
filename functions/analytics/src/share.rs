//! Ratios of whole numbers.

/// With four decimals, rounded half up; `None` of nothing.
pub(crate) fn ratio(part: u64, whole: u64) -> Option<f64> {
    let ten_thousandths = (u128::from(part) * 20_000 + u128::from(whole)).checked_div(2 * u128::from(whole))?;
    Some(ten_thousandths as f64 / 10_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_has_four_decimals() {
        assert_eq!(ratio(0, 0), None);
        assert_eq!((ratio(2, 3), ratio(3, 3), ratio(0, 3)), (Some(0.6667), Some(1.0), Some(0.0)));
    }
}
