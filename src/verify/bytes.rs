//! Bytes for people: escaped, cut to a limit, with the place of a difference.

use std::fmt::Write as _;

/// How many columns of a payload, escaped, a message shows.
const LIMIT: usize = 72;
/// How many columns before a difference it shows.
const BEFORE: usize = 36;
/// How many bytes a fix writes out for pasting.
const PASTE_LIMIT: usize = 512;

/// `bytes` as a byte string literal, cut where it is long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    excerpt(bytes, 0)
}

/// `bytes` as a byte string literal that can be pasted, if it is not too long for that.
pub(super) fn code(bytes: &[u8]) -> Option<String> {
    (bytes.len() <= PASTE_LIMIT).then(|| format!("b\"{}\"", bytes.escape_ascii()))
}

/// Two byte strings that differ at `at`, from the same place on, and the column of the difference.
pub(super) fn difference(expected: &[u8], got: &[u8], at: usize) -> (String, String, usize) {
    let start = at - fitting(got[..at].iter().rev(), BEFORE);
    let skipped = if start > 0 { "...".len() } else { 0 };
    let column = skipped + "b\"".len() + got[start..at].escape_ascii().count();
    (excerpt(expected, start), excerpt(got, start), column)
}

/// One byte as a byte literal.
pub(super) fn byte(byte: u8) -> String {
    format!("b'{}'", byte.escape_ascii())
}

/// How many of `bytes` fit into so many columns when they are escaped.
fn fitting<'b>(bytes: impl Iterator<Item = &'b u8>, columns: usize) -> usize {
    let mut width = 0;
    bytes
        .take_while(|byte| {
            width += byte.escape_ascii().len();
            width <= columns
        })
        .count()
}

fn excerpt(bytes: &[u8], start: usize) -> String {
    let start = start.min(bytes.len());
    let end = start + fitting(bytes[start..].iter(), LIMIT);
    let mut text = String::new();
    if start > 0 {
        text.push_str("...");
    }
    // Writing to a `String` cannot fail.
    let _ = write!(text, "b\"{}\"", bytes[start..end].escape_ascii());
    if end < bytes.len() {
        text.push_str("...");
    }
    if start > 0 || end < bytes.len() {
        let _ = write!(text, " ({} bytes)", bytes.len());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_payload_is_cut_and_says_its_length() {
        let long = vec![b'x'; 20 << 20];
        assert_eq!(shown(&long), format!("b\"{}\"... (20971520 bytes)", "x".repeat(LIMIT)));
        assert_eq!(code(&long), None);
    }

    #[test]
    fn bytes_that_are_no_text_are_escaped() {
        assert_eq!(shown(b"\xff\0\r\n\"\\\xc3\xa9"), r#"b"\xff\x00\r\n\"\\\xc3\xa9""#);
    }

    #[test]
    fn a_difference_far_in_is_shown_with_what_is_around_it() {
        let expected = [vec![b'a'; 100], b"e".to_vec()].concat();
        let got = [vec![b'a'; 100], b"f".to_vec()].concat();
        let (expected, got, column) = difference(&expected, &got, 100);
        assert_eq!(expected, format!("...b\"{}e\" (101 bytes)", "a".repeat(36)));
        assert_eq!(got, format!("...b\"{}f\" (101 bytes)", "a".repeat(36)));
        assert_eq!(&got[column..=column], "f");
    }
}
