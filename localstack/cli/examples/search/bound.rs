//! What the figures may be.

/// What was found to be over its bound.
#[derive(Default)]
pub struct Bounds {
    over: Vec<String>,
}

impl Bounds {
    /// A figure that may not be greater.
    pub fn at_most(&mut self, what: &str, unit: &str, is: f64, bound: f64) {
        self.check(is <= bound, format!("{what}: {is:.2} of {bound} {unit}"));
    }

    /// A figure that may not be smaller.
    pub fn at_least(&mut self, what: &str, unit: &str, is: f64, bound: f64) {
        self.check(is >= bound, format!("{what}: {is:.0} of {bound} {unit}"));
    }

    fn check(&mut self, holds: bool, line: String) {
        if !holds {
            self.over.push(line);
        }
    }

    pub fn print(&self) {
        println!(
            "\nover its bound: {}",
            if self.over.is_empty() { "nothing".to_owned() } else { self.over.join("; ") }
        );
    }
}
