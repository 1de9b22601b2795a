//! Runs of bytes that a script describes by their parts: literals, and what lies between them.
//!
//! Parts are walked as bytes come, in time linear in the bytes, however they are cut. What part a
//! byte belongs to never depends on what comes after it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::delimiter::Delimiter;
use super::expected::{Pattern, Predicate};
use super::{Any, IntoBytes, InvalidArgument, common_prefix};
use crate::verify::shown;

/// A part of a run of bytes: as many bytes as its end says.
///
/// Made by [`any().len(n)`](Any::len), [`until`] and [`to_end`]. It stands where bytes are expected,
/// by itself or in a tuple with literals and other parts:
///
/// ```
/// # use wirescript::{AsyncSocketExt, Verifier, until};
/// # futures::executor::block_on(async {
/// # let verifier = Verifier::new();
/// # let net = verifier.socket();
/// let mut socket = net
///     .new_session()
///     .expect_send_all(("ECHO ", until("\r\n").capture("line")))
///     .replies_with(|sent| sent.capture("line").to_vec())
///     .into_socket();
///
/// socket.send_all(b"ECHO hello\r\n").await?;
/// let mut buffer = [0; 64];
/// let len = socket.recv(&mut buffer).await?;
/// assert_eq!(&buffer[..len], b"hello\r\n");
/// # drop(socket); verifier.verify();
/// # std::io::Result::Ok(()) }).unwrap();
/// ```
///
/// Bytes of a part that is neither captured nor judged by [`matching`](Self::matching) are not
/// stated: what was sent is to be asserted later.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    extent: Extent,
    name: Option<Cow<'static, str>>,
    judge: Option<Predicate<[u8]>>,
}

/// Which bytes a part takes.
#[derive(Clone, PartialEq, Eq)]
enum Extent {
    Literal(Bytes),
    Len(usize),
    Until(Delimiter),
    /// All that comes until the client pauses.
    ToPause,
    /// All that comes until the client closes its direction.
    ToEnd,
}

/// All bytes up to and including the first `delimiter`.
///
/// # Panics
///
/// At this line: if `delimiter` is empty.
#[track_caller]
pub fn until(delimiter: impl IntoBytes) -> Part {
    let delimiter = delimiter.into_bytes();
    assert!(!delimiter.is_empty(), "`until` wants a delimiter of at least one byte");
    Part::new(Extent::Until(Delimiter::new(delimiter)))
}

/// All bytes until the client closes its direction, by a shutdown or by dropping the socket.
///
/// [`any()`](super::any) by itself ends sooner: where the client flushes or turns to reading.
pub fn to_end() -> Part {
    Part::new(Extent::ToEnd)
}

impl Any {
    /// Exactly `len` bytes, whatever they are.
    ///
    /// # Panics
    ///
    /// At this line: if `len` is 0.
    #[track_caller]
    pub fn len(self, len: usize) -> Part {
        assert!(len > 0, "`any().len(0)` is no bytes at all: take it away");
        Part::new(Extent::Len(len))
    }
}

impl Part {
    fn new(extent: Extent) -> Self {
        Self { extent, name: None, judge: None }
    }

    /// Names these bytes, for [`Sent::capture`](super::Sent::capture).
    #[must_use = "returns the part that is captured"]
    pub fn capture(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Has these bytes judged by `predicate`, once all of the run has come; `label` says in a
    /// failure what was wanted. See [`matching`](super::matching()).
    #[must_use = "returns the part that is judged"]
    pub fn matching<F>(mut self, label: impl Into<Cow<'static, str>>, predicate: F) -> Self
    where
        F: Fn(&[u8]) -> bool + Send + Sync + 'static,
    {
        self.judge = Some(Predicate::new(label.into(), predicate));
        self
    }

    pub(super) fn literal(literal: impl IntoBytes) -> Self {
        Self::new(Extent::Literal(literal.into_bytes()))
    }

    fn is_open(&self) -> bool {
        matches!(self.extent, Extent::ToPause | Extent::ToEnd)
    }

    fn is_stated(&self) -> bool {
        matches!(self.extent, Extent::Literal(_)) || self.name.is_some() || self.judge.is_some()
    }
}

/// What can be a part of a run of bytes: literals, [`Part`]s, [`any()`](super::any) at the end, and
/// tuples of them.
pub trait IntoParts {
    /// Adds the parts behind those that are there.
    fn add_to(self, parts: &mut Vec<Part>);
}

impl IntoParts for Part {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.push(self);
    }
}

impl IntoParts for Any {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.push(Part::new(Extent::ToPause));
    }
}

