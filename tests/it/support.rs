//! What the tests share: runtimes to run on, and a client.

use std::future::Future;
use std::io;
use std::time::Duration;

use wirescript::{AsyncSocketExt, Connect, Endpoint, Verifier};

/// Long enough for any machine to make progress in, short enough to run out in a test.
pub(crate) const SHORT: Duration = Duration::from_millis(100);

/// A verifier whose patience runs out in a test.
pub(crate) fn impatient() -> Verifier {
    Verifier::builder().patience(SHORT).build()
}

/// Runs each body under every kind of runtime: none at all, both of tokio's, tokio with its clock
/// paused, and on a thread that is not the test's.
macro_rules! everywhere {
    ($($(#[$attribute:meta])* async fn $name:ident() $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, reason = "one list for all bodies")]
            use super::*;

            $(#[$attribute])*
            async fn body() $body

            #[test]
            fn without_a_runtime() {
                futures::executor::block_on(body());
            }

            #[test]
            fn on_another_thread() {
                let test = std::thread::spawn(|| futures::executor::block_on(body()));
                if let Err(panic) = test.join() {
                    std::panic::resume_unwind(panic);
                }
            }

            #[tokio::test]
            async fn on_tokio() {
                body().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn on_tokio_multi_thread() {
                body().await;
            }

            #[tokio::test(start_paused = true)]
            async fn on_tokio_with_time_paused() {
                body().await;
            }
        }
    )+};
}
pub(crate) use everywhere;

/// Runs `task` beside the test: as a task where there is a runtime, on a thread where there is none.
pub(crate) fn spawn<T: Send + 'static>(
    task: impl Future<Output = T> + Send + 'static,
) -> impl Future<Output = T> {
    let (done, wait) = futures::channel::oneshot::channel();
    let task = async move {
        let _ = done.send(task.await);
    };
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn(task)),
        Err(_) => drop(std::thread::spawn(|| futures::executor::block_on(task))),
    }
    async { wait.await.expect("the task does not panic") }
}

/// The client of the README.
pub(crate) async fn fetch_status<C: Connect>(net: &C, host: &str, port: u16) -> io::Result<String> {
    let mut socket = net.connect(&Endpoint::new(host, port)).await?;
    socket.send_all(b"STATUS\r\n").await?;
    let reply = socket.recv_to_end(4096).await?;
    socket.disconnect().await?;
    Ok(String::from_utf8_lossy(&reply).into_owned())
}

/// A connection to the endpoint that most scripts here expect.
pub(crate) async fn connect<C: Connect>(net: &C) -> C::Socket {
    net.connect(&Endpoint::new("peer", 1)).await.expect("the script lets the client connect")
}
