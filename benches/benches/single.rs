//! The same rows one by one, for looking closer at one of them.
//!
//! `cargo bench --package wirescript-benches --bench single`, with a word to choose.

use divan::Bencher;
use futures::executor::block_on;
use wirescript::Verifier;
use wirescript_benches::stream::{self, READ, STEP};
use wirescript_benches::{scale, session};

fn main() {
    divan::main();
}

mod one_session {
    use super::*;

    #[divan::bench]
    fn scripted(bencher: Bencher<'_, '_>) {
        let to = session::endpoint();
        bencher.bench(|| block_on(session::scripted(&to)));
    }

    #[divan::bench]
    fn tokio_test() {
        block_on(session::tokio_test());
    }
}

mod reads {
    use super::*;

    #[divan::bench]
    fn scripted(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(stream::scripted_reads)
            .bench_values(|made| block_on(made.receive::<STEP>()));
    }

    #[divan::bench]
    fn tokio_test(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(stream::tokio_test_reads)
            .bench_values(|made| block_on(stream::tokio_test_receive(made)));
    }
}

mod writes {
    use super::*;

    #[divan::bench]
    fn scripted(bencher: Bencher<'_, '_>) {
        let step = stream::step();
        bencher
            .with_inputs(stream::scripted_writes)
            .bench_values(|made| block_on(made.send(&step)));
    }

    #[divan::bench]
    fn tokio_test(bencher: Bencher<'_, '_>) {
        let step = stream::step();
        bencher
            .with_inputs(stream::tokio_test_writes)
            .bench_values(|made| block_on(stream::tokio_test_send(made, &step)));
    }
}

mod large_step {
    use super::*;

    #[divan::bench]
    fn scripted(bencher: Bencher<'_, '_>) {
        bencher
            .with_inputs(stream::scripted_large)
            .bench_values(|made| block_on(made.receive::<READ>()));
    }

    #[divan::bench]
    fn duplex(bencher: Bencher<'_, '_>) {
        let data = vec![b'x'; stream::LARGE];
        bencher.bench(|| block_on(stream::pipe(&data)));
    }
}

#[divan::bench(args = [100, 1_000, 10_000])]
fn long_script(steps: usize) -> Verifier {
    scale::long_script(steps)
}

#[divan::bench(args = [100, 1_000])]
fn many_sessions(sessions: usize) -> Verifier {
    scale::many_sessions(sessions)
}
