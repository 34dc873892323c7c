//! What came of an experiment: what profiles did in the days after a variant served them for the first time.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    interval::{Estimate, Proportion, Sample},
    store::experiments::{DAYS, Outcomes},
};

/// What came of an experiment.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExperimentReadout {
    /// The experiment's key.
    experiment: String,
    /// From its first exposure on, so many days of a profile count.
    days: u8,
    /// The control first; a variant that served nobody is not among them.
    variants: Vec<VariantReadout>,
}

/// What came of a variant. Intervals are those of 95 % confidence; with four decimals.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct VariantReadout {
    name: String,
    /// Whether the others are compared with it.
    is_control: bool,
    /// Profiles that it served and whose days are over: every figure is of them.
    profiles: u64,
    /// Profiles that it served and whose days are not over: they are in no figure yet.
    pending: u64,
    /// Of `profiles`, those that began to watch a title in their days.
    converted: u64,
    /// `converted / profiles`, with Wilson's score interval. Absent without profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion: Option<Estimate>,
    /// Hours that a profile watched, in the mean, in sessions that began in its days. Absent with fewer than two profiles.
    #[serde(skip_serializing_if = "Option::is_none")]
    watched_hours: Option<Estimate>,
    /// `conversion` less that of the control, with Newcombe's interval (method 10). Absent for the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    conversion_difference: Option<Estimate>,
    /// `watched_hours` less those of the control, with Welch's interval. Absent for the control.
    #[serde(skip_serializing_if = "Option::is_none")]
    watched_hours_difference: Option<Estimate>,
}

impl Outcomes {
    fn proportion(&self) -> Proportion {
        Proportion { part: self.converted, whole: self.profiles }
    }

    fn sample(&self) -> Option<Sample> {
        Sample::of_hours(self.profiles, self.watched_ms, self.sum_of_squares)
    }
}

impl ExperimentReadout {
    /// From what became of each variant's profiles; `None` where nobody was served.
    pub fn new(experiment: String, outcomes: Vec<Outcomes>) -> Option<Self> {
        let control = outcomes.iter().find(|outcomes| outcomes.is_the_control);
        let variant = |outcomes: &Outcomes| {
            let (proportion, sample) = (outcomes.proportion(), outcomes.sample());
            let control = control.filter(|_| !outcomes.is_the_control);
            let conversion_difference = control.and_then(|control| proportion.difference(control.proportion()));
            let watched_hours_difference = control.and_then(|control| Some(sample?.difference(control.sample()?)));
            VariantReadout {
                name: outcomes.name.clone(),
                is_control: outcomes.is_the_control,
                profiles: outcomes.profiles,
                pending: outcomes.pending,
                converted: outcomes.converted,
                conversion: proportion.share().map(Estimate::rounded),
                watched_hours: sample.map(|sample| sample.estimate().rounded()),
                conversion_difference: conversion_difference.map(Estimate::rounded),
                watched_hours_difference: watched_hours_difference.map(Estimate::rounded),
            }
        };
        let variants: Vec<VariantReadout> = outcomes.iter().map(variant).collect();
        Some(Self { experiment, days: DAYS, variants }).filter(|readout| !readout.variants.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcomes(name: &str, is_the_control: bool, (converted, profiles): (u64, u64)) -> Outcomes {
        let hour: u64 = 3_600_000;
        Outcomes {
            name: name.to_owned(),
            is_the_control,
            pending: 3,
            profiles,
            converted,
            // Everybody who began watched an hour.
            watched_ms: converted * hour,
            sum_of_squares: u128::from(converted) * u128::from(hour).pow(2),
        }
    }

    #[test]
    fn variants_are_compared_with_the_control() {
        let all = vec![outcomes("as-usual", true, (48, 80)), outcomes("darker", false, (56, 70))];
        let readout = serde_json::to_value(ExperimentReadout::new("a".to_owned(), all)).unwrap();
        assert_eq!((&readout["experiment"], &readout["days"]), (&json!("a"), &json!(7)));
        let [control, darker] = [&readout["variants"][0], &readout["variants"][1]];
        assert_eq!((&control["is_control"], &control["pending"]), (&json!(true), &json!(3)));
        assert!(control.get("conversion_difference").is_none() && control.get("watched_hours_difference").is_none());
        assert_eq!(control["conversion"], json!({"value": 0.6, "low": 0.4905, "high": 0.7004}));
        assert_eq!(darker["conversion_difference"], json!({"value": 0.2, "low": 0.0524, "high": 0.3339}));
        assert_eq!(darker["watched_hours_difference"]["value"], json!(0.2));
    }

    #[test]
    fn too_few_profiles_have_no_figure() {
        assert_eq!(ExperimentReadout::new("a".to_owned(), vec![]), None);
        let all = vec![outcomes("as-usual", true, (0, 0)), outcomes("darker", false, (1, 1))];
        let readout = serde_json::to_value(ExperimentReadout::new("a".to_owned(), all)).unwrap();
        assert!(readout["variants"][0].get("conversion").is_none());
        let darker = &readout["variants"][1];
        assert_eq!(darker["conversion"]["value"], json!(1.0));
        for figure in ["watched_hours", "conversion_difference", "watched_hours_difference"] {
            assert!(darker.get(figure).is_none(), "{figure}");
        }
        // A control that served nobody whose figures are left: there is nothing to compare with.
        let alone = ExperimentReadout::new("a".to_owned(), vec![outcomes("darker", false, (5, 9))]);
        let alone = serde_json::to_value(alone).unwrap();
        assert!(alone["variants"][0].get("conversion_difference").is_none());
    }
}
