//! What the developer sees while something takes longer than two seconds: bars on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

const REFRESH: Duration = Duration::from_millis(120);

/// Where progress goes.
pub struct Progress {
    output: Output,
}

enum Output {
    Bars(MultiProgress),
    Lines,
    Nothing,
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress {
    /// Bars when stderr is a terminal, otherwise one line when a task begins and one when it ends.
    pub fn new() -> Self {
        let output = if std::io::stderr().is_terminal() { Output::Bars(MultiProgress::new()) } else { Output::Lines };
        Self { output }
    }

    /// Says nothing at all.
    pub fn quiet() -> Self {
        Self { output: Output::Nothing }
    }

    /// A line that stays.
    pub fn say(&self, line: impl AsRef<str>) {
        let line = line.as_ref();
        match &self.output {
            // A line that cannot be shown is no reason to stop.
            Output::Bars(bars) => drop(bars.println(line)),
            Output::Lines => eprintln!("{line}"),
            Output::Nothing => {}
        }
    }

    /// Begins a task; it ends with [`Task::done`], or without success when it is dropped.
    pub fn task(&self, name: impl Into<String>) -> Task {
        let name = name.into();
        let bar = match &self.output {
            Output::Bars(bars) => {
                let bar = bars.add(ProgressBar::no_length());
                bar.set_style(style("  {spinner} {prefix:<22} {elapsed:>4}  {wide_msg}"));
                bar.set_prefix(name.clone());
                bar.enable_steady_tick(REFRESH);
                Some(bar)
            }
            Output::Lines => {
                eprintln!("  … {name}");
                None
            }
            Output::Nothing => None,
        };
        let loud = !matches!(self.output, Output::Nothing);
        Task { name, bar, loud, begun: Instant::now(), ended: Mutex::new(false) }
    }
}

/// One task under way.
pub struct Task {
    name: String,
    bar: Option<ProgressBar>,
    loud: bool,
    begun: Instant,
    ended: Mutex<bool>,
}

impl Task {
    /// What is being done right now; only shown on a terminal.
    pub fn note(&self, text: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.into());
        }
    }

    /// A sign of life where there is no terminal.
    pub fn heartbeat(&self, text: &str) {
        if self.bar.is_none() && self.loud {
            eprintln!("    {} {:>5.0} s  {text}", self.name, self.begun.elapsed().as_secs_f64());
        }
    }

    /// Turns the spinner into a bar of so many steps.
    pub fn steps(&self, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_style(style("  {spinner} {prefix:<22} {elapsed:>4}  [{bar:24}] {pos}/{len} {wide_msg}"));
        }
    }

    /// One step more is done.
    pub fn step(&self) {
        if let Some(bar) = &self.bar {
            bar.inc(1);
        }
    }

    /// So many steps are done in all.
    pub fn at(&self, position: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(position);
        }
    }

    /// The task succeeded; `text` says with what.
    pub fn done(&self, text: impl AsRef<str>) {
        self.end('✓', text.as_ref());
    }

    fn end(&self, mark: char, text: &str) {
        let mut ended = self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if std::mem::replace(&mut *ended, true) {
            return;
        }
        let line = format!("  {mark} {:<22} {:>5.1} s  {text}", self.name, self.begun.elapsed().as_secs_f64());
        match &self.bar {
            Some(bar) => {
                bar.set_style(style("{msg}"));
                bar.finish_with_message(line.trim_end().to_owned());
            }
            None if self.loud => eprintln!("{}", line.trim_end()),
            None => {}
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.end('✗', "");
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates above are constants: a broken one falls back to the plain bar.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━╸ ")
}
