//! The reference of runs of bytes that are described by their parts: whatever is asked is worked out
//! from all of the bytes, part after part.

use super::script::{Extent, Part, Test, Value};
use super::text;

/// How far bytes are the run that some parts describe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// So many of them are all of it.
    Whole(usize),
    /// All of them belong to it, and it wants more.
    Part,
    /// All of them belong to it, and so does what comes until the client ends it.
    Open,
    /// So many of them belong to it, and the next one does not.
    Differs(usize),
}

/// What a run without an end of its own goes on to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Pause,
    Close,
}

pub(super) fn fit(parts: &[Part], bytes: &[u8]) -> Fit {
    let Some((first, others)) = parts.split_first() else { return Fit::Whole(0) };
    let len = match &first.extent {
        Extent::Literal(literal) if bytes.starts_with(literal) => literal.len(),
        Extent::Literal(literal) if literal.starts_with(bytes) => return Fit::Part,
        Extent::Literal(literal) => return Fit::Differs(alike(literal, bytes)),
        Extent::Len(len) if *len <= bytes.len() => *len,
        Extent::Until(delimiter) => {
            match (0..=bytes.len()).find(|end| bytes[..*end].ends_with(delimiter)) {
                Some(end) => end,
                None => return Fit::Part,
            }
        }
        Extent::Len(_) => return Fit::Part,
        Extent::ToPause | Extent::ToEnd => return Fit::Open,
    };
    match fit(others, &bytes[len..]) {
        Fit::Whole(more) => Fit::Whole(len + more),
        Fit::Differs(at) => Fit::Differs(len + at),
        open => open,
    }
}

/// Every part with its bytes, if `bytes` are exactly the run; or how far they are.
pub(super) fn split<'v>(
    parts: &'v [Part],
    bytes: &'v [u8],
) -> Result<Vec<(&'v Part, &'v [u8])>, usize> {
    match fit(parts, bytes) {
        Fit::Whole(len) if len < bytes.len() => return Err(len),
        Fit::Part => return Err(bytes.len()),
        Fit::Differs(at) => return Err(at),
        Fit::Whole(_) | Fit::Open => {}
    }
    let mut split = Vec::new();
    let mut rest = bytes;
    for part in parts {
        let len = match fit(std::slice::from_ref(part), rest) {
            Fit::Whole(len) => len,
            _ => rest.len(),
        };
        split.push((part, &rest[..len]));
        rest = &rest[len..];
    }
    Ok(split)
}

/// Whether all predicates hold of `bytes`, which are all of the run; `None` if one panics before
/// another says no.
pub(super) fn holds(parts: &[Part], bytes: &[u8]) -> Option<bool> {
    for (part, bytes) in split(parts, bytes).unwrap_or_default() {
        match part.test.map(|test| test.holds(bytes)) {
            None | Some(Some(true)) => {}
            Some(otherwise) => return otherwise,
        }
    }
    Some(true)
}

/// What the predicates are called; `None` if there are none.
pub(super) fn label(parts: &[Part]) -> Option<String> {
    let labels: Vec<_> = parts.iter().filter_map(|part| part.test).map(Test::label).collect();
    (!labels.is_empty()).then(|| labels.join(", "))
}

/// The run as it stands: literals side by side are one, and what is only a literal, or only
/// `any()`, is that. `None` if it cannot be written.
pub(super) fn stands_for(parts: &[Part]) -> Option<Value<Vec<u8>>> {
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        let is_fit = match &part.extent {
            Extent::Literal(bytes) | Extent::Until(bytes) => !bytes.is_empty(),
            Extent::Len(len) => *len > 0,
            Extent::ToPause | Extent::ToEnd => true,
        };
        if !is_fit || ending(&merged).is_some() {
            return None;
        }
        match (merged.last_mut().map(|last| &mut last.extent), &part.extent) {
            (Some(Extent::Literal(before)), Extent::Literal(literal)) => before.extend(literal),
            _ => merged.push(part.clone()),
        }
    }
    match &merged[..] {
        [] => None,
        [Part { extent: Extent::Literal(literal), .. }] => Some(Value::Is(literal.clone())),
        [Part { extent: Extent::ToPause, .. }] => Some(Value::Any),
        _ => Some(Value::Parts(merged)),
    }
}

pub(super) fn ending(parts: &[Part]) -> Option<Ending> {
    match parts.last()?.extent {
        Extent::ToPause => Some(Ending::Pause),
        Extent::ToEnd => Some(Ending::Close),
        _ => None,
    }
}

/// How many bytes the run has, if its parts say so.
pub(super) fn extent(parts: &[Part]) -> Option<usize> {
    let known = known(parts);
    let is_known = |part: &Part| matches!(part.extent, Extent::Literal(_) | Extent::Len(_));
    parts.iter().all(is_known).then_some(known.len())
}

/// Whether a byte that both runs state, at a place that both know, tells them apart.
pub(super) fn are_distinct(one: &[Part], other: &[Part]) -> bool {
    let pairs = known(one).into_iter().zip(known(other));
    pairs.into_iter().any(|pair| matches!(pair, (Some(one), Some(other)) if one != other))
}

/// The bytes whose place is known, where the parts state them.
fn known(parts: &[Part]) -> Vec<Option<u8>> {
    let mut known = Vec::new();
    for part in parts {
        match &part.extent {
            Extent::Literal(literal) => known.extend(literal.iter().copied().map(Some)),
            Extent::Len(len) => known.extend(vec![None; *len]),
            Extent::Until(_) | Extent::ToPause | Extent::ToEnd => break,
        }
    }
    known
}

/// Whether the script says of every byte what it is, or makes use of it.
pub(super) fn is_stated(parts: &[Part]) -> bool {
    parts.iter().all(|part| {
        let is_literal = matches!(part.extent, Extent::Literal(_));
        is_literal || part.capture.is_some() || part.test.is_some()
    })
}

/// The run as it is told.
pub(super) fn describe(parts: &[Part]) -> String {
    let parts: Vec<_> = parts
        .iter()
        .map(|part| {
            let extent = match &part.extent {
                Extent::Literal(literal) => text::bytes(literal),
                Extent::Len(len) => format!("any().len({len})"),
                Extent::Until(delimiter) => format!("until({})", text::bytes(delimiter)),
                Extent::ToPause => "any()".to_owned(),
                Extent::ToEnd => "to_end()".to_owned(),
            };
            let capture = part.capture.map(|name| format!(".capture({name:?})"));
            let test = part.test.map(|test| format!(".matching({:?})", test.label()));
            extent + &capture.unwrap_or_default() + &test.unwrap_or_default()
        })
        .collect();
    match &parts[..] {
        [alone] => alone.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// How many bytes the two begin with alike.
pub(super) fn alike(one: &[u8], other: &[u8]) -> usize {
    (0..=one.len().min(other.len())).rev().find(|n| one[..*n] == other[..*n]).unwrap_or(0)
}
