//! What calls cost.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Function, lambda::accepted};

/// How long each of some calls took, and the CPU time of all.
#[derive(Debug, Default, Clone)]
pub struct Costs {
    times: Vec<Duration>,
    cpu: Duration,
}

impl Costs {
    /// One call more.
    pub fn add(&mut self, time: Duration, cpu: Duration) {
        self.times.push(time);
        self.cpu += cpu;
    }

    /// CPU time that calls took together, where nobody looked at it call by call.
    pub fn spend(&mut self, cpu: Duration) {
        self.cpu += cpu;
    }

    /// The calls of others too.
    pub fn extend(&mut self, others: &Costs) {
        self.times.extend_from_slice(&others.times);
        self.cpu += others.cpu;
    }

    /// Invokes a function and counts the call; the body of its answer.
    ///
    /// # Errors
    /// What the function said when it did not accept the request.
    pub async fn call(&mut self, function: &mut Function, payload: &Value) -> Result<Value, String> {
        let (before, begun) = (function.cpu(), Instant::now());
        let answer = function.invoke(payload).await;
        self.add(begun.elapsed(), function.cpu().saturating_sub(before));
        accepted(answer)
    }

    /// How many calls there were.
    pub fn calls(&self) -> usize {
        self.times.len()
    }

    /// How many a second of CPU is enough for.
    pub fn per_cpu_second(&self) -> f64 {
        self.calls() as f64 / self.cpu.as_secs_f64()
    }

    /// CPU time of a call in ms, the mean.
    pub fn cpu_ms(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.calls() as f64
    }

    /// The time in ms that so many per cent of the calls did not take longer than; 0 without calls.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let mut times = self.times.clone();
        times.sort_unstable();
        let last = times.len().saturating_sub(1);
        times.get((times.len() * percent / 100).min(last)).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
    }

    /// A row of a table: the name, how many per CPU-second, the CPU time of each, and the percentiles, all in ms.
    pub fn row(&self, name: &str, percentiles: &[usize]) -> String {
        let percentiles: String =
            percentiles.iter().map(|percent| format!(" {:.2} |", self.percentile_ms(*percent))).collect();
        format!("| {name} | {:.0} | {:.2} |{percentiles}", self.per_cpu_second(), self.cpu_ms())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::cpu;

    #[test]
    fn percentiles_are_of_times_in_order() {
        let mut costs = Costs::default();
        assert_eq!(costs.percentile_ms(95), 0.0);
        for ms in (1..=100).rev() {
            costs.add(Duration::from_millis(ms), Duration::from_millis(2));
        }
        assert_eq!((costs.percentile_ms(50), costs.percentile_ms(95), costs.percentile_ms(100)), (51.0, 96.0, 100.0));
        assert_eq!(costs.row("call", &[50]), "| call | 500 | 2.00 | 51.00 |");
        assert!(cpu(std::process::id()) > Duration::ZERO);
        assert!((costs.cpu_ms() - 2.0).abs() < 1e-9 && (costs.per_cpu_second() - 500.0).abs() < 1e-9);
    }
}
