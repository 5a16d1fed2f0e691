//! The flags, width and precision of one directive, and padding.

use super::Printer;
use crate::text::chars;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    /// `%+v`
    pub(super) plus_v: bool,
    /// `%#v`
    pub(super) sharp_v: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

impl Printer<'_> {
    /// Writes `bytes`, padded to the width, which counts characters.
    pub(super) fn pad(&mut self, bytes: &[u8]) {
        let Some(width) = self.flags.width.filter(|width| *width > 0) else { return self.write(bytes) };
        let missing = width.saturating_sub(chars(bytes).count());
        if self.flags.minus {
            self.write(bytes);
            self.padding(missing);
        } else {
            self.padding(missing);
            self.write(bytes);
        }
    }

    /// Writes so many blanks, or zeros where the flag asks for them.
    pub(super) fn padding(&mut self, count: usize) {
        let byte = if self.flags.zero && !self.flags.minus { b'0' } else { b' ' };
        if self.out.len() < self.limit {
            self.out.extend(std::iter::repeat_n(byte, count));
        }
    }

    /// Runs `work` without padding by zeros.
    pub(super) fn without_zeros(&mut self, work: impl FnOnce(&mut Self)) {
        let zero = std::mem::take(&mut self.flags.zero);
        work(self);
        self.flags.zero = zero;
    }
}
