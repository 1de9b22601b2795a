//! What a client has sent, for replies that are made of it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use super::IntoBytes;

/// What the client of a session has sent before a reply, as far as replies are made of it.
///
/// It is what the script has in front of the reply, however far the client is ahead; for the reply
/// of a rule, what was sent up to the match that it answers. What a rule captured is for its own
/// replies.
#[derive(Clone, Default)]
pub struct Sent {
    bytes: Bytes,
    captures: Vec<(Cow<'static, str>, Bytes)>,
}

impl Sent {
    /// The bytes of the last send before the reply; of a frame, its payload; for the reply of a
    /// rule, those that it answers.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that a [`Part`](super::Part) of this name took last.
    ///
    /// # Panics
    ///
    /// At this line, if no part of this name has been met; the client gets an error, and the verdict
    /// says so.
    #[track_caller]
    pub fn capture(&self, name: &str) -> &[u8] {
        match self.try_capture(name) {
            Some(bytes) => bytes,
            None => panic!(
                "nothing was captured as `{name}`; what was captured so far: {:?}",
                self.names()
            ),
        }
    }

    /// The bytes that a [`Part`](super::Part) of this name took last, if one was met.
    pub fn try_capture(&self, name: &str) -> Option<&[u8]> {
        let capture = self.captures.iter().find(|(known, _)| known == name);
        capture.map(|(_, bytes)| &bytes[..])
    }

    fn names(&self) -> Vec<&str> {
        self.captures.iter().map(|(name, _)| &**name).collect()
    }

    pub(crate) fn set_bytes(&mut self, bytes: Bytes) {
        self.bytes = bytes;
    }

    pub(crate) fn set_capture(&mut self, name: Cow<'static, str>, bytes: Bytes) {
        match self.captures.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = bytes,
            None => self.captures.push((name, bytes)),
        }
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("captures", &self.names()).finish_non_exhaustive()
    }
}

/// What makes a reply of what was sent.
#[derive(Clone)]
pub(crate) struct Reply(Arc<dyn Fn(&Sent) -> Bytes + Send + Sync>);

impl Reply {
    pub(super) fn new<F, B>(make: F) -> Self
    where
        F: Fn(&Sent) -> B + Send + Sync + 'static,
        B: IntoBytes,
    {
        Self(Arc::new(move |sent| make(sent).into_bytes()))
    }

    pub(crate) fn make(&self, sent: &Sent) -> Bytes {
        (self.0)(sent)
    }
}
