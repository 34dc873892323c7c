//! What is chosen before a model is learnt; it says which one.

use serde::{Deserialize, Serialize};

/// What is chosen before EASE learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EaseParameters {
    /// λ.
    pub lambda: f64,
}

/// What is chosen before iALS learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct IalsParameters {
    /// λ.
    pub lambda: f64,
    /// α₀: how much a pair counts that was not observed.
    pub unobserved_weight: f64,
    /// ν: how much more whoever watches much is regularised.
    pub exponent: f64,
    /// Numbers of a factor.
    pub dimensions: u16,
}

impl IalsParameters {
    /// Numbers of a factor.
    pub fn dimensions(&self) -> usize {
        self.dimensions.into()
    }

    /// What is added to the diagonal of a row with observations of this weight, against so many columns.
    pub fn regularisation(&self, observed: f64, columns: usize) -> f64 {
        self.lambda * (observed + self.unobserved_weight * columns as f64).powf(self.exponent)
    }

    /// Whether every row can be solved with them.
    pub fn are_sound(&self) -> bool {
        let is_positive = |value: f64| value.is_finite() && value > 0.0;
        is_positive(self.lambda)
            && is_positive(self.unobserved_weight)
            && (0.0..=2.0).contains(&self.exponent)
            && (1..=512).contains(&self.dimensions)
    }
}

/// What was chosen before a model was learnt. EASE's are what versions had before there was another one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Parameters {
    // First: it has all that EASE has.
    Ials(IalsParameters),
    Ease(EaseParameters),
}

impl From<EaseParameters> for Parameters {
    fn from(parameters: EaseParameters) -> Self {
        Self::Ease(parameters)
    }
}

impl From<IalsParameters> for Parameters {
    fn from(parameters: IalsParameters) -> Self {
        Self::Ials(parameters)
    }
}

impl Parameters {
    /// What an object begins with: code that knows only one of them does not misread the other.
    pub fn magic(&self) -> &'static [u8; 8] {
        match self {
            Self::Ease(_) => b"CINEASE1",
            Self::Ials(_) => b"CINEIALS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_say_whose_they_are() {
        for parameters in [
            Parameters::Ease(EaseParameters { lambda: 100.0 }),
            Parameters::Ials(IalsParameters { lambda: 0.003, unobserved_weight: 0.1, exponent: 1.0, dimensions: 64 }),
        ] {
            let text = serde_json::to_string(&parameters).unwrap();
            assert_eq!(serde_json::from_str::<Parameters>(&text).unwrap(), parameters);
        }
    }
}
