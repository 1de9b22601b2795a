//! Comparing a subject with its reference: in one process, in turns, as a ratio.
//!
//! Whatever slows the machine down meanwhile slows both; turns are short, so that most of them are
//! not interrupted, and a row is judged by the medians. It knows nothing of what it runs.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// A turn runs as many iterations as take at least this long, which is little beside the time that a
/// busy system lets a thread run.
const TURN: Duration = Duration::from_micros(200);
/// As many pairs of turns are run at most ...
const MOST_PAIRS: usize = 2001;
/// ... and at least, even if they take longer than ...
const LEAST_PAIRS: usize = 7;
/// ... this.
const BUDGET: Duration = Duration::from_secs(3);

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

/// Times `run`, which does so many iterations by itself.
pub fn iterated(mut run: impl FnMut(usize)) -> impl Side {
    move |iterations| {
        let begun = Instant::now();
        run(iterations);
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
    pub fn row(&mut self, row: Row<'_>, subject: impl Side, reference: impl Side) {
        self.print(row, subject, reference, false, |_| row.hold);
    }

    /// The same of two sides that do the same, held if the median of the subject is below the upper
    /// quartile of the reference.
    pub fn row_within_spread(
        &mut self,
        subject: &str,
        reference: &str,
        of_subject: impl Side,
        of_reference: impl Side,
    ) {
        let row = Row { subject, reference, hold: None, aim: None };
        self.print(row, of_subject, of_reference, true, |measured| Some(measured.spread));
    }

    fn print(
        &mut self,
        row: Row<'_>,
        mut subject: impl Side,
        mut reference: impl Side,
        are_alike: bool,
        hold: impl FnOnce(&Ratios) -> Option<f64>,
    ) {
        if !self.wants(row.subject) {
            return;
        }
        if self.is_smoke {
            subject(1);
            reference(1);
            println!("{}: runs, and so does {}", row.subject, row.reference);
            return;
        }
        let measured = measure(&mut subject, &mut reference, are_alike);
        let hold = hold(&measured);
        let verdict = match hold {
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
            Limit(hold),
            Limit(row.aim),
        );
    }

    /// Whether every row was held.
    pub fn conclude(self) -> ExitCode {
        if self.missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

/// The ratios of subject to reference.
struct Ratios {
    medians: f64,
    minima: f64,
    /// That of the reference's upper quartile to its median.
    spread: f64,
}

/// Sides that are alike have turns of as many iterations: so what a turn costs once, such as waking
/// whoever is at the other end, is as small a part of both.
fn measure(subject: &mut impl Side, reference: &mut impl Side, are_alike: bool) -> Ratios {
    let mut iterations = [iterations(subject), iterations(reference)];
    if are_alike {
        iterations = [iterations[0].max(iterations[1]); 2];
    }
    let mut times = [Vec::new(), Vec::new()];
    let begun = Instant::now();
    for pair in 0..MOST_PAIRS {
        if pair >= LEAST_PAIRS && begun.elapsed() > BUDGET {
            break;
        }
        // Whoever comes second finds the caches as the other left them; so each comes second.
        for turn in [pair % 2, (pair + 1) % 2] {
            let took = match turn {
                0 => subject(iterations[0]),
                _ => reference(iterations[1]),
            };
            times[turn].push(took.as_secs_f64() / iterations[turn] as f64);
        }
    }
    for side in &mut times {
        side.sort_by(f64::total_cmp);
    }
    let [subject, reference] = times;
    let middle = subject.len() / 2;
    Ratios {
        medians: subject[middle] / reference[middle],
        minima: subject[0] / reference[0],
        spread: reference[middle + middle / 2] / reference[middle],
    }
}

/// How many iterations of a side take a turn.
fn iterations(side: &mut impl Side) -> usize {
    let mut iterations = 1;
    while side(iterations) < TURN {
        iterations *= 2;
    }
    iterations
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
