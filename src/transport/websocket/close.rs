//! How a WebSocket is closed, and why.

use std::fmt;

use super::{InvalidMessage, Text};

/// Why a WebSocket is closed, as a number (RFC 6455 section 7.4).
///
/// ```
/// use wirescript::websocket::CloseCode;
///
/// assert_eq!(CloseCode::NORMAL, 1000);
/// assert!(CloseCode::from(4001).is_sendable(), "4000 to 4999 are for applications");
/// assert!(!CloseCode::ABNORMAL.is_sendable(), "it says that no close came");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CloseCode(u16);

impl CloseCode {
    /// 1000: what the connection was made for is done.
    pub const NORMAL: Self = Self(1000);
    /// 1001: the server goes down, or the browser leaves the page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the other side broke the protocol.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// 1003: a kind of message that this side does not take.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: there was a close without a code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: there was no close. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a message that is not what it says it is, such as a text that is no UTF-8.
    pub const INVALID_PAYLOAD: Self = Self(1007);
    /// 1008: a message that this side does not want.
    pub const POLICY_VIOLATION: Self = Self(1008);
    /// 1009: a message that is too big.
    pub const TOO_BIG: Self = Self(1009);
    /// 1010: the server did not agree to an extension that the client needs.
    pub const MISSING_EXTENSION: Self = Self(1010);
    /// 1011: the server has a problem of its own.
    pub const INTERNAL_ERROR: Self = Self(1011);
    /// 1012: the server restarts (IANA registry of close codes).
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: the server is overloaded (IANA registry of close codes).
    pub const TRY_AGAIN_LATER: Self = Self(1013);
    /// 1015: TLS failed. Never sent.
    pub const TLS_HANDSHAKE: Self = Self(1015);

    /// The number.
    pub const fn as_u16(self) -> u16 {
        self.0
    }

    /// Whether a close may carry it: 1000 to 1003, 1007 to 1014 and 3000 to 4999 (RFC 6455 sections
    /// 7.4.1 and 7.4.2, and the IANA registry).
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

impl PartialEq<u16> for CloseCode {
    fn eq(&self, other: &u16) -> bool {
        self.0 == *other
    }
}

impl fmt::Debug for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CloseCode({})", self.0)
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a close says: a code, and a reason for people, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CloseFrame {
    /// Why, as a number.
    pub code: CloseCode,
    /// Why, in words: at most [`MAX_REASON`](Self::MAX_REASON) bytes.
    pub reason: Text,
}

impl CloseFrame {
    /// The longest reason that fits, in bytes: a control frame has 125, of which the code takes two
    /// (RFC 6455 section 5.5).
    pub const MAX_REASON: usize = 123;

    /// A close with this code and reason.
    pub fn new(code: impl Into<CloseCode>, reason: impl Into<Text>) -> Self {
        Self { code: code.into(), reason: reason.into() }
    }

    /// Whether it fits into a frame.
    ///
    /// # Errors
    ///
    /// The reason is longer than [`MAX_REASON`](Self::MAX_REASON).
    pub fn check(&self) -> Result<(), InvalidMessage> {
        match self.reason.len() {
            0..=Self::MAX_REASON => Ok(()),
            len => Err(InvalidMessage::ReasonTooLong { len }),
        }
    }
}
