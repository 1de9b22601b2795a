//! What goes on on one connection: calls and their replies, and the question whether the server is there.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{Sink, Stream};
use serde_json::Value;
use wirescript::WebSocketConnect;
use wirescript::websocket::Message;

use super::client::Event;
use super::driver::{Command, Driver, Kind};
use super::error::Loss;
use super::message::{self, Incoming};

/// How many answers may wait for a server that reads none of them.
pub(super) const MOST_ANSWERS: usize = 64;

/// What goes on on one connection.
pub(super) struct Conversation<'d, C: WebSocketConnect, F> {
    driver: &'d mut Driver<C, F>,
    pub(super) ws: C::Transport,
    /// When to look whether the server is there.
    tick: BoxFuture<'static, ()>,
    /// The server has said something since the last tick.
    has_heard: bool,
    /// The server was asked at the last tick.
    has_asked: bool,
    /// What goes out before the next call.
    urgent: VecDeque<Message>,
}

impl<'d, C: WebSocketConnect, F: FnMut(Event) + Send> Conversation<'d, C, F> {
    pub(super) fn new(driver: &'d mut Driver<C, F>, ws: C::Transport) -> Self {
        let tick = driver.timer.sleep(driver.settings.idle);
        Self { driver, ws, tick, has_heard: false, has_asked: false, urgent: VecDeque::new() }
    }

    /// Both directions at once, so that neither side waits for the other to read. It is ready when the
    /// last client is gone, or the connection.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Loss>> {
        loop {
            // One message at a time: a talkative server keeps no call from going out.
            let is_silent = match Pin::new(&mut self.ws).poll_next(cx)? {
                Poll::Ready(Some(message)) => {
                    self.receive(message)?;
                    false
                }
                Poll::Ready(None) => return Poll::Ready(Err(Loss::Closed(None))),
                Poll::Pending => true,
            };
            self.keep_alive(cx)?;
            if self.poll_send(cx)?.is_ready() {
                return Poll::Ready(Ok(()));
            }
            if is_silent {
                return Poll::Pending;
            }
        }
    }

    fn receive(&mut self, message: Message) -> Result<(), Loss> {
        self.has_heard = true;
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Loss::Malformed("a binary message")),
            Message::Close(close) => return Err(Loss::Closed(close)),
            // A ping is answered by the transport; a pong says that the server is there.
            _ => return Ok(()),
        };
        match Incoming::parse(&text).map_err(Loss::Malformed)? {
            Incoming::Reply { id, outcome } => self.driver.calls.answer(&id, outcome),
            Incoming::Notification { method, params } => {
                (self.driver.on_event)(Event::Notification { method, params });
            }
            Incoming::Request { .. } if self.urgent.len() == MOST_ANSWERS => {
                return Err(Loss::Malformed("more requests than it reads answers"));
            }
            Incoming::Request { id } => {
                self.urgent.push_back(message::method_not_found(&id).into());
            }
        }
        self.driver.failures = 0;
        Ok(())
    }

    /// Asks a server that was silent for a while, and loses one that has no answer.
    fn keep_alive(&mut self, cx: &mut Context<'_>) -> Result<(), Loss> {
        while self.tick.as_mut().poll(cx).is_ready() {
            if self.has_asked && !self.has_heard {
                return Err(Loss::Silent);
            }
            self.has_asked = !self.has_heard;
            self.has_heard = false;
            let settings = &self.driver.settings;
            let next = if self.has_asked { settings.pong_timeout } else { settings.idle };
            self.tick = self.driver.timer.sleep(next);
            if self.has_asked {
                self.urgent.push_back(Message::ping(""));
            }
            self.driver.calls.sent.retain(|_, answer| !answer.is_canceled());
        }
        Ok(())
    }

    /// Sends what there is, as far as the connection takes it. It is ready when the last client is gone.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Loss>> {
        while Pin::new(&mut self.ws).poll_ready(cx)?.is_ready() {
            if let Some(message) = self.urgent.pop_front() {
                Pin::new(&mut self.ws).start_send(message)?;
                continue;
            }
            match self.driver.calls.poll_next(cx) {
                Poll::Ready(Some(command)) => self.start(command)?,
                Poll::Ready(None) => return Poll::Ready(Ok(())),
                Poll::Pending => break,
            }
        }
        let _ = Pin::new(&mut self.ws).poll_flush(cx)?;
        Poll::Pending
    }

    /// Hands a command to the connection: from here on nobody knows whether it was done.
    fn start(&mut self, command: Command) -> Result<(), Loss> {
        let calls = &mut self.driver.calls;
        let Command { kind, method, params, answer } = command;
        let id = match kind {
            Kind::Call => {
                let id = calls.next_id;
                calls.next_id += 1;
                calls.sent.insert(id, answer);
                Some(id)
            }
            Kind::Notification => {
                let _ = answer.send(Ok(Value::Null));
                None
            }
        };
        let text = message::call(id, &method, &params);
        Pin::new(&mut self.ws).start_send(text.into()).map_err(Loss::from)
    }
}