impl IntoParts for Vec<Part> {
    fn add_to(self, parts: &mut Vec<Part>) {
        parts.extend(self);
    }
}

/// Where a run ends that has no end of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Where the client pauses in what it writes.
    Pause,
    /// Where the client closes its direction.
    Close,
}

/// A run of bytes, by its parts. It prints as it is written.
#[derive(Clone, PartialEq, Eq)]
pub struct Parts(Box<[Part]>);

/// How far into a run of parts the bytes have come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// The part that the next byte belongs to.
    part: usize,
    /// How much of it has come; of a delimiter, how much of it has come last.
    pub(crate) into: usize,
}

impl Progress {
    /// So far into a run that is one literal.
    pub(crate) fn into_literal(into: usize) -> Self {
        Self { part: 0, into }
    }
}

/// How far some bytes bring a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advance {
    /// To its end, with so many of them.
    Whole(usize),
    /// All of them belong to it, and it wants more, or takes more.
    Part(Progress),
    /// So many of them belong to it, and the next one does not.
    Differs(usize),
}

/// What a run wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Byte(u8),
    End,
    Anything,
}

impl Parts {
    /// The run that these parts make, in the simplest form.
    pub(super) fn pattern(parts: Vec<Part>) -> Result<Pattern<[u8]>, InvalidArgument> {
        let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
        for part in parts {
            match (merged.last_mut().map(|last| &mut last.extent), &part.extent) {
                (_, Extent::Literal(literal)) if literal.is_empty() => {
                    return Err(InvalidArgument::parts("a part of a run has at least one byte"));
                }
                (Some(Extent::ToPause | Extent::ToEnd), _) => {
                    return Err(InvalidArgument::parts(
                        "nothing can follow a part without an end: give it one with \
                         `any().len(n)` or `until(..)`",
                    ));
                }
                (Some(Extent::Literal(before)), Extent::Literal(literal)) => {
                    *before = [&before[..], &literal[..]].concat().into();
                }
                _ => merged.push(part),
            }
        }
        match merged.as_slice() {
            [] => Err(InvalidArgument::parts("a run has at least one part")),
            [Part { extent: Extent::Literal(literal), .. }] => {
                Ok(Pattern::Is(literal.clone().into()))
            }
            [Part { extent: Extent::ToPause, .. }] => Ok(Pattern::Any),
            _ => Ok(Pattern::Parts(Self(merged.into()))),
        }
    }

    /// Where the run ends, if it has no end of its own.
    pub(crate) fn ending(&self) -> Option<Ending> {
        match self.0.last()?.extent {
            Extent::ToPause => Some(Ending::Pause),
            Extent::ToEnd => Some(Ending::Close),
            Extent::Literal(_) | Extent::Len(_) | Extent::Until(_) => None,
        }
    }

    /// Whether nothing is said about the bytes, not even how many they are.
    pub(crate) fn is_wild(&self) -> bool {
        self.0.iter().all(|part| part.is_open() && part.judge.is_none())
    }

    /// Whether every byte is a literal, judged, or made use of.
    pub(crate) fn is_stated(&self) -> bool {
        self.0.iter().all(Part::is_stated)
    }

    /// How many bytes the run has, if the parts say so.
    pub(crate) fn extent(&self) -> Option<usize> {
        self.0.iter().try_fold(0_usize, |sum, part| match &part.extent {
            Extent::Literal(literal) => sum.checked_add(literal.len()),
            Extent::Len(len) => sum.checked_add(*len),
            Extent::Until(_) | Extent::ToPause | Extent::ToEnd => None,
        })
    }

    /// Walks on from `progress` with `data`.
    pub(crate) fn advance(&self, progress: Progress, data: &[u8]) -> Advance {
        walk(&self.0, progress, data)
    }

    /// Whether what has come is all of the run, where it ends only with the client's saying so.
    pub(crate) fn is_met_by_ending(&self, progress: Progress) -> bool {
        self.0.get(progress.part).is_some_and(Part::is_open)
    }

