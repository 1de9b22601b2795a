//! Every adapter beside the raw stream of its runtime, over loopback, in the same run.
//!
//! `cargo bench --package wirescript-benches --bench adapters`, with words to choose rows. A row is
//! held if its median lies within the spread of the raw stream: below its upper quartile. It fails
//! if a row is not held, or if an adapter makes other calls of its stream than its runtime does.
//! With `--control` the raw stream is beside itself: what is then not held, is so by chance.
//!
//! All of it runs on one core. What is allocated is in `memory`, what a profiler counts in the example
//! `adapters`.

use std::process::ExitCode;

use wirescript_benches::adapters::{Runtime, Side, Work, calls, client, serve};
use wirescript_benches::compare::Comparison;
use wirescript_benches::cores::keep_to_one;

fn main() -> ExitCode {
    keep_to_one();
    let mut comparison = Comparison::from_args();
    let is_control = std::env::args().any(|arg| arg == "--control");
    let beside = if is_control { Side::Raw } else { Side::Ours };
    for work in Work::ALL {
        for runtime in Runtime::ALL {
            same_calls(runtime, work);
            let subject = format!("{runtime}, {}", work.name);
            if comparison.wants(&subject) {
                let work = if comparison.is_smoke() { work.little() } else { work.part() };
                let addr = serve(work);
                let side = |side| move || client(runtime, side, work, addr);
                let (ours, raw) = (side(beside), side(Side::Raw));
                comparison.row_within_spread(&subject, "the raw stream", ours, raw);
            }
        }
    }
    comparison.conclude()
}

/// The same reads and writes reach the stream, whichever verbs they are made with.
fn same_calls(runtime: Runtime, work: Work) {
    const TIMES: usize = 3;
    if work.sends > 0 {
        let [raw, ours] = [Side::Raw, Side::Ours].map(|side| calls(runtime, side, work, TIMES));
        assert_eq!(ours, raw, "{runtime}, {}", work.name);
    }
}
