//! WebSockets that keep every promise but one.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Sink, Stream};
use wirescript::websocket::{Handshake, HandshakeError, Message, WebSocketError, WebSocketRequest};
use wirescript::{WebSocketConnect, WebSocketTransport, async_trait};
use wirescript_conformance::websocket::promises::{
    breaches, closing, connecting, ends, messages, sending,
};
use wirescript_conformance::websocket::{Subject, TcpListener};
use wirescript_tokio::{TokioConnector, TokioSocket, TokioStream};
use wirescript_tungstenite::{TungsteniteConnector, TungsteniteSocket};

/// What is wrong with a WebSocket.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Fault {
    None,
    ForgetsTheSubprotocol,
    NamesNoStatus,
    CallsTextBytes,
    CutsText,
    HidesPings,
    EndsAtTheClose,
    ClosesWithACode,
    TakesWhatComesLate,
    EndsWithoutAWord,
    SaysTheEndTwice,
    RefusesWithoutAReason,
    TellsAResetAgain,
    SaysItAgain,
    CallsALimitABreach,
}

struct Connector<const FAULT: u8>;

impl<const FAULT: u8> Connector<FAULT> {
    fn has(fault: Fault) -> bool {
        FAULT == fault as u8
    }
}

#[async_trait]
impl<const FAULT: u8> WebSocketConnect for Connector<FAULT> {
    type Transport = Socket<FAULT>;

    async fn connect(&self, request: &WebSocketRequest) -> Result<Socket<FAULT>, WebSocketError> {
        let connector = TungsteniteConnector::new(TokioConnector::new());
        let inner = connector.connect(request).await.map_err(|error| match error {
            WebSocketError::Rejected(_) if Self::has(Fault::NamesNoStatus) => {
                HandshakeError::UpgradeMissing.into()
            }
            error => error,
        })?;
        Ok(Socket { inner, nothing: Handshake::new(), told: None, was_closed: false, again: None })
    }
}

struct Socket<const FAULT: u8> {
    inner: TungsteniteSocket<TokioSocket<TokioStream>>,
    nothing: Handshake,
    told: Option<ErrorKind>,
    was_closed: bool,
    again: Option<Message>,
}

impl<const FAULT: u8> Socket<FAULT> {
    fn received(
        &mut self,
        item: Option<Result<Message, WebSocketError>>,
    ) -> Option<Result<Message, WebSocketError>> {
        let has = Connector::<FAULT>::has;
        match item {
            Some(Ok(Message::Text(text))) if has(Fault::CallsTextBytes) => {
                Some(Ok(Message::Binary(text.into_bytes())))
            }
            Some(Ok(Message::Text(text))) if has(Fault::CutsText) && text.len() > 4 => {
                Some(Ok(Message::text(&text[..4])))
            }
            Some(Ok(Message::Ping(payload))) if has(Fault::HidesPings) => {
                Some(Ok(Message::Pong(payload)))
            }
            Some(Ok(Message::Close(frame))) => {
                self.was_closed = true;
                Some(Ok(Message::Close(frame)))
            }
            Some(Err(WebSocketError::AbnormalClosure)) if has(Fault::EndsWithoutAWord) => None,
            Some(Err(WebSocketError::TooBig { .. })) if has(Fault::CallsALimitABreach) => {
                Some(Err(WebSocketError::InvalidUtf8))
            }
            Some(Err(error)) => {
                if let WebSocketError::Io(error) = &error {
                    self.told = Some(error.kind());
                }
                self.was_closed |= matches!(error, WebSocketError::AbnormalClosure);
                Some(Err(error))
            }
            None if has(Fault::SaysTheEndTwice) => Some(Err(WebSocketError::AbnormalClosure)),
            item => item,
        }
    }
}

impl<const FAULT: u8> Stream for Socket<FAULT> {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(message) = self.again.take() {
            return Poll::Ready(Some(Ok(message)));
        }
        if Connector::<FAULT>::has(Fault::EndsAtTheClose) && self.was_closed {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.inner).poll_next(cx);
        if let (Poll::Ready(Some(Ok(message))), true) =
            (&polled, Connector::<FAULT>::has(Fault::SaysItAgain))
        {
            self.again = Some(message.clone());
        }
        polled.map(|item| self.received(item))
    }
}

impl<const FAULT: u8> Sink<Message> for Socket<FAULT> {
    type Error = WebSocketError;