    /// The bytes of every part, if `bytes` are all of the run; or how far they may be a part of it.
    pub(crate) fn split<'b>(&self, bytes: &'b [u8]) -> Result<Vec<(&Part, &'b [u8])>, usize> {
        let mut split = Vec::with_capacity(self.0.len());
        let mut from = 0;
        for part in &self.0 {
            let part_alone = std::slice::from_ref(part);
            let len = match walk(part_alone, Progress::default(), &bytes[from..]) {
                Advance::Whole(len) => len,
                Advance::Part(_) if part.is_open() => bytes.len() - from,
                Advance::Part(_) => return Err(bytes.len()),
                Advance::Differs(at) => return Err(from + at),
            };
            split.push((part, &bytes[from..from + len]));
            from += len;
        }
        if from == bytes.len() { Ok(split) } else { Err(from) }
    }

    /// Whether `bytes` are all of the run, and every predicate agrees.
    pub(crate) fn is_met_by(&self, bytes: &[u8]) -> bool {
        self.split(bytes).is_ok_and(|split| {
            split.iter().all(|(part, bytes)| {
                part.judge.as_ref().is_none_or(|predicate| (predicate.test)(bytes))
            })
        })
    }

    /// What was wanted of the parts that are judged, if any is.
    pub(crate) fn label(&self) -> Option<Cow<'static, str>> {
        let judges = self.0.iter().filter_map(|part| part.judge.as_ref());
        let labels: Vec<_> = judges.map(|judge| &*judge.label).collect();
        (!labels.is_empty()).then(|| labels.join(", ").into())
    }

    /// Whether any of the parts has a name.
    pub(crate) fn has_captures(&self) -> bool {
        self.0.iter().any(|part| part.name.is_some())
    }

    /// The parts that have a name, and where they are among `bytes`, which are all of the run.
    pub(crate) fn captures(&self, bytes: &[u8]) -> Vec<(Cow<'static, str>, Range<usize>)> {
        let mut from = 0;
        let mut captures = Vec::new();
        for (part, bytes) in self.split(bytes).unwrap_or_default() {
            let range = from..from + bytes.len();
            from = range.end;
            captures.extend(part.name.clone().map(|name| (name, range)));
        }
        captures
    }

    /// What the run wants behind `bytes`: this byte, or its end, or nothing in particular.
    pub(crate) fn wants_after(&self, bytes: &[u8]) -> Wanted {
        match self.advance(Progress::default(), bytes) {
            Advance::Whole(len) if len == bytes.len() => Wanted::End,
            Advance::Part(Progress { part, into }) => match &self.0[part].extent {
                Extent::Literal(literal) => Wanted::Byte(literal[into]),
                _ => Wanted::Anything,
            },
            Advance::Whole(_) | Advance::Differs(_) => Wanted::Anything,
        }
    }

    /// Whether the first of the bytes tell this run from `other`, whatever comes of the rest.
    pub(crate) fn is_distinct(&self, other: &Self) -> bool {
        let (mut ours, mut theirs) = (Fixed::of(self), Fixed::of(other));
        loop {
            let len = match (ours.len(), theirs.len()) {
                (Some(a), Some(b)) => a.min(b),
                _ => return false,
            };
            if let (Some(a), Some(b)) = (ours.literal(len), theirs.literal(len)) {
                if a != b {
                    return true;
                }
            }
            ours.skip(len);
            theirs.skip(len);
        }
    }

    /// The run that is one literal.
    pub(crate) fn of_literal(literal: Bytes) -> Self {
        Self([Part::new(Extent::Literal(literal))].into())
    }
}

fn walk(parts: &[Part], progress: Progress, data: &[u8]) -> Advance {
    let Progress { mut part, mut into } = progress;
    let mut used = 0;
    while let Some(current) = parts.get(part) {
        let rest = &data[used..];
        let is_over = match &current.extent {
            Extent::Literal(literal) => {
                let due = &literal[into..];
                let alike = common_prefix(due, rest);
                if alike < due.len() && alike < rest.len() {
                    return Advance::Differs(used + alike);
                }
                used += alike;
                into += alike;
                alike == due.len()
            }
            Extent::Len(len) => {
                let taken = rest.len().min(len - into);
                used += taken;
                into += taken;
                into == *len
            }
            Extent::Until(delimiter) => {
                let (taken, last) = delimiter.walk(into, rest);
                used += taken;
                into = last;
                into == delimiter.bytes().len()
            }
            Extent::ToPause | Extent::ToEnd => {
                used = data.len();
                false
            }
        };
        if !is_over {
            return Advance::Part(Progress { part, into });
        }
        part += 1;
        into = 0;
    }
    Advance::Whole(used)
}

/// A walk over the parts whose place in the run is known.
struct Fixed<'p> {
    parts: &'p [Part],
    into: usize,
}

impl<'p> Fixed<'p> {
    fn of(run: &'p Parts) -> Self {
        Self { parts: &run.0, into: 0 }
    }

    /// How many bytes there are of the part here; `None` where that is not known.
    fn len(&self) -> Option<usize> {
        match &self.parts.first()?.extent {
            Extent::Literal(literal) => Some(literal.len() - self.into),
            Extent::Len(len) => Some(len - self.into),
            Extent::Until(_) | Extent::ToPause | Extent::ToEnd => None,
        }
    }

