//! How something said is cut into the pieces in which a client receives it.

/// Where a peer's bytes are cut, as the network might.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pieces {
    /// Not at all.
    Whole,
    /// After every so many bytes.
    Each(usize),
    /// Before these offsets, in ascending order; the last one is the end.
    Until(Box<[usize]>),
}

impl Pieces {
    /// Where the piece ends in which the byte at `offset` lies, of `len` bytes.
    pub(crate) fn end(&self, offset: usize, len: usize) -> usize {
        match self {
            Self::Whole => len,
            Self::Each(size) => (offset / size).saturating_add(1).saturating_mul(*size).min(len),
            Self::Until(ends) => ends[ends.partition_point(|end| *end <= offset)],
        }
    }
}

/// The sizes of the pieces in which a client receives what the peer says: one for all, or a list.
/// See [`in_chunks`](crate::scripted::SocketScript::in_chunks).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkSizes(Sizes);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Sizes {
    Each(usize),
    List(Vec<usize>),
}

impl ChunkSizes {
    /// The one size, or why there is not one.
    pub(super) fn piece(self) -> Result<usize, String> {
        match self.0 {
            Sizes::Each(0) => Err("a chunk has at least one byte".to_owned()),
            Sizes::Each(size) => Ok(size),
            Sizes::List(_) => Err("how long a reply is, is known only when it is made; give one \
                                   size for all chunks"
                .to_owned()),
        }
    }

    /// The pieces of `len` bytes, or why they cannot be cut like that.
    pub(super) fn pieces(self, len: usize) -> Result<Pieces, String> {
        match self.0 {
            Sizes::Each(0) => Err("a chunk has at least one byte".to_owned()),
            Sizes::Each(size) => Ok(Pieces::Each(size)),
            Sizes::List(sizes) if sizes.contains(&0) => {
                Err("a chunk has at least one byte".to_owned())
            }
            Sizes::List(sizes) => {
                let mut end = 0_usize;
                let add = |size: &usize| {
                    end = end.saturating_add(*size);
                    end
                };
                let ends: Box<[usize]> = sizes.iter().map(add).collect();
                if end == len {
                    Ok(Pieces::Until(ends))
                } else {
                    Err(format!("the chunks have {end} bytes in all, and the step says {len}"))
                }
            }
        }
    }
}

impl From<usize> for ChunkSizes {
    fn from(size: usize) -> Self {
        Self(Sizes::Each(size))
    }
}

impl From<&[usize]> for ChunkSizes {
    fn from(sizes: &[usize]) -> Self {
        Self(Sizes::List(sizes.to_vec()))
    }
}

impl<const N: usize> From<[usize; N]> for ChunkSizes {
    fn from(sizes: [usize; N]) -> Self {
        Self(Sizes::List(sizes.to_vec()))
    }
}

impl From<Vec<usize>> for ChunkSizes {
    fn from(sizes: Vec<usize>) -> Self {
        Self(Sizes::List(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_ends_where_it_was_cut() {
        let ends = |pieces: &Pieces| (0..6).map(|at| pieces.end(at, 6)).collect::<Vec<_>>();
        let cut = |sizes: ChunkSizes| ends(&sizes.pieces(6).unwrap());
        assert_eq!(ends(&Pieces::Whole), [6; 6]);
        assert_eq!(cut(4.into()), [4, 4, 4, 4, 6, 6]);
        assert_eq!(cut(usize::MAX.into()), [6; 6]);
        assert_eq!(cut([1, 3, 2].into()), [1, 4, 4, 4, 6, 6]);
    }

    #[test]
    fn what_cannot_be_cut_like_that_says_why() {
        let refused = |sizes: ChunkSizes| sizes.pieces(6).unwrap_err();
        assert_eq!(refused(0.into()), "a chunk has at least one byte");
        assert_eq!(refused([6, 0].into()), "a chunk has at least one byte");
        assert_eq!(refused([6, 1].into()), "the chunks have 7 bytes in all, and the step says 6");
        assert_eq!(refused([].into()), "the chunks have 0 bytes in all, and the step says 6");
    }
}
