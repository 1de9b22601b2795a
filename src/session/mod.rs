//! What is happening: scripts being used.
//!
//! `machine` judges, `request` is what is put to it, `case` is the life of a session around it,
//! `book` holds all that one verifier knows; the four are pure. `shared` is the one file with a
//! lock and wakers, and `clock` the one with a thread; neither decides anything about a script.

mod book;
mod case;
#[cfg(not(all(test, wirescript_model)))]
mod clock;
mod few;
mod language;
mod machine;
#[cfg(all(test, wirescript_model))]
mod model;
mod request;
mod shared;
mod socket;
mod websocket;

#[cfg(all(test, wirescript_model))]
use model::clock;

pub(crate) use book::UNNAMED_SOCKETS;
pub(crate) use language::{Answer, Language};
pub(crate) use machine::Machine;
pub(crate) use request::{Hear, Listen, Pause, Request};
pub(crate) use shared::{Asker, Polled, Refused, Settings, Shared, Side, block_on, poll_once};
pub(crate) use socket::SocketCall;
pub(crate) use websocket::{Inbox, WebSocketCall};
