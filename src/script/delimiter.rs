//! Looking for a delimiter in bytes that come in pieces.

use bytes::Bytes;

/// A delimiter that is looked for while bytes come (Knuth, Morris and Pratt, 1977).
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Delimiter {
    bytes: Bytes,
    /// For every beginning of the delimiter, how much of the delimiter it also ends with.
    borders: Box<[usize]>,
}

impl Delimiter {
    pub(super) fn new(bytes: Bytes) -> Self {
        let mut borders = vec![0; bytes.len()];
        let mut border = 0;
        for at in 1..bytes.len() {
            while border > 0 && bytes[at] != bytes[border] {
                border = borders[border - 1];
            }
            border += usize::from(bytes[at] == bytes[border]);
            borders[at] = border;
        }
        Self { bytes, borders: borders.into() }
    }

    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Looks on, behind `matched` bytes of the delimiter. Gives how much of `data` was taken, and
    /// how much of the delimiter that ends with.
    pub(super) fn walk(&self, mut matched: usize, data: &[u8]) -> (usize, usize) {
        for (at, byte) in data.iter().enumerate() {
            while matched > 0 && *byte != self.bytes[matched] {
                matched = self.borders[matched - 1];
            }
            matched += usize::from(*byte == self.bytes[matched]);
            if matched == self.bytes.len() {
                return (at + 1, matched);
            }
        }
        (data.len(), matched)
    }
}
