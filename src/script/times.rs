//! How often a step is used.

use std::ops::{Range, RangeFrom, RangeInclusive, RangeToInclusive};

/// How often a step is used: exactly so often, or within a range.
///
/// Made from `3`, `2..`, `2..=4`, `..=3`. See
/// [`SocketScript::times`](crate::scripted::SocketScript::times).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    least: usize,
    /// `None` without end.
    most: Option<usize>,
}

impl Times {
    pub(crate) const ONCE: Self = Self { least: 1, most: Some(1) };

    /// The same, but for being left out.
    pub(crate) fn or_never(self) -> Self {
        Self { least: 0, ..self }
    }

    pub(crate) fn least(self) -> usize {
        self.least
    }

    /// Whether the step may be left out.
    pub(crate) fn is_optional(self) -> bool {
        self.least == 0
    }

    /// Whether the step may come again after `times`.
    pub(crate) fn goes_on_after(self, times: usize) -> bool {
        self.most.is_none_or(|most| times < most)
    }

    /// Whether the step may come again when it has come as often as it has to.
    pub(crate) fn is_open(self) -> bool {
        self.goes_on_after(self.least.max(1))
    }

    /// Whether the step may come without end.
    pub(crate) fn is_endless(self) -> bool {
        self.most.is_none()
    }

    /// Why no step can come so often.
    pub(crate) fn problem(self) -> Option<&'static str> {
        match self.most {
            Some(0) => Some("a step that never comes is none: take it away"),
            Some(most) if most < self.least => Some("the range is empty"),
            _ => None,
        }
    }
}

impl From<usize> for Times {
    fn from(times: usize) -> Self {
        Self { least: times, most: Some(times) }
    }
}

impl From<RangeFrom<usize>> for Times {
    fn from(times: RangeFrom<usize>) -> Self {
        Self { least: times.start, most: None }
    }
}

impl From<RangeInclusive<usize>> for Times {
    fn from(times: RangeInclusive<usize>) -> Self {
        Self { least: *times.start(), most: Some(*times.end()) }
    }
}

impl From<RangeToInclusive<usize>> for Times {
    fn from(times: RangeToInclusive<usize>) -> Self {
        Self { least: 0, most: Some(times.end) }
    }
}

impl From<Range<usize>> for Times {
    fn from(times: Range<usize>) -> Self {
        Self { least: times.start, most: Some(times.end.saturating_sub(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_what_they_are_everywhere() {
        let between = |least, most| Times { least, most };
        assert_eq!(Times::from(3), between(3, Some(3)));
        assert_eq!(Times::from(2..), between(2, None));
        assert_eq!(Times::from(2..=4), between(2, Some(4)));
        assert_eq!(Times::from(2..5), between(2, Some(4)));
        assert_eq!(Times::from(..=3), between(0, Some(3)));
        assert!(Times::from(0).problem().is_some());
        #[expect(clippy::reversed_empty_ranges, reason = "it is what is refused")]
        let empty = Times::from(3..=2);
        assert!(empty.problem().is_some());
    }

    #[test]
    fn a_step_is_open_when_it_may_come_again_though_it_need_not() {
        for (times, is_open) in [
            (Times::from(1), false),
            (Times::from(3), false),
            (Times::from(..=1), false),
            (Times::from(..=2), true),
            (Times::from(1..=2), true),
            (Times::from(2..), true),
            (Times::from(0..), true),
        ] {
            assert_eq!(times.is_open(), is_open, "{times:?}");
        }
    }
}
