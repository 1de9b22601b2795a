//! What was written: steps, the values they state, and the builders that write them.
//!
//! Plain data. What happens to it is in `session`.

mod builder;
mod check;
mod chunks;
mod delimiter;
mod draft;
mod expected;
mod fault;
mod framing;
mod literal;
mod parts;
mod pieces;
mod sent;
mod socket;
mod step;
mod times;
pub(crate) mod websocket;

pub use builder::{
    AfterClose, AfterClosing, AfterConnect, AfterEnd, AfterFrame, AfterMessage, AfterRecv,
    AfterRecvError, AfterReply, AfterRule, AfterSend, AfterSendAll, AfterShutdown, AtStart,
    SocketScript, Whenever, modifiers,
};
pub use chunks::Chunks;
pub use expected::{
    Any, Expected, IntoBytes, IntoExpected, InvalidArgument, Matching, Value, any, matching,
};
pub use fault::Fault;
pub use framing::{
    Decoded, Delimited, FrameError, Framing, LengthPrefix, Lines, WebSocketFrame, WebSocketFrames,
    accept_key, upgrade,
};
pub use literal::Literal;
pub use parts::{IntoParts, Part, Parts, to_end, until};
pub use pieces::ChunkSizes;
pub use sent::Sent;
pub use socket::{Socket, SocketState};
pub use times::Times;
pub use websocket::{
    IntoRejection, SentMessage, WebSocket, WebSocketScript, WebSocketState, WheneverMessage,
};

pub(crate) use draft::{Draft, Script};
pub(crate) use expected::{Pattern, Predicate, expected};
pub(crate) use fault::WebSocketFault;
pub(crate) use parts::{Advance, Ending, Progress, Wanted};
pub(crate) use pieces::Pieces;
pub(crate) use sent::Reply;
pub(crate) use socket::{
    FrameHeard, SocketHeard, SocketSaid, StatedFrame, common_prefix, operations,
};
pub(crate) use step::{Delay, LONGEST_WAIT, Step, What};
