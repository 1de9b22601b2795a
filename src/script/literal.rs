//! The bytes that a step states. Most are few, and then they are in the step itself.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;

/// As many bytes as fit where otherwise the handle of others would be.
const FEW: usize = 22;

/// Bytes that a script states literally.
#[derive(Clone)]
pub struct Literal(Form);

#[derive(Clone)]
enum Form {
    Few { len: u8, bytes: [u8; FEW] },
    Many(Bytes),
}

impl Literal {
    /// A copy of `bytes`.
    #[inline]
    pub(crate) fn copied(bytes: &[u8]) -> Self {
        if bytes.len() > FEW {
            return Self(Form::Many(Bytes::copy_from_slice(bytes)));
        }
        let mut few = [0; FEW];
        few[..bytes.len()].copy_from_slice(bytes);
        Self(Form::Few { len: bytes.len() as u8, bytes: few })
    }

    /// The bytes, with a handle of their own.
    pub(crate) fn to_bytes(&self) -> Bytes {
        match &self.0 {
            Form::Few { .. } => Bytes::copy_from_slice(self),
            Form::Many(bytes) => bytes.clone(),
        }
    }
}

impl Deref for Literal {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match &self.0 {
            Form::Few { len, bytes } => &bytes[..usize::from(*len)],
            Form::Many(bytes) => bytes,
        }
    }
}

/// Bytes that there is a handle of keep it.
impl From<Bytes> for Literal {
    fn from(bytes: Bytes) -> Self {
        Self(Form::Many(bytes))
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_bytes().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_stay_what_they_are_however_many() {
        for len in [0, 1, FEW, FEW + 1, 300] {
            let bytes: Vec<u8> = (0..len).map(|byte| byte as u8).collect();
            let copied = Literal::copied(&bytes);
            assert_eq!(*copied, *bytes);
            assert_eq!(copied.to_bytes(), bytes);
            assert_eq!(*Literal::from(copied.to_bytes()), *bytes);
            assert_eq!(format!("{copied:?}"), format!("{:?}", Bytes::from(bytes)));
        }
    }

    #[test]
    fn few_bytes_take_no_more_place_than_a_handle() {
        assert_eq!(size_of::<Literal>(), size_of::<Bytes>());
    }
}