    fn literal(&self, len: usize) -> Option<&'p [u8]> {
        match &self.parts.first()?.extent {
            Extent::Literal(literal) => Some(&literal[self.into..self.into + len]),
            _ => None,
        }
    }

    fn skip(&mut self, len: usize) {
        self.into += len;
        if self.len() == Some(0) {
            self.parts = &self.parts[1..];
            self.into = 0;
        }
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.extent {
            Extent::Literal(literal) => f.write_str(&shown(literal))?,
            Extent::Len(len) => write!(f, "any().len({len})")?,
            Extent::Until(delimiter) => write!(f, "until({})", shown(delimiter.bytes()))?,
            Extent::ToPause => f.write_str("any()")?,
            Extent::ToEnd => f.write_str("to_end()")?,
        }
        if let Some(name) = &self.name {
            write!(f, ".capture({name:?})")?;
        }
        match &self.judge {
            Some(judge) => write!(f, ".matching({:?})", judge.label),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [alone] = &*self.0 {
            return alone.fmt(f);
        }
        let mut tuple = f.debug_tuple("");
        self.0.iter().for_each(|part| _ = tuple.field(part));
        tuple.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::any;

    fn parts(of: impl IntoParts) -> Parts {
        let mut parts = Vec::new();
        of.add_to(&mut parts);
        match Parts::pattern(parts) {
            Ok(Pattern::Parts(parts)) => parts,
            _ => panic!("not a run of parts"),
        }
    }

    /// How far `bytes` bring the run, given in pieces of this size.
    fn advance(run: &Parts, bytes: &[u8], size: usize) -> Advance {
        let mut progress = Progress::default();
        let mut used = 0;
        for piece in bytes.chunks(size) {
            match run.advance(progress, piece) {
                Advance::Part(further) => progress = further,
                Advance::Whole(more) => return Advance::Whole(used + more),
                Advance::Differs(more) => return Advance::Differs(used + more),
            }
            used += piece.len();
        }
        Advance::Part(progress)
    }

    #[test]
    fn a_run_ends_at_the_same_byte_however_it_is_cut() {
        for (run, bytes, end) in [
            (parts(any().len(3)), &b"abcd"[..], Advance::Whole(3)),
            (parts(until("\r\n")), b"a\rb\r\r\nc", Advance::Whole(6)),
            (parts(until("aabaaa")), b"aabaabaabaaab", Advance::Whole(12)),
            (parts(("GET ", until(" "), "HTTP")), b"GET /a HTTP/1.1", Advance::Whole(11)),
            (parts(("GET ", until(" "), "HTTP")), b"GET /a HTTX", Advance::Differs(10)),
            (parts((until("x"), any())), b"abxcd", Advance::Part(Progress { part: 1, into: 0 })),
        ] {
            for size in 1..=bytes.len() {
                assert_eq!(advance(&run, bytes, size), end, "{run:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn all_of_a_run_is_split_into_its_parts() {
        let run = parts(("id=", until(";").capture("id"), any().len(2).capture("tail")));
        assert_eq!(run.captures(b"id=12;ab"), [("id".into(), 3..6), ("tail".into(), 6..8)]);
        assert_eq!(run.split(b"id=12;a").unwrap_err(), 7);
        assert_eq!(run.split(b"id=12;abc").unwrap_err(), 8);
        assert_eq!(run.split(b"ix=12;ab").unwrap_err(), 1);
    }

    #[test]
    fn runs_are_told_apart_by_literal_bytes_at_places_that_are_known() {
        for (a, b, is_distinct) in [
            (parts(("A", any().len(2), "C")), parts(("A", any().len(2), "D")), true),
            (parts(("A", any().len(2), "C")), parts(("A", any().len(3), "D")), false),
            (parts(("A", until("C"))), parts(("B", any())), true),
            (parts(("A", until("C"))), parts(("A", any())), false),
            (parts((any().len(usize::MAX), "A")), parts((any().len(usize::MAX), "B")), true),
            (parts(until("A")), parts(("B", any())), false),
        ] {
            assert_eq!(a.is_distinct(&b), is_distinct, "{a:?} and {b:?}");
            assert_eq!(b.is_distinct(&a), is_distinct, "{b:?} and {a:?}");
        }
    }

    #[test]
    fn parts_print_as_they_are_written() {
        let run =
            parts(("ID ", any().len(4).capture("id"), until("\r\n").matching("hex", |_| true)));
        assert_eq!(
            format!("{run:?}"),
            r#"(b"ID ", any().len(4).capture("id"), until(b"\r\n").matching("hex"))"#
        );
        assert_eq!(format!("{:?}", parts(to_end())), "to_end()");
    }
}
