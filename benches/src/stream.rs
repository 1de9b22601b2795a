//! Much data in few steps, both ways; only running it is timed.

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use wirescript::scripted::ScriptedSocket;
use wirescript::{AsyncSocketExt, Verifier};

/// The bytes of one step.
pub const STEP: usize = 16 * 1024;
/// How many steps there are.
pub const STEPS: usize = 256;
/// The bytes of the one large step.
pub const LARGE: usize = STEP * STEPS;
/// The bytes of one of the reads that drain it.
pub const READ: usize = 1024;
/// The buffer of tokio's pipe.
const PIPE: usize = 64 * 1024;

/// A scripted socket with the verifier that judges it.
#[derive(Debug)]
pub struct Scripted {
    socket: ScriptedSocket,
    _verifier: Verifier,
}

/// What every step says or hears.
pub fn step() -> Bytes {
    (0..STEP).map(|at| at as u8).collect()
}

/// A socket whose peer says all the steps.
pub fn scripted_reads() -> Scripted {
    let (verifier, step) = (Verifier::new(), step());
    let mut script = verifier.socket().new_session().expect_recv(&step);
    for _ in 1..STEPS {
        script = script.expect_recv(&step);
    }
    Scripted { socket: script.into_socket(), _verifier: verifier }
}

/// A socket whose peer hears all the steps.
pub fn scripted_writes() -> Scripted {
    let (verifier, step) = (Verifier::new(), step());
    let mut script = verifier.socket().new_session().expect_send_all(&step);
    for _ in 1..STEPS {
        script = script.expect_send_all(&step);
    }
    Scripted { socket: script.into_socket(), _verifier: verifier }
}

/// A socket whose peer says everything in one step.
pub fn scripted_large() -> Scripted {
    let verifier = Verifier::new();
    let script = verifier.socket().new_session().expect_recv(vec![b'x'; LARGE]);
    Scripted { socket: script.into_socket(), _verifier: verifier }
}

/// The same as [`scripted_reads`] in tokio-test.
pub fn tokio_test_reads() -> tokio_test::io::Mock {
    let (mut builder, step) = (tokio_test::io::Builder::new(), step());
    for _ in 0..STEPS {
        builder.read(&step);
    }
    builder.build()
}

/// The same as [`scripted_writes`] in tokio-test.
pub fn tokio_test_writes() -> tokio_test::io::Mock {
    let (mut builder, step) = (tokio_test::io::Builder::new(), step());
    for _ in 0..STEPS {
        builder.write(&step);
    }
    builder.build()
}

impl Scripted {
    /// Receives everything, `N` bytes at a time.
    #[must_use = "dropping it takes time that is not to be counted"]
    pub async fn receive<const N: usize>(mut self) -> Self {
        let mut buffer = [0; N];
        for _ in 0..LARGE / N {
            let received = self.socket.recv(&mut buffer).await.expect("it is scripted");
            assert_eq!(received, N);
        }
        self
    }

    /// Sends `step` so often as there are steps.
    #[must_use = "dropping it takes time that is not to be counted"]
    pub async fn send(mut self, step: &[u8]) -> Self {
        for _ in 0..STEPS {
            self.socket.send_all(step).await.expect("it is scripted");
        }
        self
    }
}

/// Receives every step from tokio-test.
pub async fn tokio_test_receive(mut socket: tokio_test::io::Mock) -> tokio_test::io::Mock {
    let mut buffer = [0; STEP];
    for _ in 0..STEPS {
        let received = socket.read(&mut buffer).await.expect("it is scripted");
        assert_eq!(received, STEP);
    }
    socket
}

/// Sends `step` to tokio-test so often as there are steps.
pub async fn tokio_test_send(
    mut socket: tokio_test::io::Mock,
    step: &[u8],
) -> tokio_test::io::Mock {
    for _ in 0..STEPS {
        socket.write_all(step).await.expect("it is scripted");
    }
    socket
}

/// Sends everything through tokio's pipe and drains it 1 KiB at a time.
pub async fn pipe(data: &[u8]) {
    let (mut near, mut far) = tokio::io::duplex(PIPE);
    let sending = async move { far.write_all(data).await.expect("the pipe is open") };
    let receiving = async {
        let mut buffer = [0; READ];
        for _ in 0..data.len() / READ {
            near.read_exact(&mut buffer).await.expect("the pipe is open");
        }
    };
    futures::join!(sending, receiving);
}

/// Copies `step` so often as there are steps, and does nothing else.
pub fn copy(step: &[u8]) {
    let mut buffer = [0; STEP];
    for _ in 0..STEPS {
        std::hint::black_box(&mut buffer).copy_from_slice(std::hint::black_box(step));
    }
}

/// Compares `step` so often as there are steps, and does nothing else.
pub fn compare(step: &[u8], with: &[u8]) {
    for _ in 0..STEPS {
        assert!(std::hint::black_box(step) == std::hint::black_box(with));
    }
}
