//! Byte sockets in the terms of the machine.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;

use super::language::{Answer, Delivered, Kept, Language, Meet, Nature, Test, Unmentioned};
use crate::script::{
    Expected, Fault, Pattern, Predicate, Socket, SocketHeard, SocketSaid, SocketState,
    common_prefix,
};
use crate::transport::Endpoint;
use crate::verify::{Argument, Described};

/// One call of a socket's client.
#[derive(Clone, Copy)]
pub(crate) enum SocketCall<'c> {
    Connect(&'c Endpoint),
    Write(&'c [u8]),
    Shutdown,
    Drop,
}

impl Language for Socket {
    type Heard = SocketHeard;
    type Said = SocketSaid;
    type Call<'c> = SocketCall<'c>;
    type Buffer = [u8];

    const ENTRY: &'static str = "connect";
    const LISTENING: &'static str = "recv";

    fn heard_name(heard: &SocketHeard) -> &'static str {
        match heard {
            SocketHeard::Connect(_) => "connect",
            SocketHeard::Send { .. } => "send",
            SocketHeard::SendAll(_) => "send_all",
            SocketHeard::Shutdown => "shutdown",
            SocketHeard::Close => "close",
        }
    }

    fn said_name(said: &SocketSaid) -> &'static str {
        match said {
            SocketSaid::Recv { .. } => "recv",
            SocketSaid::RecvError(_) => "recv_error",
            SocketSaid::Reset => "reset",
            SocketSaid::Eof => "eof",
        }
    }

    fn call_name(call: SocketCall<'_>) -> &'static str {
        match call {
            SocketCall::Connect(_) => "connect",
            SocketCall::Write(_) => "send",
            SocketCall::Shutdown => "shutdown",
            SocketCall::Drop => "close",
        }
    }

    fn describe_heard(heard: &SocketHeard) -> Described {
        let argument = match heard {
            SocketHeard::Connect(endpoint) => Argument::from(endpoint),
            SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => Argument::from(data),
            SocketHeard::Shutdown | SocketHeard::Close => Argument::None,
        };
        Described::new(Self::heard_name(heard), argument)
    }

    fn describe_said(said: &SocketSaid) -> Described {
        let argument = match said {
            SocketSaid::Recv { bytes, .. } => Argument::Bytes(bytes.clone()),
            SocketSaid::RecvError(fault) => Argument::Error(*fault),
            SocketSaid::Reset | SocketSaid::Eof => Argument::None,
        };
        Described::new(Self::said_name(said), argument)
    }

    fn describe_call(
        call: SocketCall<'_>,
        offset: usize,
        compared_with: Option<(&SocketHeard, usize)>,
    ) -> Described {
        match (call, compared_with) {
            (SocketCall::Connect(endpoint), _) => {
                Described::new("connect", Argument::Endpoint(endpoint.clone()))
            }
            (SocketCall::Write(data), Some((heard, met))) if sent(heard).is_some() => {
                let before = sent(heard).and_then(Expected::literal).map_or(&[][..], |b| &b[..met]);
                let bytes = [before, &data[offset..]].concat();
                Described::new(Self::heard_name(heard), Argument::Bytes(bytes.into()))
            }
            (SocketCall::Write(data), _) => {
                Described::new("send", Argument::Bytes(Bytes::copy_from_slice(&data[offset..])))
            }
            (SocketCall::Shutdown | SocketCall::Drop, _) => {
                Described::new(Self::call_name(call), Argument::None)
            }
        }
    }

    fn describe_kept(heard: &SocketHeard, kept: &Kept) -> Described {
        let argument = match kept {
            Kept::Nothing => Argument::None,
            Kept::Endpoint(endpoint) => Argument::Endpoint(endpoint.clone()),
            Kept::Growing(bytes) => Argument::Bytes(Bytes::copy_from_slice(bytes)),
            Kept::Bytes(bytes) => Argument::Bytes(bytes.clone()),
        };
        Described::new(Self::heard_name(heard), argument)
    }

    fn nature(heard: &SocketHeard) -> Nature {
        let plain = Nature {
            is_stated: true,
            is_literal: true,
            is_open: false,
            is_whole_call: true,
            is_entry: false,
            is_farewell: false,
            extent: None,
        };
        match heard {
            SocketHeard::Connect(endpoint) => Nature {
                is_stated: !endpoint.is_any(),
                is_literal: endpoint.literal().is_some(),
                is_entry: true,
                ..plain
            },
            SocketHeard::Send { data, .. } => Nature {
                is_stated: !data.is_any(),
                is_literal: data.literal().is_some(),
                extent: data.literal().map(Bytes::len),
                ..plain
            },
            SocketHeard::SendAll(data) => Nature {
                is_stated: !data.is_any(),
                is_literal: data.literal().is_some(),
                is_open: data.literal().is_none(),
                is_whole_call: false,
                extent: data.literal().map(Bytes::len),
                ..plain
            },
            SocketHeard::Shutdown => plain,
            SocketHeard::Close => Nature { is_farewell: true, ..plain },
        }
    }

    fn said_extent(said: &SocketSaid) -> usize {
        match said {
            SocketSaid::Recv { bytes, .. } => bytes.len(),
            SocketSaid::RecvError(_) | SocketSaid::Reset | SocketSaid::Eof => 0,
        }
    }

    fn is_ambiguous(first: &SocketHeard, second: &SocketHeard) -> bool {
        let (Some(a), Some(b)) = (sent(first), sent(second)) else {
            return false;
        };
        match (&a.0, &b.0) {
            (Pattern::Is(a), Pattern::Is(b)) => common_prefix(a, b) == a.len().min(b.len()),
            (Pattern::Any, _) | (_, Pattern::Any) => true,
            // A predicate is asked about whole writes only, and in the order of the script.
            (Pattern::Matching(_), _) | (_, Pattern::Matching(_)) => {
                Self::nature(first).is_open || Self::nature(second).is_open
            }
        }
    }

    fn amount(call: SocketCall<'_>) -> usize {
        match call {
            SocketCall::Write(data) => data.len(),
            SocketCall::Connect(_) | SocketCall::Shutdown | SocketCall::Drop => 0,
        }
    }

    fn meet(heard: &SocketHeard, met: usize, call: SocketCall<'_>, offset: usize) -> Meet {
        match (heard, call) {
            (SocketHeard::Connect(expected), SocketCall::Connect(endpoint)) => match &expected.0 {
                Pattern::Is(literal) if literal == endpoint => Meet::Whole(0),
                Pattern::Is(_) => Meet::Differs(0),
                Pattern::Any => Meet::Whole(0),
                Pattern::Matching(predicate) => Meet::Ask(test(predicate, endpoint.clone()), 0),
            },
            (SocketHeard::Send { data: expected, accepts }, SocketCall::Write(data)) => {
                if accepts.is_some_and(|accepts| accepts > data.len()) {
                    return Meet::Differs(data.len());
                }
                let used = accepts.unwrap_or(data.len());
                match &expected.0 {
                    Pattern::Is(literal) if literal == data => Meet::Whole(used),
                    Pattern::Is(literal) => Meet::Differs(common_prefix(literal, data)),
                    Pattern::Any => Meet::Whole(used),
                    Pattern::Matching(predicate) => {
                        Meet::Ask(test(predicate, Bytes::copy_from_slice(data)), used)
                    }
                }
            }
            (SocketHeard::SendAll(expected), SocketCall::Write(data)) => {
                let data = &data[offset..];
                let Some(literal) = expected.literal() else {
                    return Meet::Part;
                };
                let due = &literal[met..];
                let alike = common_prefix(due, data);
                if alike == due.len() {
                    Meet::Whole(alike)
                } else if alike == data.len() {
                    Meet::Part
                } else {
                    Meet::Differs(met + alike)
                }
            }
            (SocketHeard::Shutdown, SocketCall::Shutdown) => Meet::Whole(0),
            (SocketHeard::Close, SocketCall::Drop) => Meet::Whole(0),
            _ => Meet::Other,
        }
    }

    fn conclude(heard: &SocketHeard, kept: &Kept) -> Meet {
        match (heard, kept) {
            (
                SocketHeard::SendAll(Expected(Pattern::Matching(predicate))),
                Kept::Growing(bytes),
            ) => Meet::Ask(test(predicate, Bytes::copy_from_slice(bytes)), 0),
            _ => Meet::Whole(0),
        }
    }

    fn keep(call: SocketCall<'_>, offset: usize, end: usize, kept: &mut Kept) {
        match (call, kept) {
            (SocketCall::Connect(endpoint), kept) => *kept = Kept::Endpoint(endpoint.clone()),
            (SocketCall::Write(data), Kept::Growing(bytes)) => {
                bytes.extend_from_slice(&data[offset..end]);
            }
            (SocketCall::Write(data), kept) => *kept = Kept::Growing(data[offset..end].to_vec()),
            (SocketCall::Shutdown | SocketCall::Drop, _) => {}
        }
    }

    fn deliver(said: &SocketSaid, given: usize, buffer: &mut [u8]) -> Delivered {
        match said {
            SocketSaid::Recv { bytes, pieces } => {
                let piece = &bytes[given..pieces.end(given, bytes.len())];
                let len = piece.len().min(buffer.len());
                buffer[..len].copy_from_slice(&piece[..len]);
                let is_all = given + len == bytes.len();
                if is_all { Delivered::Whole(len) } else { Delivered::Part(len) }
            }
            SocketSaid::RecvError(fault) => Delivered::Fault(*fault),
            SocketSaid::Reset => Delivered::Fault(Fault::reset()),
            SocketSaid::Eof => Delivered::Whole(0),
        }
    }

    fn said_fault(said: &SocketSaid) -> Option<Fault> {
        match said {
            SocketSaid::RecvError(fault) => Some(*fault),
            SocketSaid::Reset => Some(Fault::reset()),
            SocketSaid::Recv { .. } | SocketSaid::Eof => None,
        }
    }

    fn interruption(said: &SocketSaid) -> Option<Fault> {
        matches!(said, SocketSaid::Reset).then(Fault::reset)
    }

    fn after_fault(heard: &SocketHeard, fault: Fault, state: SocketState) -> SocketState {
        match heard {
            SocketHeard::Connect(_) => SocketState::Closed,
            _ => Self::after_said_fault(fault, state),
        }
    }

    fn after_said_fault(fault: Fault, state: SocketState) -> SocketState {
        if fault.is_reset() { SocketState::Reset } else { state }
    }

    fn standing(call: SocketCall<'_>, state: SocketState) -> Option<Answer> {
        use SocketState::{Finished, Reset, ShutDown};
        match (call, state) {
            (SocketCall::Write(_), Reset) => Some(Answer::Fault(ErrorKind::BrokenPipe.into())),
            (SocketCall::Shutdown, ShutDown | Finished | Reset) => Some(Answer::Amount(0)),
            _ => None,
        }
    }

    fn standing_said(state: SocketState) -> Option<Answer> {
        use SocketState::{Finished, PeerClosed, Reset};
        matches!(state, PeerClosed | Finished | Reset).then_some(Answer::Amount(0))
    }

    fn is_unreachable(heard: &SocketHeard, state: SocketState) -> bool {
        use SocketState::{Finished, Reset, ShutDown};
        sent(heard).is_some() && matches!(state, ShutDown | Finished | Reset)
    }

    fn unmentioned(call: SocketCall<'_>) -> Unmentioned {
        match call {
            SocketCall::Connect(_) | SocketCall::Write(_) => Unmentioned::Refused,
            SocketCall::Shutdown => Unmentioned::ToleratedAtTheEnd,
            SocketCall::Drop => Unmentioned::Tolerated,
        }
    }

    fn after_unmentioned(call: SocketCall<'_>, state: SocketState) -> SocketState {
        crate::protocol::next::<Self>(Self::call_name(call), state).unwrap_or(state)
    }

    fn refusal_kind(call: SocketCall<'_>, state: SocketState) -> ErrorKind {
        use SocketState::{Finished, PeerClosed, ShutDown};
        match (call, state) {
            (SocketCall::Write(_), ShutDown | PeerClosed | Finished) => ErrorKind::BrokenPipe,
            _ => ErrorKind::Other,
        }
    }
}

/// What a step that hears bytes expects of them.
fn sent(heard: &SocketHeard) -> Option<&Expected<[u8]>> {
    match heard {
        SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => Some(data),
        SocketHeard::Connect(_) | SocketHeard::Shutdown | SocketHeard::Close => None,
    }
}

fn test<T, V>(predicate: &Predicate<T>, value: V) -> Test
where
    T: ?Sized + 'static,
    V: std::borrow::Borrow<T> + Send + Sync + 'static,
{
    let predicate = predicate.clone();
    Test {
        label: predicate.label.clone(),
        evaluate: Arc::new(move || (predicate.test)(value.borrow())),
    }
}
