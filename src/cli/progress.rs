//! What a person at the terminal sees while something takes its time: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

pub struct Progress {
    bar: ProgressBar,
    plain: bool,
}

const STEPS: &str = "{spinner} {msg:28} {wide_bar} {pos}/{len}";
const ROWS: &str = "{spinner} {msg} {wide_bar} {human_pos}/{human_len}  {per_sec}  {eta} left";
const WAITING: &str = "{spinner} {msg} {elapsed}";

impl Progress {
    fn new(length: Option<u64>, style: &str) -> Progress {
        let plain = !std::io::stderr().is_terminal();
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        if plain {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let progress = Progress { bar, plain };
        progress.style(style);
        progress.bar.enable_steady_tick(Duration::from_millis(120));
        progress
    }

    fn style(&self, text: &str) {
        if let Ok(style) = ProgressStyle::with_template(text) {
            self.bar.set_style(style);
        }
    }

    /// For so many things to do.
    pub fn steps(count: u64) -> Progress {
        Progress::new(Some(count), STEPS)
    }

    /// For so many rows to send.
    pub fn rows(count: u64) -> Progress {
        Progress::new(Some(count), ROWS)
    }

    /// For what has no measure.
    pub fn waiting() -> Progress {
        Progress::new(None, WAITING)
    }

    /// Where it begins, when some of it was done before.
    pub fn begin_at(&self, position: u64) {
        self.bar.set_position(position);
        self.bar.reset_eta();
    }

    /// Lines only: where a log runs through the same terminal.
    pub fn lines() -> Progress {
        Progress { bar: ProgressBar::hidden(), plain: true }
    }

    /// Nothing at all.
    pub fn silent() -> Progress {
        Progress { bar: ProgressBar::hidden(), plain: false }
    }

    /// What is being done now.
    pub fn now(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    pub fn advance(&self, by: u64) {
        self.bar.inc(by);
    }

    /// A line that stays.
    pub fn say(&self, text: &str) {
        if self.plain {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// A line for where there is no bar.
    pub fn line(&self, text: &str) {
        if self.plain {
            eprintln!("{text}");
        }
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }
}
