//! Runs one side of a row of `adapters` and nothing else, for a profiler or a tracer.
//!
//! `cargo run --example adapters -- tokio ours "1 KiB echo" 1000`; without arguments, one raw echo on
//! tokio. The peer is a process of its own, this program as `peer`, so that it is not counted; with `at`
//! and an address at the end one that was started before, and with `still` there is none: the stream
//! is always ready, and nothing ever waits.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use wirescript_benches::adapters::{Runtime, Side, Work, calls, client, serve};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => run(Runtime::Tokio, Side::Raw, Work::ECHO, 1),
        ["peer", work] => peer(named(work, Work::ALL, |work| work.name.to_owned())),
        [runtime, side, work, times, how @ ..] => {
            let runtime = named(runtime, Runtime::ALL, |runtime| runtime.to_string());
            let side =
                named(side, [Side::Raw, Side::Ours], |side| format!("{side:?}").to_lowercase());
            let work = named(work, Work::ALL, |work| work.name.to_owned());
            let times = times.parse().expect("a number");
            match how {
                [] => run(runtime, side, work, times),
                ["at", addr] => {
                    client(runtime, side, work, addr.parse().expect(AN_ADDRESS))(times);
                }
                ["still"] => {
                    let _ = calls(runtime, side, work, times);
                }
                _ => panic!("{USAGE}"),
            }
        }
        _ => panic!("{USAGE}"),
    }
}

const USAGE: &str =
    "usage: adapters [peer WORK | RUNTIME raw|ours WORK TIMES [at ADDRESS | still]]";

const AN_ADDRESS: &str = "an address";

fn named<T: Copy, const N: usize>(name: &str, all: [T; N], name_of: impl Fn(T) -> String) -> T {
    let found = all.into_iter().find(|one| name_of(*one) == name);
    found.unwrap_or_else(|| panic!("`{name}` is none of {:?}", all.map(name_of)))
}

fn run(runtime: Runtime, side: Side, work: Work, times: usize) {
    let (mut child, addr) = start_peer(work);
    client(runtime, side, work, addr)(times);
    // It serves until nobody writes to it.
    drop(child.stdin.take());
    child.wait().expect("it was started");
}

fn start_peer(work: Work) -> (Child, SocketAddr) {
    let mut command = Command::new(std::env::current_exe().expect("this runs"));
    command.args(["peer", work.name]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().expect("it can be run again");
    let mut said = String::new();
    let told = child.stdout.take().expect("it is piped");
    BufReader::new(told).read_line(&mut said).expect("it says where it listens");
    (child, said.trim().parse().expect(AN_ADDRESS))
}

#[expect(clippy::print_stdout, reason = "it tells whoever started it where it is")]
fn peer(work: Work) {
    println!("{}", serve(work));
    std::io::stdout().flush().expect("somebody reads it");
    let _ = std::io::stdin().read(&mut [0]);
}
