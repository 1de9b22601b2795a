//! The whole frame of a test: body, end and verdict in one.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Instant;

use super::{Report, Verifier};

/// Runs the body of a test with a verifier of its own, and judges it.
///
/// The body and the verdict are polled together, so the test ends at the first violation: a client
/// that tries again for ever cannot hide it. When the body is through, the clients get the time to
/// let go that [`Verifier::finish`] gives them, and all is judged. The body may return nothing or a
/// `Result`; an `Err` of its own is handed on untouched, with the verdict on stderr. The whole has
/// the verifier's deadline, 60 s of real time.
///
/// It needs no runtime of its own: await it in any test, or give it to `block_on`.
///
/// ```
/// use wirescript::{AsyncSocketExt, Connect, Endpoint, run};
///
/// # fn main() -> std::io::Result<()> {
/// futures::executor::block_on(run(async |verifier| {
///     let net = verifier.socket();
///     net.new_session().expect_connect("echo:7").expect_send_all(b"hi").expect_recv(b"hi");
///
///     let mut socket = net.connect(&Endpoint::new("echo", 7)).await?;
///     socket.send_all(b"hi").await?;
///     let mut reply = [0; 2];
///     socket.recv_exact(&mut reply).await?;
///     assert_eq!(&reply, b"hi");
///     std::io::Result::Ok(())
/// }))
/// # }
/// ```
///
/// # Panics
///
/// With the [`Report`], if the verdict is against the test and its body did not fail by itself. A
/// panic of the body stays what it is; the violations then go to stderr.
pub async fn run<F, T>(body: F) -> T
where
    F: AsyncFnOnce(&Verifier) -> T,
    T: RunOutcome,
{
    run_with(Verifier::new(), body).await
}

/// [`run`] with a verifier that was set up.
pub(crate) async fn run_with<F, T>(verifier: Verifier, body: F) -> T
where
    F: AsyncFnOnce(&Verifier) -> T,
    T: RunOutcome,
{
    let deadline = Instant::now() + verifier.shared().settings.deadline;
    let ended = {
        let mut body = pin!(body(&verifier));
        poll_fn(|cx| {
            // Asked before the body is polled: what it does may wake this task at once.
            let watched = verifier.shared().poll_violation(deadline, cx);
            if let Poll::Ready(outcome) = body.as_mut().poll(cx) {
                return Poll::Ready(Ended::Returned(outcome));
            }
            if watched.is_ready() || verifier.shared().poll_violation(deadline, cx).is_ready() {
                return Poll::Ready(Ended::Strayed);
            }
            if Instant::now() >= deadline {
                return Poll::Ready(Ended::TookTooLong);
            }
            Poll::Pending
        })
        .await
    };
    match ended {
        Ended::Returned(outcome) => {
            // A body that failed by itself may have left anything behind; nothing will settle.
            if !outcome.is_failure() {
                verifier.settle().await;
            }
            match verifier.conclude() {
                Err(report) if outcome.is_failure() => eprintln!("{report}"),
                Err(report) => verifier.fail(&report),
                Ok(()) => {}
            }
            outcome
        }
        Ended::Strayed => match verifier.conclude() {
            Err(report) => verifier.fail(&report),
            Ok(()) => unreachable!("violations are never taken back"),
        },
        Ended::TookTooLong => {
            let report = verifier.conclude().err().unwrap_or_else(Report::nothing);
            verifier.fail(&report.past_deadline());
        }
    }
}

enum Ended<T> {
    Returned(T),
    Strayed,
    TookTooLong,
}

/// What the body of [`run`] may return: nothing, or a `Result`.
pub trait RunOutcome: sealed::Sealed {
    /// Whether the body says that it failed.
    #[doc(hidden)]
    fn is_failure(&self) -> bool;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for () {}
    impl<T, E> Sealed for Result<T, E> {}
}

impl RunOutcome for () {
    fn is_failure(&self) -> bool {
        false
    }
}

impl<T, E> RunOutcome for Result<T, E> {
    fn is_failure(&self) -> bool {
        self.is_err()
    }
}

impl Verifier {
    /// Runs the body of a test with this verifier, as [`run`] does with one of its own.
    ///
    /// # Panics
    ///
    /// As [`run`] does.
    pub async fn run<F, T>(self, body: F) -> T
    where
        F: AsyncFnOnce(&Self) -> T,
        T: RunOutcome,
    {
        run_with(self, body).await
    }
}