    fn poll_ready(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Pin::new(&mut self.inner).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), WebSocketError> {
        let has = Connector::<FAULT>::has;
        match (Pin::new(&mut self.inner).start_send(message), self.told) {
            (Err(WebSocketError::Closed), _) if has(Fault::TakesWhatComesLate) => Ok(()),
            (Err(WebSocketError::InvalidMessage(_)), _) if has(Fault::RefusesWithoutAReason) => {
                Err(std::io::Error::from(ErrorKind::InvalidInput).into())
            }
            (_, Some(kind)) if has(Fault::TellsAResetAgain) => {
                Err(std::io::Error::from(kind).into())
            }
            (result, _) => result,
        }
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), WebSocketError>> {
        if Connector::<FAULT>::has(Fault::ClosesWithACode) && !self.was_closed {
            self.was_closed = true;
            let close = wirescript::websocket::CloseFrame::new(1000, "");
            Pin::new(&mut self.inner).start_send(close.into())?;
        }
        Pin::new(&mut self.inner).poll_close(cx)
    }
}

impl<const FAULT: u8> WebSocketTransport for Socket<FAULT> {
    fn handshake(&self) -> &Handshake {
        match Connector::<FAULT>::has(Fault::ForgetsTheSubprotocol) {
            true => &self.nothing,
            false => self.inner.handshake(),
        }
    }
}

impl<const FAULT: u8> Subject for Connector<FAULT> {
    type Connector = Self;
    type Listener = TcpListener;

    fn connector() -> Self {
        Self
    }

    fn block_on<F: Future>(promise: F) -> F::Output {
        tokio::runtime::Runtime::new().unwrap().block_on(promise)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        tokio::spawn(task);
    }
}

/// Runs a promise and looks for `part` in what it panics with.
#[track_caller]
fn check_caught<const FAULT: u8>(promise: impl Future<Output = ()>, part: &str) {
    let kept = catch_unwind(AssertUnwindSafe(|| Connector::<FAULT>::block_on(promise)));
    let panic = kept.expect_err("nobody noticed");
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap();
    assert!(text.contains(part), "{text}");
}

macro_rules! caught {
    ($($name:ident: $fault:ident, $module:ident::$promise:ident, $part:expr;)+) => {
        $(
            #[test]
            fn $name() {
                const FAULT: u8 = Fault::$fault as u8;
                check_caught::<FAULT>($module::$promise::<Connector<FAULT>>(), $part);
            }
        )+
    };
}

caught! {
    who_forgets_the_subprotocol_is_caught:
        ForgetsTheSubprotocol, connecting::the_subprotocol_that_the_server_chose_is_known, "None";
    who_names_no_status_is_caught:
        NamesNoStatus, connecting::a_server_that_refuses_is_a_rejection, "404 was answered";
    who_calls_text_bytes_is_caught:
        CallsTextBytes, messages::m1_messages_come_as_they_were_sent, "Binary";
    who_cuts_text_is_caught:
        CutsText, messages::m1_messages_come_as_they_were_sent, "hell";
    who_says_it_again_is_caught:
        SaysItAgain, messages::m11_a_receive_that_is_dropped_loses_nothing, "received == messages";
    who_hides_pings_is_caught:
        HidesPings, messages::m2_a_ping_is_an_item_and_is_answered_with_the_next_receive, "Pong";
    who_ends_at_the_close_is_caught:
        EndsAtTheClose, closing::m3_a_close_of_the_peer_is_an_item_and_is_answered, "Ready(Ok(None))";
    who_closes_with_a_code_is_caught:
        ClosesWithACode, closing::m4_closing_the_sink_sends_a_close_without_a_code, "1000";
    who_takes_what_comes_late_is_caught:
        TakesWhatComesLate, closing::m5_after_a_close_of_the_client_nothing_is_sent, "this is an error";
    who_ends_without_a_word_is_caught:
        EndsWithoutAWord, ends::m6_an_end_without_a_close_is_abnormal, "this is an error";
    who_says_the_end_twice_is_caught:
        SaysTheEndTwice, ends::m6_an_end_without_a_close_is_abnormal, "AbnormalClosure";
    who_tells_a_reset_again_is_caught:
        TellsAResetAgain, ends::m6_a_reset_is_told_to_a_receive_that_waits_for_it, "ConnectionReset";
    who_calls_a_limit_a_breach_is_caught:
        CallsALimitABreach, breaches::m8_a_message_over_the_limit_is_too_big, "InvalidUtf8";
    who_refuses_without_a_reason_is_caught:
        RefusesWithoutAReason, sending::m9_a_message_that_cannot_be_sent_is_refused, "ControlTooLong";
}

mod sound {
    const NONE: u8 = super::Fault::None as u8;

    wirescript_conformance::websocket_promises!(super::Connector<NONE>);
}
