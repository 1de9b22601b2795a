//! Sockets that keep every promise but one.

use std::io::{self, ErrorKind};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures::future::{Either, select};
use futures::io::{AsyncRead, AsyncWrite};

use wirescript::{AsyncSocket, Connect, Endpoint, SocketInfo, async_trait};
use wirescript_conformance::promises::{cancelling, connecting, reset, stream};
use wirescript_conformance::{Transport, check};
use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};

/// What is wrong with a socket. By default, nothing is.
trait Fault: Send + Sync + 'static {
    const FORGETS_THE_ADDRESSES: bool = false;
    const ASKS_FOR_THE_PEER_LATE: bool = false;
    const SAYS_THAT_IT_WOULD_BLOCK: bool = false;
    const ASKS_ABOUT_EMPTY_BUFFERS: bool = false;
    const ONLY_FLUSHES: bool = false;
    const CANNOT_CLOSE_AFTER_A_RESET: bool = false;
    const TELLS_A_RESET_AGAIN: bool = false;
    const LOSES_THE_CODE: bool = false;
    const KEEPS_THE_FIRST_WAKER: bool = false;
    const TAKES_AND_PENDS: bool = false;
    const READS_AND_PENDS: bool = false;
    const DIALS_ANYTHING: bool = false;
    const HAS_WORDS_OF_ITS_OWN_FOR_PATHS: bool = false;
    const HAS_NO_PATIENCE: bool = false;
}

macro_rules! faults {
    ($($name:ident: $fault:ident;)+) => {
        $(
            struct $name;

            impl Fault for $name {
                const $fault: bool = true;
            }
        )+
    };
}

faults! {
    Forgetful: FORGETS_THE_ADDRESSES;
    Late: ASKS_FOR_THE_PEER_LATE;
    Blocking: SAYS_THAT_IT_WOULD_BLOCK;
    Curious: ASKS_ABOUT_EMPTY_BUFFERS;
    Mute: ONLY_FLUSHES;
    Fussy: CANNOT_CLOSE_AFTER_A_RESET;
    Nagging: TELLS_A_RESET_AGAIN;
    Vague: LOSES_THE_CODE;
    Stale: KEEPS_THE_FIRST_WAKER;
    Doubling: TAKES_AND_PENDS;
    Losing: READS_AND_PENDS;
    Careless: DIALS_ANYTHING;
    Wordy: HAS_WORDS_OF_ITS_OWN_FOR_PATHS;
    Hasty: HAS_NO_PATIENCE;
}

struct Sound;

impl Fault for Sound {}

struct Connector<F>(PhantomData<F>);

#[async_trait]
impl<F: Fault> Connect for Connector<F> {
    type Socket = Socket<F>;

    async fn connect(&self, to: &Endpoint) -> io::Result<Socket<F>> {
        if F::DIALS_ANYTHING {
            let _ = tokio::net::lookup_host((to.host(), to.port())).await?;
        }
        if F::HAS_WORDS_OF_ITS_OWN_FOR_PATHS && to.path().is_some() {
            return Err(io::Error::new(ErrorKind::Unsupported, "no paths, please"));
        }
        let net = TokioConnector::new();
        let inner = match select(net.connect(to), pin!(a_moment())).await {
            Either::Right(((), _)) if F::HAS_NO_PATIENCE => Err(ErrorKind::TimedOut.into()),
            Either::Right(((), connecting)) => connecting.await,
            Either::Left((connected, _)) => connected,
        };
        let inner = inner.map_err(told::<F>)?;
        Ok(Socket { inner, was_reset: false, reader: None, strayed: false, fault: PhantomData })
    }
}

async fn a_moment() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

struct Socket<F> {
    inner: TokioSocket<TokioStream>,
    was_reset: bool,
    reader: Option<Waker>,
    strayed: bool,
    fault: PhantomData<F>,
}

impl<F: Fault> Unpin for Socket<F> {}

fn told<F: Fault>(error: io::Error) -> io::Error {
    if F::LOSES_THE_CODE { error.kind().into() } else { error }
}

impl<F: Fault> Socket<F> {
    fn judged<T>(&mut self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match polled {
            Poll::Pending if F::SAYS_THAT_IT_WOULD_BLOCK => {
                Poll::Ready(Err(ErrorKind::WouldBlock.into()))
            }
            Poll::Ready(Err(error)) => {
                self.was_reset |= error.kind() == ErrorKind::ConnectionReset;
                Poll::Ready(Err(told::<F>(error)))
            }
            polled => polled,
        }
    }
}

impl<F: Fault> AsyncSocket for Socket<F> {
    fn info(&self) -> &SocketInfo {
        let is_too_late = F::ASKS_FOR_THE_PEER_LATE
            && self.inner.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_err());
        if F::FORGETS_THE_ADDRESSES || is_too_late {
            SocketInfo::unknown()
        } else {
            self.inner.info()
        }
    }

    fn is_write_vectored(&self) -> bool {
        // What it has is the default: the first buffer.
        false
    }
}

