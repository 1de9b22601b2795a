//! Runs one side of the session row and nothing else, for a profiler.
//!
//! `cargo run --example profile -- tokio-test 1000`; without arguments, one scripted session.

use futures::executor::block_on;
use wirescript_benches::session;

fn main() {
    let mut args = std::env::args().skip(1);
    let side = args.next().unwrap_or_else(|| "scripted".to_owned());
    let sessions: usize = args.next().map_or(1, |count| count.parse().expect("a number"));
    let to = session::endpoint();
    for _ in 0..sessions {
        match side.as_str() {
            "scripted" => block_on(session::scripted(&to)),
            "tokio-test" => block_on(session::tokio_test()),
            other => panic!("there is no side `{other}`"),
        }
    }
}
