//! Byte sockets in the terms of the machine.

use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;

use super::language::{
    Answer, Begun, Delivered, Framed, Kept, Language, Meet, Nature, Opinion, Payload, Question,
    Unmentioned, caught,
};
use crate::protocol::OperationInfo;
use crate::script::{
    Advance, Decoded, Ending, Expected, Fault, FrameHeard, Framing, Literal, Parts, Pattern,
    Pieces, Predicate, Progress, Sent, Socket, SocketHeard, SocketSaid, SocketState, common_prefix,
    operations,
};
use crate::transport::Endpoint;
use crate::verify::{Argument, Described, FrameExtent};

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
    type Progress = Progress;
    type Sent = Sent;

    const ENTRY: &'static OperationInfo<SocketState> = &operations::CONNECT;
    const LISTENING: &'static OperationInfo<SocketState> = &operations::RECV;

    #[inline]
    fn heard_operation(heard: &SocketHeard) -> &'static OperationInfo<SocketState> {
        match heard {
            SocketHeard::Connect(_) => &operations::CONNECT,
            SocketHeard::Send { .. } => &operations::SEND,
            SocketHeard::SendAll(_) => &operations::SEND_ALL,
            SocketHeard::Frame(_) => &operations::SEND_FRAME,
            SocketHeard::Shutdown => &operations::SHUTDOWN,
            SocketHeard::Close => &operations::CLOSE,
        }
    }

    #[inline]
    fn said_operation(said: &SocketSaid) -> &'static OperationInfo<SocketState> {
        match said {
            SocketSaid::Recv { payload: Some(_), .. } => &operations::RECV_FRAME,
            SocketSaid::Recv { payload: None, .. } | SocketSaid::Reply { .. } => &operations::RECV,
            SocketSaid::RecvError(_) => &operations::RECV_ERROR,
            SocketSaid::Reset => &operations::RESET,
            SocketSaid::Eof => &operations::EOF,
        }
    }

    #[inline]
    fn call_operation(call: SocketCall<'_>) -> &'static OperationInfo<SocketState> {
        match call {
            SocketCall::Connect(_) => &operations::CONNECT,
            SocketCall::Write(_) => &operations::SEND,
            SocketCall::Shutdown => &operations::SHUTDOWN,
            SocketCall::Drop => &operations::CLOSE,
        }
    }

    fn describe_heard(heard: &SocketHeard) -> Described {
        let argument = match heard {
            SocketHeard::Connect(endpoint) => Argument::from(endpoint),
            SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => Argument::from(data),
            SocketHeard::Frame(FrameHeard::Is(is)) => Argument::Bytes(is.payload.clone()),
            SocketHeard::Frame(FrameHeard::Of { payload, .. }) => Argument::from(payload),
            SocketHeard::Shutdown | SocketHeard::Close => Argument::None,
        };
        Described::new(Self::heard_name(heard), argument)
    }

    fn describe_compared(heard: &SocketHeard) -> Described {
        match heard {
            SocketHeard::Frame(FrameHeard::Is(is)) => {
                Described::new(Self::heard_name(heard), Argument::Bytes(is.frame.clone()))
            }
            _ => Self::describe_heard(heard),
        }
    }

    fn describe_said(said: &SocketSaid) -> Described {
        let argument = match said {
            SocketSaid::Recv { bytes, payload, .. } => {
                let payload = payload.as_deref().cloned();
                Argument::Bytes(payload.unwrap_or_else(|| bytes.to_bytes()))
            }
            SocketSaid::Reply { .. } => Argument::Reply,
            SocketSaid::RecvError(fault) => Argument::Error(*fault),
            SocketSaid::Reset | SocketSaid::Eof => Argument::None,
        };
        Described::new(Self::said_name(said), argument)
    }

    fn describe_call(call: SocketCall<'_>, offset: usize) -> Described {
        let argument = match call {
            SocketCall::Connect(endpoint) => Argument::Endpoint(endpoint.clone()),
            SocketCall::Write(data) => Argument::Bytes(Bytes::copy_from_slice(&data[offset..])),
            SocketCall::Shutdown | SocketCall::Drop => Argument::None,
        };
        Described::new(Self::call_name(call), argument)
    }

    fn describe_differing(
        call: SocketCall<'_>,
        offset: usize,
        heard: &SocketHeard,
        begun: Begun<'_, Progress>,
        opinion: Option<&Opinion>,
    ) -> Described {
        let SocketCall::Write(data) = call else { return Self::describe_call(call, offset) };
        let before = match literal(heard) {
            Some(literal) => &literal[..begun.met],
            None => kept_bytes(begun.kept),
        };
        let mut bytes = Bytes::from([before, &data[offset..]].concat());
        if let Some(Opinion::Framed(Framed::Whole { payload, .. })) = opinion {
            bytes = payload.of(&bytes);
        }
        Described::new(Self::heard_name(heard), Argument::Bytes(bytes))
    }

    fn describe_kept(heard: &SocketHeard, kept: &Kept) -> Described {
        let argument = match kept {
            Kept::Nothing => Argument::None,
            Kept::Endpoint(endpoint) => Argument::Endpoint(endpoint.clone()),
            Kept::Growing(bytes) => Argument::Bytes(Bytes::copy_from_slice(bytes)),
            Kept::Bytes(bytes) => Argument::Bytes(bytes.clone()),
            Kept::Request(_) | Kept::Message(_) => unreachable!("a socket's client sends bytes"),
        };
        Described::new(Self::heard_name(heard), argument)
    }

    #[inline]
    fn nature(heard: &SocketHeard) -> Nature {
        let plain = Nature {
            is_stated: true,
            is_literal: true,
            ending: None,
            is_whole_call: true,
            is_farewell: false,
        };
        match heard {
            SocketHeard::Connect(endpoint) => Nature {
                is_stated: !endpoint.is_any(),
                is_literal: endpoint.literal().is_some(),
                ..plain
            },
            SocketHeard::Send { data, .. } => Nature {
                is_stated: data.is_stated(),
                is_literal: data.literal().is_some(),
                ..plain
            },
            SocketHeard::SendAll(data) => Nature {
                is_stated: data.is_stated(),
                is_literal: data.literal().is_some(),
                ending: data.ending(),
                is_whole_call: false,
                ..plain
            },
            SocketHeard::Frame(FrameHeard::Is(_)) => Nature { is_whole_call: false, ..plain },
            SocketHeard::Frame(FrameHeard::Of { payload, .. }) => Nature {
                is_stated: payload.is_stated(),
                is_literal: false,
                is_whole_call: false,
                ..plain
            },
            SocketHeard::Shutdown => plain,
            SocketHeard::Close => Nature { is_farewell: true, ..plain },
        }
    }

    fn heard_extent(heard: &SocketHeard) -> Option<usize> {
        match heard {
            SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => data.extent(),
            SocketHeard::Frame(FrameHeard::Is(is)) => Some(is.frame.len()),
            SocketHeard::Frame(FrameHeard::Of { .. })
            | SocketHeard::Connect(_)
            | SocketHeard::Shutdown
            | SocketHeard::Close => None,
        }
    }

    fn frame(heard: &SocketHeard) -> Option<FrameExtent> {
        match heard {
            SocketHeard::Frame(FrameHeard::Is(is)) => {
                Some(FrameExtent { header: Some((is.header, is.payload.len())) })
            }
            SocketHeard::Frame(FrameHeard::Of { .. }) => Some(FrameExtent { header: None }),
            _ => None,
        }
    }

    fn said_extent(said: &SocketSaid) -> Option<usize> {
        match said {
            SocketSaid::Recv { bytes, .. } => Some(bytes.len()),
            SocketSaid::Reply { .. } => None,
            SocketSaid::RecvError(_) | SocketSaid::Reset | SocketSaid::Eof => Some(0),
        }
    }

    fn is_sent(heard: &SocketHeard) -> bool {
        bytes_of(heard).is_some()
    }

    fn is_ambiguous(first: &SocketHeard, second: &SocketHeard) -> bool {
        let (Some(a), Some(b)) = (bytes_of(first), bytes_of(second)) else {
            return false;
        };
        match (a, b) {
            (BytesOf::Literal(a), BytesOf::Literal(b)) => {
                common_prefix(a, b) == a.len().min(b.len())
            }
            (BytesOf::Anything, _) | (_, BytesOf::Anything) => true,
            // A predicate is asked about whole writes only, and in the order of the script.
            (BytesOf::Judged, _) | (_, BytesOf::Judged) => {
                Self::nature(first).ending.is_some() || Self::nature(second).ending.is_some()
            }
            (BytesOf::Parts(a), BytesOf::Parts(b)) => !a.is_distinct(b),
            (BytesOf::Parts(parts), BytesOf::Literal(literal))
            | (BytesOf::Literal(literal), BytesOf::Parts(parts)) => {
                !parts.is_distinct(&Parts::of_literal(Bytes::copy_from_slice(literal)))
            }
        }
    }

    fn made_of(said: &SocketSaid) -> Option<Kept> {
        match said {
            SocketSaid::Recv { bytes, .. } => Some(Kept::Bytes(bytes.to_bytes())),
            _ => None,
        }
    }

    #[inline]
    fn amount(call: SocketCall<'_>) -> usize {
        match call {
            SocketCall::Write(data) => data.len(),
            SocketCall::Connect(_) | SocketCall::Shutdown | SocketCall::Drop => 0,
        }
    }

    #[inline]
    fn is_exactly(heard: &SocketHeard, call: SocketCall<'_>) -> bool {
        match (heard, call) {
            (SocketHeard::Connect(Expected(Pattern::Is(literal))), SocketCall::Connect(to)) => {
                literal == to
            }
            (
                SocketHeard::Send { data: Expected(Pattern::Is(literal)), accepts: None }
                | SocketHeard::SendAll(Expected(Pattern::Is(literal))),
                SocketCall::Write(data),
            ) => **literal == *data,
            (SocketHeard::Frame(FrameHeard::Is(is)), SocketCall::Write(data)) => is.frame == data,
            (SocketHeard::Shutdown, SocketCall::Shutdown)
            | (SocketHeard::Close, SocketCall::Drop) => true,
            _ => false,
        }
    }

    fn meet(
        heard: &SocketHeard,
        begun: Begun<'_, Progress>,
        call: SocketCall<'_>,
        offset: usize,
        opinion: Option<&Opinion>,
    ) -> Meet<Progress> {
        match (heard, call) {
            (SocketHeard::Connect(expected), SocketCall::Connect(endpoint)) => match &expected.0 {
                Pattern::Is(literal) if literal == endpoint => Meet::Whole(0),
                Pattern::Is(_) => Meet::Differs(0),
                Pattern::Any => Meet::Whole(0),
                Pattern::Matching(predicate) => {
                    judged(opinion, 0, || ask(predicate, endpoint.clone()))
                }
                Pattern::Parts(never) => match *never {},
            },
            (SocketHeard::Send { data: expected, accepts }, SocketCall::Write(data)) => {
                let used = accepts.unwrap_or(data.len());
                match &expected.0 {
                    Pattern::Is(literal) if **literal == *data => Meet::Whole(used),
                    Pattern::Is(literal) => Meet::Differs(common_prefix(literal, data)),
                    // There is less than the step takes.
                    _ if used > data.len() => Meet::Differs(data.len()),
                    Pattern::Any => Meet::Whole(used),
                    Pattern::Matching(predicate) => {
                        judged(opinion, used, || ask(predicate, Bytes::copy_from_slice(data)))
                    }
                    Pattern::Parts(parts) => match parts.split(data) {
                        Ok(_) => judged_parts(parts, used, data, opinion),
                        Err(at) => Meet::Differs(at),
                    },
                }
            }
            (SocketHeard::SendAll(expected), SocketCall::Write(data)) => {
                let data = &data[offset..];
                match &expected.0 {
                    Pattern::Is(literal) => meet_literal(literal, begun, data),
                    Pattern::Any | Pattern::Matching(_) => Meet::Part(begun.progress),
                    Pattern::Parts(parts) => match parts.advance(begun.progress, data) {
                        Advance::Part(progress) => Meet::Part(progress),
                        Advance::Differs(at) => Meet::Differs(begun.met + at),
                        Advance::Whole(used) if parts.label().is_none() => Meet::Whole(used),
                        Advance::Whole(used) => {
                            let run = [kept_bytes(begun.kept), &data[..used]].concat();
                            judged_parts(parts, used, &run, opinion)
                        }
                    },
                }
            }
            (SocketHeard::Frame(FrameHeard::Is(is)), SocketCall::Write(data)) => {
                meet_literal(&is.frame, begun, &data[offset..])
            }
            (SocketHeard::Frame(FrameHeard::Of { framing, payload }), SocketCall::Write(data)) => {
                meet_frame(framing, payload, begun, &data[offset..], opinion)
            }
            (SocketHeard::Shutdown, SocketCall::Shutdown) => Meet::Whole(0),
            (SocketHeard::Close, SocketCall::Drop) => Meet::Whole(0),
            _ => Meet::Other,
        }
    }

    fn conclude(
        heard: &SocketHeard,
        begun: Begun<'_, Progress>,
        ending: Ending,
        opinion: Option<&Opinion>,
    ) -> Meet<Progress> {
        let SocketHeard::SendAll(expected) = heard else { return Meet::Part(begun.progress) };
        // Who closes pauses, too.
        let is_over = expected.ending().is_some_and(|own| own == Ending::Pause || own == ending);
        let run = || Bytes::copy_from_slice(kept_bytes(begun.kept));
        match &expected.0 {
            _ if !is_over => Meet::Part(begun.progress),
            Pattern::Matching(predicate) => judged(opinion, 0, || ask(predicate, run())),
            Pattern::Parts(parts) if parts.is_met_by_ending(begun.progress) => {
                judged_parts(parts, 0, kept_bytes(begun.kept), opinion)
            }
            Pattern::Parts(_) => Meet::Part(begun.progress),
            Pattern::Any | Pattern::Is(_) => Meet::Whole(0),
        }
    }

    fn has_captures(heard: &SocketHeard) -> bool {
        matches!(
            expected_bytes(heard),
            Some(Expected(Pattern::Parts(parts))) if parts.has_captures()
        )
    }

    fn note_captures(heard: &SocketHeard, kept: &Kept, sent: &mut Sent) {
        if let (Some(Expected(Pattern::Parts(parts))), Kept::Bytes(bytes)) =
            (expected_bytes(heard), kept)
        {
            for (name, range) in parts.captures(bytes) {
                sent.set_capture(name, bytes.slice(range));
            }
        }
    }

    fn note_last(heard: &SocketHeard, kept: Option<&Kept>, sent: &mut Sent) {
        match (literal_payload(heard), kept) {
            (Some(literal), _) => sent.set_bytes(literal),
            (None, Some(Kept::Bytes(bytes))) => sent.set_bytes(bytes.clone()),
            (None, _) => {}
        }
    }

    fn reply(said: &SocketSaid, sent: impl FnOnce() -> Sent) -> Option<Question> {
        let SocketSaid::Reply { reply, .. } = said else { return None };
        let (reply, sent) = (reply.clone(), sent());
        let ask = Arc::new(move || Opinion::Says(Kept::Bytes(reply.make(&sent))));
        Some(Question { label: "replies_with".into(), ask })
    }

    fn said_made(said: &SocketSaid, made: Kept) -> SocketSaid {
        let Kept::Bytes(bytes) = made else { unreachable!("a socket's peer says bytes") };
        let piece = match said {
            SocketSaid::Reply { piece, .. } => *piece,
            _ => None,
        };
        let pieces = piece.map_or(Pieces::Whole, Pieces::Each);
        SocketSaid::Recv { bytes: bytes.into(), pieces, payload: None }
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

    fn keep_of(heard: &SocketHeard, kept: Kept, opinion: Option<&Opinion>) -> Kept {
        match (heard, kept, opinion) {
            (
                SocketHeard::Frame(FrameHeard::Of { .. }),
                Kept::Growing(frame),
                Some(Opinion::Framed(Framed::Whole { payload, .. })),
            ) => Kept::Bytes(payload.of(&Bytes::from(frame))),
            (_, kept, _) => kept,
        }
    }

    fn deliver(said: &SocketSaid, given: usize, _: SocketState, buffer: &mut [u8]) -> Delivered {
        match said {
            SocketSaid::Recv { bytes, pieces, .. } => {
                let piece = &bytes[given..pieces.end(given, bytes.len())];
                let len = piece.len().min(buffer.len());
                buffer[..len].copy_from_slice(&piece[..len]);
                let is_all = given + len == bytes.len();
                if is_all { Delivered::Whole(len) } else { Delivered::Part(len) }
            }
            // What a reply says is made before it is delivered.
            SocketSaid::Reply { .. } => Delivered::Whole(0),
            SocketSaid::RecvError(fault) => Delivered::Fault(*fault),
            SocketSaid::Reset => Delivered::Fault(Fault::reset()),
            SocketSaid::Eof => Delivered::Whole(0),
        }
    }

    #[inline]
    fn deliver_whole(said: &SocketSaid, buffer: &mut [u8]) -> Option<usize> {
        let SocketSaid::Recv { bytes, pieces: Pieces::Whole, .. } = said else { return None };
        buffer.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(bytes.len())
    }

    #[inline]
    fn said_fault(said: &SocketSaid) -> Option<Fault> {
        match said {
            SocketSaid::RecvError(fault) => Some(*fault),
            SocketSaid::Reset => Some(Fault::reset()),
            SocketSaid::Recv { .. } | SocketSaid::Reply { .. } | SocketSaid::Eof => None,
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

    #[inline]
    fn standing(call: SocketCall<'_>, state: SocketState) -> Option<Answer> {
        use SocketState::{Finished, Reset, ShutDown};
        match (call, state) {
            (SocketCall::Write(_), Reset) => Some(Answer::Fault(ErrorKind::BrokenPipe.into())),
            (SocketCall::Shutdown, ShutDown | Finished | Reset) => Some(Answer::Amount(0)),
            _ => None,
        }
    }

    fn standing_said(state: SocketState) -> Option<(Answer, SocketState)> {
        use SocketState::{Finished, PeerClosed, Reset};
        matches!(state, PeerClosed | Finished | Reset).then_some((Answer::Amount(0), state))
    }

    fn is_unreachable(heard: &SocketHeard, state: SocketState) -> bool {
        use SocketState::{Finished, Reset, ShutDown};
        Self::is_sent(heard) && matches!(state, ShutDown | Finished | Reset)
    }

    #[inline]
    fn unmentioned(call: SocketCall<'_>) -> Unmentioned {
        match call {
            SocketCall::Connect(_) | SocketCall::Write(_) => Unmentioned::Refused,
            SocketCall::Shutdown => Unmentioned::ToleratedAtTheEnd,
            SocketCall::Drop => Unmentioned::Tolerated,
        }
    }

    fn after_unmentioned(call: SocketCall<'_>, state: SocketState) -> SocketState {
        Self::call_operation(call).next(state).unwrap_or(state)
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
enum BytesOf<'h> {
    Literal(&'h [u8]),
    Parts(&'h Parts),
    Judged,
    Anything,
}

/// What a step expects of bytes, if it hears some.
fn bytes_of(heard: &SocketHeard) -> Option<BytesOf<'_>> {
    Some(match heard {
        SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => match &data.0 {
            Pattern::Is(literal) => BytesOf::Literal(literal),
            Pattern::Any => BytesOf::Anything,
            Pattern::Matching(_) => BytesOf::Judged,
            Pattern::Parts(parts) => BytesOf::Parts(parts),
        },
        SocketHeard::Frame(FrameHeard::Is(is)) => BytesOf::Literal(&is.frame),
        SocketHeard::Frame(FrameHeard::Of { .. }) => BytesOf::Anything,
        SocketHeard::Connect(_) | SocketHeard::Shutdown | SocketHeard::Close => return None,
    })
}

/// What a step expects of what is sent; of a frame, of its payload.
fn expected_bytes(heard: &SocketHeard) -> Option<&Expected<[u8]>> {
    match heard {
        SocketHeard::Send { data, .. } | SocketHeard::SendAll(data) => Some(data),
        SocketHeard::Frame(FrameHeard::Of { payload, .. }) => Some(payload),
        _ => None,
    }
}

/// What a step hears, if the script has it; of a frame, its payload.
fn literal_payload(heard: &SocketHeard) -> Option<Bytes> {
    match heard {
        SocketHeard::Frame(FrameHeard::Is(is)) => Some(is.payload.clone()),
        _ => expected_bytes(heard)?.literal().map(Literal::to_bytes),
    }
}

/// The bytes that a step hears, if the script has them.
fn literal(heard: &SocketHeard) -> Option<&[u8]> {
    match bytes_of(heard)? {
        BytesOf::Literal(literal) => Some(literal),
        BytesOf::Parts(_) | BytesOf::Judged | BytesOf::Anything => None,
    }
}

/// How far bytes bring a run that is one literal.
fn meet_literal(literal: &[u8], begun: Begun<'_, Progress>, data: &[u8]) -> Meet<Progress> {
    let met = begun.progress.into;
    let due = &literal[met..];
    let alike = common_prefix(due, data);
    if alike == due.len() {
        Meet::Whole(alike)
    } else if alike == data.len() {
        Meet::Part(Progress::into_literal(met + alike))
    } else {
        Meet::Differs(met + alike)
    }
}

/// How far bytes bring a frame whose payload is not stated by its bytes.
fn meet_frame(
    framing: &Arc<dyn Framing>,
    payload: &Expected<[u8]>,
    begun: Begun<'_, Progress>,
    data: &[u8],
    opinion: Option<&Opinion>,
) -> Meet<Progress> {
    let come = begun.met + data.len();
    if come < begun.progress.into {
        return Meet::Part(begun.progress);
    }
    match opinion {
        Some(Opinion::Framed(Framed::Incomplete(wants))) => {
            Meet::Part(Progress::into_literal((*wants).max(come + 1)))
        }
        Some(Opinion::Framed(Framed::Whole { len, agrees, .. })) => match agrees {
            _ if *len <= begun.met || *len > come => {
                Meet::Malformed("the framing finds an end that is none".to_owned())
            }
            Ok(()) => Meet::Whole(len - begun.met),
            Err(at) => Meet::Differs(*at),
        },
        Some(Opinion::Framed(Framed::Malformed(problem))) => Meet::Malformed(problem.clone()),
        _ => {
            let (framing, payload) = (Arc::clone(framing), payload.clone());
            let bytes = [kept_bytes(begun.kept), data].concat();
            let ask = Arc::new(move || decode(&*framing, &payload, &bytes));
            Meet::Ask(Question { label: "framed".into(), ask })
        }
    }
}

/// Code of the user's may be in the framing, and in what is expected of the payload.
fn decode(framing: &dyn Framing, expected: &Expected<[u8]>, bytes: &[u8]) -> Opinion {
    let judged = |found: &[u8], payload: Payload, len: usize| {
        let whole = || {
            let agrees = expected.agrees(found);
            Opinion::Framed(Framed::Whole { payload, len, agrees })
        };
        match expected.label() {
            Some(label) => caught(|| label, whole),
            None => whole(),
        }
    };
    let framed = match framing.decode(bytes) {
        Ok(Decoded::Incomplete { wants }) => Framed::Incomplete(wants),
        Ok(Decoded::Frame { payload, len }) => match bytes.get(payload.clone()) {
            Some(found) if payload.end <= len => return judged(found, Payload::At(payload), len),
            _ => Framed::Malformed("the framing finds a payload outside of its frame".to_owned()),
        },
        Ok(Decoded::Recovered { payload, len }) => {
            return judged(&payload, Payload::Is(payload.clone()), len);
        }
        Err(error) => Framed::Malformed(error.to_string()),
    };
    Opinion::Framed(framed)
}

/// What was kept of bytes.
fn kept_bytes(kept: &Kept) -> &[u8] {
    match kept {
        Kept::Growing(bytes) => bytes,
        Kept::Bytes(bytes) => bytes,
        Kept::Nothing | Kept::Endpoint(_) | Kept::Request(_) | Kept::Message(_) => &[],
    }
}

/// How far a call meets a step that only a predicate can judge.
pub(super) fn judged<P>(
    opinion: Option<&Opinion>,
    used: usize,
    ask: impl FnOnce() -> Question,
) -> Meet<P> {
    match opinion {
        Some(Opinion::Is(true)) => Meet::Whole(used),
        Some(_) => Meet::Differs(0),
        None => Meet::Ask(ask()),
    }
}

/// The same of a run whose parts may have predicates, with all of its bytes.
fn judged_parts<P>(parts: &Parts, used: usize, run: &[u8], opinion: Option<&Opinion>) -> Meet<P> {
    let Some(label) = parts.label() else { return Meet::Whole(used) };
    judged(opinion, used, || {
        let (parts, run) = (parts.clone(), Bytes::copy_from_slice(run));
        Question { label, ask: Arc::new(move || Opinion::Is(parts.is_met_by(&run))) }
    })
}

pub(super) fn ask<T, V>(predicate: &Predicate<T>, value: V) -> Question
where
    T: ?Sized + 'static,
    V: std::borrow::Borrow<T> + Send + Sync + 'static,
{
    let predicate = predicate.clone();
    Question {
        label: predicate.label.clone(),
        ask: Arc::new(move || Opinion::Is((predicate.test)(value.borrow()))),
    }
}
