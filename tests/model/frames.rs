//! The reference of frames: what each framing puts around a payload, and what it makes of bytes.

use super::script::{Form, Framing};

/// What bytes are, as a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The beginning of one.
    Begun,
    /// A frame of so many of them, with this payload.
    Whole(usize, Vec<u8>),
    /// None, for this reason.
    None(String),
}

impl Framing {
    /// The frame around `payload`, if there is one.
    pub(super) fn encode(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let frame = self.around(payload);
        let is_frame = self.decode(&frame) == Frame::Whole(frame.len(), payload.to_vec());
        is_frame.then_some(frame)
    }

    /// What would be the frame around `payload`, were it within the limit, and without a delimiter.
    pub(super) fn around(&self, payload: &[u8]) -> Vec<u8> {
        let len = payload.len();
        match &self.form {
            Form::U8 => [&[len as u8], payload].concat(),
            Form::U16 => [&[(len / 256) as u8, len as u8], payload].concat(),
            Form::Varint if len < 128 => [&[len as u8], payload].concat(),
            Form::Varint => [&[(len % 128) as u8 | 128, (len / 128) as u8], payload].concat(),
            Form::Lf | Form::CrLf | Form::Delimited(_) => [payload, self.delimiter()].concat(),
        }
    }

    /// What ends a frame.
    pub(super) fn delimiter(&self) -> &[u8] {
        match &self.form {
            Form::Lf => b"\n",
            Form::CrLf => b"\r\n",
            Form::Delimited(delimiter) => delimiter,
            Form::U8 | Form::U16 | Form::Varint => b"",
        }
    }

    pub(super) fn decode(&self, bytes: &[u8]) -> Frame {
        let header = match (&self.form, bytes) {
            (Form::U8, [len, ..]) => Some((1, u64::from(*len))),
            (Form::U16, [high, low, ..]) => Some((2, u64::from(*high) * 256 + u64::from(*low))),
            (Form::U8 | Form::U16, _) => None,
            (Form::Varint, _) => match varint(bytes) {
                Ok(header) => header,
                Err(problem) => return Frame::None(problem.to_owned()),
            },
            _ => return self.delimited(bytes),
        };
        let Some((header, len)) = header else { return Frame::Begun };
        if let Some(problem) = self.over_limit(len) {
            return Frame::None(problem);
        }
        let end = header + len as usize;
        match bytes.get(header..end) {
            Some(payload) => Frame::Whole(end, payload.to_vec()),
            None => Frame::Begun,
        }
    }

    fn delimited(&self, bytes: &[u8]) -> Frame {
        let delimiter = self.delimiter();
        let end = (0..=bytes.len()).find(|end| bytes[..*end].ends_with(delimiter));
        let payload = match end {
            Some(end) => &bytes[..end - delimiter.len()],
            // The end may be the beginning of a delimiter.
            None => {
                let is_begun = |len: &usize| bytes.ends_with(&delimiter[..*len]);
                let begun = (0..delimiter.len()).rev().find(is_begun).unwrap_or(0);
                &bytes[..bytes.len() - begun]
            }
        };
        let payload = match self.form {
            Form::Lf => payload.strip_suffix(b"\r").unwrap_or(payload),
            _ => payload,
        };
        match (self.over_limit(payload.len() as u64), end) {
            (Some(problem), _) => Frame::None(problem),
            (None, Some(end)) => Frame::Whole(end, payload.to_vec()),
            (None, None) => Frame::Begun,
        }
    }

    fn over_limit(&self, len: u64) -> Option<String> {
        let most = match self.form {
            Form::U8 => 255,
            Form::U16 => 65_535,
            _ => usize::MAX,
        };
        let limit = self.limit.unwrap_or(8 << 20).min(most);
        (len > limit as u64)
            .then(|| format!("a payload of {len} bytes is over the limit of {limit}"))
    }
}

/// How many bytes a length of seven bits in each has, and the length, if it is all there.
fn varint(bytes: &[u8]) -> Result<Option<(usize, u64)>, &'static str> {
    let bytes = &bytes[..bytes.len().min(10)];
    let end = bytes.iter().position(|byte| *byte < 128);
    let digits = &bytes[..end.map_or(bytes.len(), |end| end + 1)];
    let len = digits.iter().rev().fold(0_u128, |len, byte| (len << 7) + u128::from(byte & 127));
    match (u64::try_from(len), end) {
        (Err(_), _) => Err("a varint has more than 64 bits"),
        (Ok(len), Some(end)) => Ok(Some((end + 1, len))),
        (Ok(_), None) if bytes.len() == 10 => Err("a varint has more than ten bytes"),
        (Ok(_), None) => Ok(None),
    }
}
