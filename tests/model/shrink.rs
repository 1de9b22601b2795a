//! Making a failure small: fewer bytes, and lower ones, for as long as it stays one.

/// The simplest bytes that can be got from `bytes` by small steps and of which `fails` is true.
pub(crate) fn shrink(bytes: &[u8], fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut best = bytes.to_vec();
    loop {
        let simpler = candidates(&best).find(|candidate| fails(candidate));
        match simpler {
            Some(simpler) => best = simpler,
            None => return best,
        }
    }
}

/// What is simpler than `bytes`, by the most first.
fn candidates(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let lengths = [64, 16, 8, 4, 3, 2, 1].into_iter().filter(|len| *len <= bytes.len());
    let shorter = lengths.flat_map(move |len| {
        (0..=bytes.len() - len).rev().map(move |at| [&bytes[..at], &bytes[at + len..]].concat())
    });
    let lower = (0..bytes.len()).filter(|at| bytes[*at] > 0).flat_map(move |at| {
        let byte = bytes[at];
        [0, byte / 2, byte - 1].into_iter().filter(move |lower| *lower < byte).map(move |lower| {
            let mut bytes = bytes.to_vec();
            bytes[at] = lower;
            bytes
        })
    });
    shorter.chain(lower)
}
