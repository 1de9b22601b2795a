//! Bytes for people: escaped, cut to a limit, with the place of a difference.

use std::fmt::Write as _;

/// How many columns of a payload, escaped, a message shows.
const LIMIT: usize = 72;
/// How many columns before a difference it shows.
const BEFORE: usize = 36;
/// How many bytes a fix writes out for pasting.
const PASTE_LIMIT: usize = 512;

/// What is shown: bytes as a byte string literal, or text as a string literal.
#[derive(Clone, Copy)]
pub(super) enum Shown<'p> {
    Bytes(&'p [u8]),
    Text(&'p str),
    /// Text that a raw literal holds as it is: JSON, most often.
    Raw(&'p str),
}

/// `bytes` as a byte string literal, cut where it is long.
pub(crate) fn shown(bytes: &[u8]) -> String {
    Shown::Bytes(bytes).excerpt(0)
}

/// `text` as a string literal, cut where it is long.
pub(super) fn shown_text(text: &str) -> String {
    Shown::text(text).excerpt(0)
}

/// `bytes` as a byte string literal that can be pasted, if it is not too long for that.
pub(super) fn code(bytes: &[u8]) -> Option<String> {
    Shown::Bytes(bytes).code()
}

/// `text` as a string literal that can be pasted, if it is not too long for that; as a raw one where
/// that is easier to read, as JSON is.
pub(super) fn text_code(text: &str) -> Option<String> {
    Shown::text(text).code()
}

/// Two byte strings that differ at `at`, from the same place on, and the column of the difference.
pub(super) fn difference(expected: &[u8], got: &[u8], at: usize) -> (String, String, usize) {
    Shown::Bytes(got).difference(Shown::Bytes(expected), at)
}

/// One byte as a byte literal.
pub(super) fn byte(byte: u8) -> String {
    format!("b'{}'", byte.escape_ascii())
}

impl<'p> Shown<'p> {
    /// Text, raw where that saves escapes.
    fn text(text: &'p str) -> Self {
        if has_quotes(text) && fits_raw(text) { Self::Raw(text) } else { Self::Text(text) }
    }

    /// Two texts that are compared: both in the same way.
    pub(super) fn texts(a: &'p str, b: &'p str) -> (Self, Self) {
        if (has_quotes(a) || has_quotes(b)) && fits_raw(a) && fits_raw(b) {
            (Self::Raw(a), Self::Raw(b))
        } else {
            (Self::Text(a), Self::Text(b))
        }
    }

    /// The same beside `expected`, from which it differs at `at`: both from the same place on, and the
    /// column of the difference.
    pub(super) fn difference(self, expected: Shown<'_>, at: usize) -> (String, String, usize) {
        let at = self.boundary(at);
        let start = at - self.before(at);
        let skipped = if start > 0 { "...".len() } else { 0 };
        let column = skipped + self.quote().len() + self.escaped(start, at).chars().count();
        (expected.excerpt(start), self.excerpt(start), column)
    }

    fn code(self) -> Option<String> {
        let is_short = self.len() <= PASTE_LIMIT;
        let (quote, unquote) = (self.quote(), self.unquote());
        is_short.then(|| format!("{quote}{}{unquote}", self.escaped(0, self.len())))
    }

    fn excerpt(self, start: usize) -> String {
        let start = self.boundary(start.min(self.len()));
        let end = start + self.behind(start);
        let mut text = String::new();
        if start > 0 {
            text.push_str("...");
        }
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{}{}{}", self.quote(), self.escaped(start, end), self.unquote());
        if end < self.len() {
            text.push_str("...");
        }
        if start > 0 || end < self.len() {
            let _ = write!(text, " ({} bytes)", self.len());
        }
        text
    }

    fn len(self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Text(text) | Self::Raw(text) => text.len(),
        }
    }

    fn quote(self) -> &'static str {
        match self {
            Self::Bytes(_) => "b\"",
            Self::Text(_) => "\"",
            Self::Raw(_) => "r#\"",
        }
    }

    fn unquote(self) -> &'static str {
        match self {
            Self::Bytes(_) | Self::Text(_) => "\"",
            Self::Raw(_) => "\"#",
        }
    }

    /// Where the character begins that `at` is in.
    fn boundary(self, at: usize) -> usize {
        match self {
            Self::Bytes(_) => at,
            Self::Text(text) | Self::Raw(text) => {
                (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
            }
        }
    }

    fn escaped(self, start: usize, end: usize) -> String {
        match self {
            Self::Bytes(bytes) => bytes[start..end].escape_ascii().to_string(),
            Self::Text(text) => text[start..end].chars().flat_map(escaped).collect(),
            Self::Raw(text) => text[start..end].to_owned(),
        }
    }

    /// How much of what comes before `at` fits in front of a difference.
    fn before(self, at: usize) -> usize {
        match self {
            Self::Bytes(bytes) => {
                fitting(bytes[..at].iter().rev().map(|byte| of_byte(*byte)), BEFORE)
            }
            Self::Text(text) => fitting(text[..at].chars().rev().map(of_char), BEFORE),
            Self::Raw(text) => fitting(text[..at].chars().rev().map(of_raw_char), BEFORE),
        }
    }

    /// How much of what comes from `at` on fits.
    fn behind(self, at: usize) -> usize {
        match self {
            Self::Bytes(bytes) => fitting(bytes[at..].iter().map(|byte| of_byte(*byte)), LIMIT),
            Self::Text(text) => fitting(text[at..].chars().map(of_char), LIMIT),
            Self::Raw(text) => fitting(text[at..].chars().map(of_raw_char), LIMIT),
        }
    }
}

