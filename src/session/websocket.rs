//! WebSockets in the terms of the machine.

use std::io::ErrorKind;
use std::sync::Arc;

use super::language::{
    Answer, Begun, Delivered, Kept, Language, Meet, Nature, Opinion, Question, Unmentioned,
};
use super::socket::{ask, judged};
use crate::protocol::OperationInfo;
use crate::script::websocket::{
    SentMessage, WebSocket, WebSocketHeard, WebSocketSaid, WebSocketState, meets_request,
    operations,
};
use crate::script::{Ending, Expected, Fault, Pattern, Value, WebSocketFault, common_prefix};
use crate::transport::websocket::{CloseCode, CloseFrame, Message, WebSocketRequest};
use crate::verify::{Argument, Described, FrameExtent};

/// One call of a WebSocket's client.
#[derive(Clone, Copy)]
pub(crate) enum WebSocketCall<'c> {
    Connect(&'c WebSocketRequest),
    /// Anything but a close.
    Send(&'c Message),
    Close(&'c Option<CloseFrame>),
    /// A close, unless either side has closed.
    CloseOnce(&'c Option<CloseFrame>),
    Drop {
        /// A ping was received, and the transport had no chance to answer it.
        owes_pong: bool,
    },
}

/// Where a message is put that the client receives.
pub(crate) struct Inbox {
    pub(crate) max_message_size: usize,
    pub(crate) max_frame_size: usize,
    pub(crate) message: Option<Message>,
}

impl Inbox {
    /// The limit that the message is over, if it is over one. Control frames have one of their own.
    fn limit_of(&self, message: &Message) -> Option<usize> {
        let is_over = |limit: &usize| message.is_data() && message.payload().len() > *limit;
        Some(self.max_frame_size)
            .filter(is_over)
            .or_else(|| Some(self.max_message_size).filter(is_over))
    }
}

impl Language for WebSocket {
    type Heard = WebSocketHeard;
    type Said = WebSocketSaid;
    type Call<'c> = WebSocketCall<'c>;
    type Buffer = Inbox;
    type Progress = ();
    type Sent = SentMessage;

    const ENTRY: &'static OperationInfo<WebSocketState> = &operations::CONNECT;
    const LISTENING: &'static OperationInfo<WebSocketState> = &operations::RECV;

    fn heard_operation(heard: &WebSocketHeard) -> &'static OperationInfo<WebSocketState> {
        match heard {
            WebSocketHeard::Connect { .. } => &operations::CONNECT,
            WebSocketHeard::Send(_) => &operations::SEND,
            WebSocketHeard::Close(_) => &operations::CLOSE,
            WebSocketHeard::Drop => &operations::DROP,
        }
    }

    fn said_operation(said: &WebSocketSaid) -> &'static OperationInfo<WebSocketState> {
        match said {
            WebSocketSaid::Recv(_) | WebSocketSaid::Reply(_) => &operations::RECV,
            WebSocketSaid::RecvClose(_) => &operations::RECV_CLOSE,
            WebSocketSaid::RecvError(_) => &operations::RECV_ERROR,
            WebSocketSaid::Reset => &operations::RESET,
            WebSocketSaid::Eof => &operations::EOF,
        }
    }

    fn call_operation(call: WebSocketCall<'_>) -> &'static OperationInfo<WebSocketState> {
        match call {
            WebSocketCall::Connect(_) => &operations::CONNECT,
            WebSocketCall::Send(_) => &operations::SEND,
            WebSocketCall::Close(_) | WebSocketCall::CloseOnce(_) => &operations::CLOSE,
            WebSocketCall::Drop { .. } => &operations::DROP,
        }
    }

    fn describe_heard(heard: &WebSocketHeard) -> Described {
        let argument = match heard {
            WebSocketHeard::Connect { request, .. } => Argument::from(&**request),
            WebSocketHeard::Send(message) => Argument::from(message),
            WebSocketHeard::Close(close) => Argument::from(close),
            WebSocketHeard::Drop => Argument::None,
        };
        Described::new(Self::heard_name(heard), argument)
    }

    fn describe_said(said: &WebSocketSaid) -> Described {
        let argument = match said {
            WebSocketSaid::Recv(message) => Argument::Message(message.clone()),
            WebSocketSaid::Reply(_) => Argument::Reply,
            WebSocketSaid::RecvClose(close) => Argument::Close(close.clone()),
            WebSocketSaid::RecvError(fault) => Argument::Error(*fault),
            WebSocketSaid::Reset | WebSocketSaid::Eof => Argument::None,
        };
        Described::new(Self::said_name(said), argument)
    }

    fn describe_call(call: WebSocketCall<'_>, _: usize) -> Described {
        let argument = match call {
            WebSocketCall::Connect(request) => Argument::Request(Box::new(request.clone())),
            WebSocketCall::Send(message) => Argument::Message(message.clone()),
            WebSocketCall::Close(close) | WebSocketCall::CloseOnce(close) => {
                Argument::Close(close.clone())
            }
            WebSocketCall::Drop { .. } => Argument::None,
        };
        Described::new(Self::call_name(call), argument)
    }

    fn describe_differing(
        call: WebSocketCall<'_>,
        offset: usize,
        _: &WebSocketHeard,
        _: Begun<'_, ()>,
        _: Option<&Opinion>,
    ) -> Described {
        Self::describe_call(call, offset)
    }

    fn describe_kept(heard: &WebSocketHeard, kept: &Kept) -> Described {
        let argument = match kept {
            Kept::Request(request) => Argument::Request(request.clone()),
            Kept::Message(message) => match (&**message, heard) {
                (Message::Close(close), WebSocketHeard::Close(_)) => Argument::Close(close.clone()),
                (message, _) => Argument::Message(message.clone()),
            },
            Kept::Nothing => Argument::None,
            Kept::Endpoint(_) | Kept::Growing(_) | Kept::Bytes(_) => {
                unreachable!("a websocket's client sends messages")
            }
        };
        Described::new(Self::heard_name(heard), argument)
    }

    fn nature(heard: &WebSocketHeard) -> Nature {
        let (is_stated, is_literal) = match heard {
            WebSocketHeard::Connect { request, .. } => statement(request),
            WebSocketHeard::Send(message) => statement(message),
            WebSocketHeard::Close(close) => statement(close),
            WebSocketHeard::Drop => (true, true),
        };
        let is_farewell = matches!(heard, WebSocketHeard::Drop);
        Nature { is_stated, is_literal, ending: None, is_whole_call: true, is_farewell }
    }

    fn heard_extent(_: &WebSocketHeard) -> Option<usize> {
        None
    }

    fn frame(_: &WebSocketHeard) -> Option<FrameExtent> {
        None
    }

    fn said_extent(_: &WebSocketSaid) -> Option<usize> {
        None
    }

    fn is_sent(heard: &WebSocketHeard) -> bool {
        matches!(heard, WebSocketHeard::Send(_))
    }

    fn is_ambiguous(first: &WebSocketHeard, second: &WebSocketHeard) -> bool {
        match (first, second) {
            (WebSocketHeard::Send(a), WebSocketHeard::Send(b)) => are_ambiguous(a, b),
            (WebSocketHeard::Close(a), WebSocketHeard::Close(b)) => are_ambiguous(a, b),
            _ => false,
        }
    }

    fn amount(_: WebSocketCall<'_>) -> usize {
        0
    }

    fn is_exactly(heard: &WebSocketHeard, call: WebSocketCall<'_>) -> bool {
        match (heard, call) {
            (
                WebSocketHeard::Send(Expected(Pattern::Is(literal))),
                WebSocketCall::Send(message),
            ) => literal == message,
            (WebSocketHeard::Drop, WebSocketCall::Drop { .. }) => true,
            _ => false,
        }
    }

    fn meet(
        heard: &WebSocketHeard,
        _: Begun<'_, ()>,
        call: WebSocketCall<'_>,
        _: usize,
        opinion: Option<&Opinion>,
    ) -> Meet<()> {
        match (heard, call) {
            (
                WebSocketHeard::Connect { request: expected, .. },
                WebSocketCall::Connect(request),
            ) => {
                let differs =
                    |literal: &WebSocketRequest| (!meets_request(literal, request)).then_some(0);
                meet_pattern(expected, request, differs, opinion)
            }
            (WebSocketHeard::Send(expected), WebSocketCall::Send(message)) => {
                meet_pattern(expected, message, |literal| difference(literal, message), opinion)
            }
            (
                WebSocketHeard::Close(expected),
                WebSocketCall::Close(close) | WebSocketCall::CloseOnce(close),
            ) => {
                let differs = |literal: &Option<CloseFrame>| (literal != close).then_some(0);
                meet_pattern(expected, close, differs, opinion)
            }
            (WebSocketHeard::Drop, WebSocketCall::Drop { .. }) => Meet::Whole(0),
            _ => Meet::Other,
        }
    }

    fn conclude(_: &WebSocketHeard, _: Begun<'_, ()>, _: Ending, _: Option<&Opinion>) -> Meet<()> {
        Meet::Part(())
    }

    fn has_captures(_: &WebSocketHeard) -> bool {
        false
    }

    fn note_captures(_: &WebSocketHeard, _: &Kept, _: &mut SentMessage) {}

    fn note_last(heard: &WebSocketHeard, kept: Option<&Kept>, sent: &mut SentMessage) {
        match (heard, kept) {
            (WebSocketHeard::Send(Expected(Pattern::Is(literal))), _) => {
                sent.set_message(literal.clone());
            }
            (_, Some(Kept::Message(message))) => sent.set_message((**message).clone()),
            _ => {}
        }
    }

    fn reply(said: &WebSocketSaid, sent: impl FnOnce() -> SentMessage) -> Option<Question> {
        let WebSocketSaid::Reply(reply) = said else { return None };
        let (reply, sent) = (reply.clone(), sent());
        let ask = Arc::new(move || Opinion::Says(Kept::Message(Box::new(reply.make(&sent)))));
        Some(Question { label: "replies_with".into(), ask })
    }

    fn said_made(_: &WebSocketSaid, made: Kept) -> WebSocketSaid {
        let Kept::Message(message) = made else { unreachable!("a websocket's peer says messages") };
        WebSocketSaid::Recv(*message)
    }

    fn made_of(said: &WebSocketSaid) -> Option<Kept> {
        match said {
            WebSocketSaid::Recv(message) => Some(Kept::Message(Box::new(message.clone()))),
            _ => None,
        }
    }

    fn keep(call: WebSocketCall<'_>, _: usize, _: usize, kept: &mut Kept) {
        match call {
            WebSocketCall::Connect(request) => *kept = Kept::Request(Box::new(request.clone())),
            WebSocketCall::Send(message) => *kept = Kept::Message(Box::new(message.clone())),
            WebSocketCall::Close(close) | WebSocketCall::CloseOnce(close) => {
                *kept = Kept::Message(Box::new(Message::Close(close.clone())));
            }
            WebSocketCall::Drop { .. } => {}
        }
    }

    fn keep_of(_: &WebSocketHeard, kept: Kept, _: Option<&Opinion>) -> Kept {
        kept
    }

    fn deliver(
        said: &WebSocketSaid,
        _: usize,
        state: WebSocketState,
        inbox: &mut Inbox,
    ) -> Delivered {
        use WebSocketState::{Closing, Open};
        let is_abnormal = matches!(state, Open | Closing);
        let message = match said {
            WebSocketSaid::Recv(message) => match inbox.limit_of(message) {
                None => message.clone(),
                Some(limit) => {
                    return Delivered::Fault(Fault::too_big(message.payload().len(), limit));
                }
            },
            WebSocketSaid::RecvClose(close) => Message::Close(close.as_ref().map(lawful)),
            WebSocketSaid::RecvError(fault) if is_abnormal || !fault.is_reset() => {
                return Delivered::Fault(*fault);
            }
            WebSocketSaid::Reset if is_abnormal => return Delivered::Fault(Fault::reset()),
            WebSocketSaid::Eof if is_abnormal => {
                return Delivered::Fault(WebSocketFault::AbnormalClosure.into());
            }
            // What a reply says is made before it is delivered.
            WebSocketSaid::RecvError(_)
            | WebSocketSaid::Reset
            | WebSocketSaid::Eof
            | WebSocketSaid::Reply(_) => return Delivered::Whole(0),
        };
        inbox.message = Some(message);
        Delivered::Whole(1)
    }

    fn said_fault(said: &WebSocketSaid) -> Option<Fault> {
        match said {
            WebSocketSaid::RecvError(fault) => Some(*fault),
            _ => None,
        }
    }

    fn says_fault(said: &WebSocketSaid) -> bool {
        matches!(said, WebSocketSaid::RecvError(_) | WebSocketSaid::Reset | WebSocketSaid::Eof)
    }

    fn interruption(said: &WebSocketSaid) -> Option<Fault> {
        matches!(said, WebSocketSaid::Reset).then(Fault::reset)
    }

    fn after_fault(heard: &WebSocketHeard, fault: Fault, state: WebSocketState) -> WebSocketState {
        match heard {
            WebSocketHeard::Connect { .. } => WebSocketState::Dropped,
            _ if fault.is_reset() => WebSocketState::ResetOnSend,
            _ => state,
        }
    }

    fn after_said_fault(fault: Fault, state: WebSocketState) -> WebSocketState {
        match state {
            _ if fault.is_reset() => WebSocketState::Reset,
            // The error of the end of a connection, which is no failure of the peer's.
            WebSocketState::Lost => WebSocketState::Lost,
            // A client that has closed can send nothing more.
            WebSocketState::Closing | WebSocketState::Ended => WebSocketState::Ended,
            _ => WebSocketState::Failed,
        }
    }

    fn after_interruption(state: WebSocketState) -> WebSocketState {
        match state {
            WebSocketState::Reset => WebSocketState::ResetOnSend,
            state => state,
        }
    }

    fn breach(call: WebSocketCall<'_>, state: WebSocketState) -> Option<&'static str> {
        let checked = |message: &Message| {
            message
                .check()
                .is_err()
                .then_some("a control frame has at most 125 bytes (section 5.5)")
        };
        match call {
            WebSocketCall::Send(_) if state.has_closed() => {
                Some("nothing is sent after a close (section 5.5.1)")
            }
            WebSocketCall::Send(message) => checked(message),
            // A second close is one that transports do not send, and that clients may ask for.
            WebSocketCall::Close(_) | WebSocketCall::CloseOnce(_) if state.takes_no_more() => None,
            WebSocketCall::Close(Some(frame)) | WebSocketCall::CloseOnce(Some(frame)) => {
                if frame.code.is_sendable() {
                    checked(&Message::Close(Some(frame.clone())))
                } else {
                    Some("this code is never sent (section 7.4)")
                }
            }
            // Who has closed need not answer any more.
            WebSocketCall::Drop { owes_pong: true } if state == WebSocketState::Open => {
                Some("a ping is answered as soon as is practical (section 5.5.2)")
            }
            _ => None,
        }
    }

    fn standing(call: WebSocketCall<'_>, state: WebSocketState) -> Option<Answer> {
        use WebSocketState::{Reset, ResetOnSend};
        match (call, state) {
            (WebSocketCall::Send(_) | WebSocketCall::Close(_), Reset | ResetOnSend) => {
                Some(Answer::Fault(ErrorKind::BrokenPipe.into()))
            }
            (WebSocketCall::Send(_) | WebSocketCall::Close(_), state) if state.takes_no_more() => {
                Some(Answer::Fault(WebSocketFault::Closed.into()))
            }
            (WebSocketCall::CloseOnce(_), state)
                if state.takes_no_more() || matches!(state, Reset | ResetOnSend) =>
            {
                Some(Answer::Amount(0))
            }
            _ => None,
        }
    }

    fn is_deaf(state: WebSocketState) -> bool {
        use WebSocketState::{Ended, Failed, Lost, Reset};
        matches!(state, Ended | Failed | Lost | Reset)
    }

    fn standing_said(state: WebSocketState) -> Option<(Answer, WebSocketState)> {
        use WebSocketState::{Ended, Failed, Lost, Reset, ResetOnSend};
        match state {
            Ended | Lost | Failed | Reset => Some((Answer::Amount(0), state)),
            // Whoever receives has not been told yet.
            ResetOnSend => Some((Answer::Fault(WebSocketFault::AbnormalClosure.into()), Reset)),
            _ => None,
        }
    }

    fn is_unreachable(heard: &WebSocketHeard, state: WebSocketState) -> bool {
        use WebSocketState::{Reset, ResetOnSend};
        let is_sent = matches!(heard, WebSocketHeard::Send(_) | WebSocketHeard::Close(_));
        is_sent && (state.takes_no_more() || matches!(state, Reset | ResetOnSend))
    }

    fn unmentioned(call: WebSocketCall<'_>) -> Unmentioned {
        match call {
            WebSocketCall::Drop { .. } => Unmentioned::Tolerated,
            _ => Unmentioned::Refused,
        }
    }

    fn after_unmentioned(call: WebSocketCall<'_>, state: WebSocketState) -> WebSocketState {
        Self::call_operation(call).next(state).unwrap_or(state)
    }

    fn refusal_kind(_: WebSocketCall<'_>, _: WebSocketState) -> ErrorKind {
        ErrorKind::Other
    }
}

/// Whether an expectation says something, and whether it says it all.
fn statement<T: Value>(expected: &Expected<T>) -> (bool, bool) {
    (!expected.is_any(), expected.literal().is_some())
}

/// Whether one value may be what both expect, and the order of the script does not decide it.
fn are_ambiguous<T: Value>(a: &Expected<T>, b: &Expected<T>) -> bool
where
    T::Literal: PartialEq,
{
    match (&a.0, &b.0) {
        (Pattern::Is(a), Pattern::Is(b)) => a == b,
        (Pattern::Any, _) | (_, Pattern::Any) => true,
        // A predicate is asked in the order of the script.
        _ => false,
    }
}

/// How far a value is what is expected; `differs` says where it differs from a literal, if it does.
fn meet_pattern<T>(
    expected: &Expected<T>,
    value: &T,
    differs: impl FnOnce(&T::Literal) -> Option<usize>,
    opinion: Option<&Opinion>,
) -> Meet<()>
where
    T: Value + Clone + Send + Sync + 'static,
{
    match &expected.0 {
        Pattern::Is(literal) => differs(literal).map_or(Meet::Whole(0), Meet::Differs),
        Pattern::Any => Meet::Whole(0),
        Pattern::Matching(predicate) => judged(opinion, 0, || ask(predicate, value.clone())),
        Pattern::Parts(_) => unreachable!("only bytes have parts"),
    }
}

/// The first byte in which two messages differ, if they do; of different kinds, the first.
fn difference(expected: &Message, got: &Message) -> Option<usize> {
    if expected == got {
        return None;
    }
    let is_same_kind = std::mem::discriminant(expected) == std::mem::discriminant(got);
    Some(if is_same_kind { common_prefix(expected.payload(), got.payload()) } else { 0 })
}

/// A close as the client is told of it: a code that may not be sent is one that breaks the protocol.
fn lawful(frame: &CloseFrame) -> CloseFrame {
    if frame.code.is_sendable() {
        return frame.clone();
    }
    CloseFrame::new(CloseCode::PROTOCOL_ERROR, "Protocol violation")
}
