//! Text that tungstenite has checked, without a second check.

use bytes::Bytes;
use bytestring::ByteString;
use tungstenite::Utf8Bytes;
use wirescript::websocket::Text;

/// The same text in the same memory.
#[expect(
    unsafe_code,
    reason = "to check each text twice is a tenth of receiving 1 KiB, and either crate keeps its own \
              way of skipping that to itself"
)]
pub(crate) fn unchanged(text: Utf8Bytes) -> Text {
    debug_assert!(std::str::from_utf8(text.as_ref()).is_ok());
    // SAFETY: `from_bytes_unchecked` wants UTF-8, and that is what `Utf8Bytes` is: it is a `str` by
    // `Deref`, and nothing that is safe makes one of other bytes.
    unsafe { ByteString::from_bytes_unchecked(Bytes::from(text)) }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_it_was_and_where_it_was() {
        for text in ["", "a", "a\u{e9}\u{20ac}\u{1f600}"] {
            let given = Utf8Bytes::from(text);
            let at = given.as_str().as_ptr();
            let unchanged = unchanged(given);
            assert_eq!(unchanged, text);
            assert_eq!(unchanged.as_str().as_ptr(), at);
        }
    }
}