/// How many bytes it is, and in how many columns it is shown.
fn of_byte(byte: u8) -> (usize, usize) {
    (1, byte.escape_ascii().len())
}

/// The same of a character.
fn of_char(c: char) -> (usize, usize) {
    (c.len_utf8(), escaped(c).count())
}

/// A character as it stands in a string literal.
fn escaped(c: char) -> impl Iterator<Item = char> {
    // Between double quotes a single one is nothing special.
    let (itself, escape) = if c == '\'' { (Some(c), None) } else { (None, Some(c.escape_debug())) };
    itself.into_iter().chain(escape.into_iter().flatten())
}

/// The same of a character in a raw literal.
fn of_raw_char(c: char) -> (usize, usize) {
    (c.len_utf8(), 1)
}

/// Whether a literal of `text` has to escape what people type.
fn has_quotes(text: &str) -> bool {
    text.contains(['"', '\\'])
}

/// Whether a raw literal with one `#` can hold `text`, and shows all of it.
fn fits_raw(text: &str) -> bool {
    let is_plain = |c: char| matches!(c, '"' | '\\' | '\'') || c.escape_debug().count() == 1;
    !text.contains("\"#") && text.chars().all(is_plain)
}

/// How many bytes of these fit into so many columns.
fn fitting(units: impl Iterator<Item = (usize, usize)>, columns: usize) -> usize {
    let mut width = 0;
    let fits = |(_, columns_of): &(usize, usize)| {
        width += columns_of;
        width <= columns
    };
    units.take_while(fits).map(|(len, _)| len).sum()
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
    fn text_with_quotes_is_pasted_raw_unless_something_in_it_has_to_be_escaped() {
        let check = |text, code: &str| assert_eq!(text_code(text).as_deref(), Some(code));
        check("it's", r#""it's""#);
        check(r#"{"a":"\u00e9"}"#, r##"r#"{"a":"\u00e9"}"#"##);
        check("\"a\"\n", r#""\"a\"\n""#);
        check("\"#", r###""\"#""###);
    }

    #[test]
    fn a_difference_within_a_character_is_marked_where_that_begins() {
        let (expected, got) = ("\u{e9}t\u{e9}", "\u{e9}t\u{e8}");
        let at = 4; // the second byte of the last character
        let (shown, other, column) = Shown::Text(got).difference(Shown::Text(expected), at);
        assert_eq!((shown.as_str(), other.as_str()), ("\"\u{e9}t\u{e9}\"", "\"\u{e9}t\u{e8}\""));
        assert_eq!(other.chars().nth(column), Some('\u{e8}'));
        assert_eq!(shown_text("it's\n"), r#""it's\n""#);
    }

    #[test]
    fn text_with_quotes_is_raw_where_that_holds_it() {
        assert_eq!(shown_text(r#"{"a":"\"}"#), r##"r#"{"a":"\"}"#"##);
        assert_eq!(shown_text("it's"), r#""it's""#);
        assert_eq!(shown_text("\"a\nb"), r#""\"a\nb""#);
        assert_eq!(shown_text(r##"["#a"]"##), r##""[\"#a\"]""##);
        let (expected, got) = Shown::texts("[1]", r#"["1"]"#);
        let (expected, got, column) = got.difference(expected, 1);
        assert_eq!((&*expected, &*got, column), (r##"r#"[1]"#"##, r##"r#"["1"]"#"##, 4));
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