impl<F: Fault> AsyncRead for Socket<F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if F::TELLS_A_RESET_AGAIN && self.was_reset {
            return Poll::Ready(Err(ErrorKind::ConnectionReset.into()));
        }
        let waker = match &self.reader {
            Some(first) if F::KEEPS_THE_FIRST_WAKER => first.clone(),
            _ => cx.waker().clone(),
        };
        let cx = &mut Context::from_waker(&waker);
        let polled = if F::ASKS_ABOUT_EMPTY_BUFFERS && buf.is_empty() {
            Pin::new(&mut self.inner).poll_read(cx, &mut [0]).map_ok(|_| 0)
        } else {
            Pin::new(&mut self.inner).poll_read(cx, buf)
        };
        if F::READS_AND_PENDS && matches!(polled, Poll::Ready(Ok(1..))) && !self.strayed {
            self.strayed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.reader = Some(waker);
        self.judged(polled)
    }
}

impl<F: Fault> AsyncWrite for Socket<F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        if F::TAKES_AND_PENDS && matches!(polled, Poll::Ready(Ok(1..))) && !self.strayed {
            self.strayed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.judged(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if F::ONLY_FLUSHES {
            return self.poll_flush(cx);
        }
        if F::CANNOT_CLOSE_AFTER_A_RESET
            && self.inner.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_err())
        {
            return Poll::Ready(Err(ErrorKind::NotConnected.into()));
        }
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<F: Fault> Transport for Connector<F> {
    type Connector = Self;

    fn connector() -> Self {
        Self(PhantomData)
    }

    fn block_on<T: Future>(future: T) -> T::Output {
        tokio::runtime::Runtime::new().unwrap().block_on(future)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }

    fn is_connected(socket: &Socket<F>) -> bool {
        socket.inner.get_ref().as_tcp().is_some_and(|stream| stream.peer_addr().is_ok())
    }
}

/// Runs a promise on a connector with `F`, and looks for `part` in what it panics with.
#[track_caller]
fn check_caught<F: Fault>(promise: impl Future<Output = ()>, part: &str) {
    let kept = catch_unwind(AssertUnwindSafe(|| Connector::<F>::block_on(promise)));
    let panic = kept.expect_err("nobody noticed");
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap();
    assert!(text.contains(part), "{text}");
}

macro_rules! caught {
    ($($name:ident: $fault:ident, $subject:ident::$promise:ident, $part:expr;)+) => {
        $(
            #[test]
            fn $name() {
                check_caught::<$fault>($subject::$promise::<Connector<$fault>>(), $part);
            }
        )+
    };
}

caught! {
    who_forgets_the_addresses_is_caught:
        Forgetful, connecting::the_addresses_of_both_ends_are_known, "None";
    who_asks_for_the_peer_after_a_reset_is_caught:
        Late, connecting::the_addresses_are_known_even_after_a_reset, "None";
    who_asks_for_the_peer_after_the_end_is_caught:
        Late, connecting::the_addresses_are_known_even_after_the_end, "None";
    who_dials_what_cannot_be_is_caught:
        Careless, connecting::an_endpoint_that_cannot_be_is_invalid_input, "left";
    who_refuses_paths_with_words_of_its_own_is_caught:
        Wordy, connecting::a_path_is_dialled_or_refused_as_everywhere, "no paths, please";
    who_has_a_timeout_of_its_own_is_caught:
        Hasty, connecting::c7_a_connect_that_nobody_answers_waits_until_it_is_given_up, "pending";
    who_loses_the_code_of_a_refusal_is_caught:
        Vague, connecting::c9_nobody_listening_is_refused, "has lost its code";
    who_would_block_is_caught:
        Blocking, stream::c2_what_has_to_wait_is_pending, "pending";
    who_asks_about_empty_buffers_is_caught:
        Curious, stream::c3_an_empty_buffer_gives_zero_at_once, "Ready(Ok(0))";
    who_asks_a_reset_about_empty_buffers_is_caught:
        Curious, reset::c3_an_empty_buffer_does_not_take_the_reset, "ConnectionReset";
    who_only_flushes_is_caught:
        Mute, stream::c4_a_direction_that_is_closed_takes_no_more, "unwrap_err";
    who_cannot_close_after_a_reset_is_caught:
        Fussy, reset::c4_closing_after_a_reset_is_fine_and_may_be_done_again, "NotConnected";
    who_tells_a_reset_again_is_caught:
        Nagging, reset::c5_a_reset_is_told_to_the_write_that_asks_first_and_only_once,
        "ConnectionReset";
    who_loses_the_code_of_a_reset_is_caught:
        Vague, reset::c5_a_reset_is_told_to_the_read_that_asks_first_and_only_once,
        "has lost its code";
    who_keeps_the_first_waker_is_caught:
        Stale, stream::c6_the_last_waker_of_each_direction_wins, "stale waker";
    who_takes_bytes_and_pends_is_caught_by_the_die_too:
        Doubling, cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll,
        "other bytes";
    who_reads_bytes_and_pends_is_caught:
        Losing, cancelling::c8_no_byte_is_lost_or_doubled_by_what_is_dropped_at_any_poll,
        "other bytes at 0 in throw 0";
    who_takes_bytes_and_pends_is_caught:
        Doubling, cancelling::c8_all_bytes_come_once_though_no_future_lives_for_two_polls,
        "other bytes";
}

mod sound {
    use super::{Connector, Sound};

    wirescript_conformance::promises!(Connector<Sound>);
}

#[test]
#[should_panic(expected = "as it was")]
fn a_panic_comes_through_as_it_was() {
    check(|| panic!("as it was"));
}
