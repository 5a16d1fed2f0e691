//! Block scalars: `|` and `>`.

use crate::node::{Style, Text};

use super::{Mark, Scan, Scanner, TokenKind, refuse};

/// What the header of a block scalar says.
#[derive(Clone, Copy, Default)]
struct Header {
    /// The indentation indicator, 0 if there is none.
    increment: u32,
    /// `+`: all trailing breaks stay.
    keep: bool,
    /// `-`: none stays.
    strip: bool,
}

impl Scanner<'_> {
    pub(super) fn fetch_block_scalar(&mut self, literal: bool) -> Scan<()> {
        self.remove_key()?;
        self.key_allowed = true;
        let mark = self.mark();
        self.pos += 1;
        let header = self.block_header(mark)?;
        let base = self.indent.max(0) as u32;
        let indent = if header.increment > 0 { base + header.increment } else { 0 };
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        let end = self.block_lines(literal, header, indent, mark, &mut out)?;
        let style = if literal { Style::Literal } else { Style::Folded };
        let text = Text::new(&out);
        self.scratch = out;
        self.tokens.push_back(super::Token { kind: TokenKind::Scalar(text, style), mark, end });
        Ok(())
    }

    fn block_header(&mut self, mark: Mark) -> Scan<Header> {
        let mut header = Header::default();
        let first_is_digit = self.byte().is_some_and(|byte| byte.is_ascii_digit());
        if first_is_digit {
            self.block_increment(&mut header, mark)?;
            self.block_chomping(&mut header);
        } else if self.block_chomping(&mut header) {
            self.block_increment(&mut header, mark)?;
        }
        while self.at_blank() {
            self.pos += 1;
        }
        if self.byte() == Some(b'#') {
            self.skip_line_rest();
        }
        if self.byte().is_some() && !self.skip_break() {
            return Err(refuse(mark, "while scanning a block scalar: did not find the expected comment or line break")
                .hint("put a value that starts with `|` or `>` in quotes"));
        }
        Ok(header)
    }

    fn block_chomping(&mut self, header: &mut Header) -> bool {
        header.keep = self.byte() == Some(b'+');
        header.strip = self.byte() == Some(b'-');
        let found = header.keep || header.strip;
        self.pos += usize::from(found);
        found
    }

    fn block_increment(&mut self, header: &mut Header, mark: Mark) -> Scan<()> {
        let Some(digit) = self.byte().filter(u8::is_ascii_digit) else { return Ok(()) };
        if digit == b'0' {
            return Err(refuse(mark, "while scanning a block scalar: found an indentation indicator equal to 0"));
        }
        header.increment = u32::from(digit - b'0');
        self.pos += 1;
        Ok(())
    }

    /// Reads the lines of the scalar into `out` and returns the offset after the last one.
    fn block_lines(&mut self, literal: bool, header: Header, indent: u32, mark: Mark, out: &mut String) -> Scan<usize> {
        let mut indent = indent;
        let mut trailing = String::new();
        let mut leading = "";
        let mut leading_blank = false;
        let mut end = self.pos;
        self.block_breaks(&mut indent, mark, &mut trailing, &mut end)?;
        while self.pos - self.line_start == indent as usize && self.byte().is_some() {
            let blank = self.at_blank();
            if !literal && !leading_blank && !blank && leading == "\n" {
                if trailing.is_empty() {
                    out.push(' ');
                }
            } else {
                out.push_str(leading);
            }
            out.push_str(&trailing);
            trailing.clear();
            leading_blank = blank;
            let from = self.pos;
            self.skip_line_rest();
            out.push_str(self.slice(from, self.pos));
            leading = self.read_line_break();
            self.block_breaks(&mut indent, mark, &mut trailing, &mut end)?;
        }
        if !header.strip {
            out.push_str(leading);
        }
        if header.keep {
            out.push_str(&trailing);
        }
        Ok(end)
    }

    /// Steps over a line break and returns what it is worth.
    fn read_line_break(&mut self) -> &'static str {
        let wide = match self.rest() {
            [0xE2, 0x80, last, ..] => Some(*last),
            _ => None,
        };
        match (self.skip_break(), wide) {
            (false, _) => "",
            (true, Some(0xA8)) => "\u{2028}",
            (true, Some(_)) => "\u{2029}",
            (true, None) => "\n",
        }
    }

    /// Steps over indentation and empty lines; determines the indentation where it is still open (0).
    fn block_breaks(&mut self, indent: &mut u32, mark: Mark, breaks: &mut String, end: &mut usize) -> Scan<()> {
        *end = self.pos;
        let mut deepest = 0;
        loop {
            let open = *indent == 0;
            while self.byte() == Some(b' ') && (open || self.pos - self.line_start < *indent as usize) {
                self.pos += 1;
            }
            let column = self.pos - self.line_start;
            deepest = deepest.max(column);
            if self.byte() == Some(b'\t') && (open || column < *indent as usize) {
                let what = "while scanning a block scalar: found a tab where an indentation space is expected";
                return Err(refuse(mark, what).hint("indent with spaces"));
            }
            if !self.at_break() {
                break;
            }
            breaks.push_str(self.read_line_break());
            *end = self.pos;
        }
        if *indent == 0 {
            *indent = (deepest as u32).max((self.indent + 1).max(1) as u32);
        }
        Ok(())
    }
}
