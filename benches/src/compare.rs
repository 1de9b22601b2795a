//! Comparing a subject with its reference: in one process, in turns, as a ratio.
//!
//! A row is judged by the medians. How turns are run is in `turns`; this knows nothing of what runs.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::turns::{Ratios, Turns};

/// How often two sides that are alike are compared before it is said that they are not.
const ATTEMPTS: usize = 3;

/// One side of a comparison: runs so many iterations, and says how long that took of what counts.
pub trait Side: FnMut(usize) -> Duration {}

impl<F: FnMut(usize) -> Duration> Side for F {}

/// Times `run` on what `make` makes, which is not timed; nor is dropping what it returns.
pub fn timed<T, R>(mut make: impl FnMut() -> T, mut run: impl FnMut(T) -> R) -> impl Side {
    move |iterations| {
        let mut total = Duration::ZERO;
        for _ in 0..iterations {
            let made = make();
            let begun = Instant::now();
            let left = run(made);
            total += begun.elapsed();
            drop(left);
        }
        total
    }
}

/// Times `run` as a whole.
pub fn whole(mut run: impl FnMut()) -> impl Side {
    move |iterations| {
        let begun = Instant::now();
        for _ in 0..iterations {
            run();
        }
        begun.elapsed()
    }
}

/// One row: what it is called, what it is compared with, and what its ratio may be.
#[derive(Clone, Copy, Debug)]
pub struct Row<'n> {
    /// What is measured.
    pub subject: &'n str,
    /// What it is compared with.
    pub reference: &'n str,
    /// The ratio that must not be exceeded.
    pub hold: Option<f64>,
    /// The ratio that would be good.
    pub aim: Option<f64>,
}

/// All rows of one run, printed as they come.
#[derive(Debug)]
pub struct Comparison {
    is_smoke: bool,
    filter: Vec<String>,
    missed: usize,
}

impl Comparison {
    /// One as the command line has it: rows whose names contain one of the words, all without any;
    /// once each and without figures unless cargo says `--bench`.
    pub fn from_args() -> Self {
        let (options, filter): (Vec<_>, Vec<_>) =
            std::env::args().skip(1).partition(|arg| arg.starts_with('-'));
        let is_smoke = !options.iter().any(|option| option == "--bench");
        if !is_smoke {
            println!("| subject | reference | medians | minima | hold | aim | |");
            println!("|---|---|---|---|---|---|---|");
        }
        Self { is_smoke, filter, missed: 0 }
    }

    /// `size`, or little of it where the rows are only to be seen to work.
    pub fn size(&self, size: usize) -> usize {
        if self.is_smoke { size.div_ceil(1000).max(10) } else { size }
    }

    /// Whether the rows are only to be seen to work.
    pub fn is_smoke(&self) -> bool {
        self.is_smoke
    }

    /// Whether a row of this name is chosen.
    pub fn wants(&self, subject: &str) -> bool {
        self.filter.is_empty() || self.filter.iter().any(|word| subject.contains(word.as_str()))
    }

    /// Runs both sides in turns and prints their ratio.
    pub fn row(&mut self, row: Row<'_>, mut subject: impl Side, mut reference: impl Side) {
        let both = || _ = (subject(1), reference(1));
        if self.is_timed(row.subject, row.reference, both) {
            self.judge(row, Turns::of(subject, reference).ratios());
        }
    }

    /// The same of two sides that do the same: held if the median of the subject lies within the
    /// reference's own spread, below its upper quartile.
    ///
    /// A median is not exact. One of two sides that are the same is above the other's quartile now
    /// and then, the more so the narrower the spread is and the more else the machine does. So who
    /// misses is measured again, on what is made anew, and is not held only if it always misses:
    /// what comes by chance once in ten times comes once in a thousand, and what is slower indeed
    /// stays so.
    pub fn row_within_spread<S: Side, R: Side>(
        &mut self,
        subject: &str,
        reference: &str,
        mut make_subject: impl FnMut() -> S,
        mut make_reference: impl FnMut() -> R,
    ) {
        let both = || _ = (make_subject()(1), make_reference()(1));
        if !self.is_timed(subject, reference, both) {
            return;
        }
        let mut measure = || Turns::of_alike(&mut make_subject, &mut make_reference).ratios();
        let mut measured = measure();
        for _ in 1..ATTEMPTS {
            if measured.medians > measured.spread {
                measured = measure();
            }
        }
        let hold = Some(measured.spread);
        self.judge(Row { subject, reference, hold, aim: None }, measured);
    }

    /// Whether the row is chosen, and not only to be seen to work: then that is done.
    fn is_timed(&self, subject: &str, reference: &str, both: impl FnOnce()) -> bool {
        if !self.wants(subject) {
            return false;
        }
        if self.is_smoke {
            both();
            println!("{subject}: runs, and so does {reference}");
        }
        !self.is_smoke
    }

    fn judge(&mut self, row: Row<'_>, measured: Ratios) {
        let verdict = match row.hold {
            Some(hold) if measured.medians > hold => {
                self.missed += 1;
                "NOT held"
            }
            _ if row.aim.is_some_and(|aim| measured.medians <= aim) => "reached",
            Some(_) => "held",
            None => "",
        };
        println!(
            "| {} | {} | {:.2} | {:.2} | {} | {} | {verdict} |",
            row.subject,
            row.reference,
            measured.medians,
            measured.minima,
            Limit(row.hold),
            Limit(row.aim),
        );
    }

    /// Whether every row was held.
    pub fn conclude(self) -> ExitCode {
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

struct Limit(Option<f64>);

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(limit) => write!(f, "{limit:.2}"),
            None => Ok(()),
        }
    }
}
