//! How a verifier cuts everything that its peers say.

/// How what peers say is cut into the pieces in which clients receive it.
///
/// The network may cut a stream anywhere. A client whose tests pass under every one of these does
/// not depend on where. See [`VerifierBuilder::chunks`](crate::scripted::VerifierBuilder::chunks).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Chunks {
    /// As the script has it: a read gets what is there and fits.
    #[default]
    Whole,
    /// One byte at a time, with a `Pending` between any two.
    Bytewise,
    /// Pieces of sizes that look random and are the same for the same seed, with a `Pending`
    /// between any two.
    Seeded(u64),
}
