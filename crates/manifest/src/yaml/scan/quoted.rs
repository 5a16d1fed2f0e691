//! Scalars in single and double quotes.

use crate::node::{Style, Text};

use super::chars::{BLANK, BREAK, CLASS, DOUBLE, SINGLE, WIDE, break_len, is_document_marker};
use super::plain::Breaks;
use super::{Mark, Scan, Scanner, TokenKind, refuse};

impl Scanner<'_> {
    pub(super) fn fetch_quoted(&mut self, quote: u8) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        self.pos += 1;
        let text = match self.quoted_on_one_line(quote) {
            Some(text) => text,
            None => self.quoted_text(quote, mark)?,
        };
        let style = if quote == b'\'' { Style::Single } else { Style::Double };
        self.push(TokenKind::Scalar(text, style), mark);
        Ok(())
    }

    /// The text up to the closing quote where it is one line without escapes.
    fn quoted_on_one_line(&mut self, quote: u8) -> Option<Text> {
        let mask = BREAK | WIDE | if quote == b'\'' { SINGLE } else { DOUBLE };
        let mask = if self.wide_breaks { mask } else { mask & !WIDE };
        let len = self.rest().iter().position(|byte| CLASS[usize::from(*byte)] & mask != 0)?;
        let end = self.pos + len;
        let doubled = quote == b'\'' && self.text.get(end + 1) == Some(&quote);
        if self.text[end] != quote || doubled {
            return None;
        }
        let text = Text::new(self.slice(self.pos, end));
        self.pos = end + 1;
        Some(text)
    }

    fn quoted_text(&mut self, quote: u8, start: Mark) -> Scan<Text> {
        let mut out = std::mem::take(&mut self.scratch);
        out.clear();
        let mut breaks = Breaks::default();
        loop {
            if self.pos == self.line_start && is_document_marker(self.rest()) {
                return Err(refuse(start, "while scanning a quoted scalar: found an unexpected document marker"));
            }
            if self.byte().is_none() {
                return Err(refuse(start, "while scanning a quoted scalar: found an unexpected end of the file")
                    .hint("close the quote"));
            }
            self.quoted_part(quote, start, &mut out, &mut breaks)?;
            if self.byte() == Some(quote) {
                self.pos += 1;
                break;
            }
            self.quoted_gap(&mut out, &mut breaks);
        }
        let text = Text::new(&out);
        self.scratch = out;
        Ok(text)
    }

    /// Reads up to the next blank, break or closing quote.
    fn quoted_part(&mut self, quote: u8, start: Mark, out: &mut String, breaks: &mut Breaks) -> Scan<()> {
        let mask = BLANK | BREAK | WIDE | if quote == b'\'' { SINGLE } else { DOUBLE };
        loop {
            let rest = self.rest();
            let len = rest.iter().position(|byte| CLASS[usize::from(*byte)] & mask != 0).unwrap_or(rest.len());
            out.push_str(self.slice(self.pos, self.pos + len));
            self.pos += len;
            match self.byte() {
                Some(b'\'') if self.text.get(self.pos + 1) == Some(&b'\'') => {
                    out.push('\'');
                    self.pos += 2;
                }
                Some(b'\\') if quote == b'"' => {
                    if break_len(&self.text[self.pos + 1..]) > 0 {
                        self.pos += 1;
                        self.skip_break();
                        breaks.escaped();
                        return Ok(());
                    }
                    self.escape(start, out)?;
                }
                Some(0xC2 | 0xE2) if !self.at_break() => {
                    let len = if self.byte() == Some(0xC2) { 2 } else { 3 };
                    out.push_str(self.slice(self.pos, self.pos + len));
                    self.pos += len;
                }
                _ => return Ok(()),
            }
        }
    }

    /// Steps over blanks and breaks inside quotes and appends what they mean.
    fn quoted_gap(&mut self, out: &mut String, breaks: &mut Breaks) {
        let from = self.pos;
        let mut blanks_end = from;
        loop {
            if self.at_blank() {
                self.pos += 1;
                if !breaks.any {
                    blanks_end = self.pos;
                }
            } else if self.at_break() {
                self.read_break(breaks);
            } else {
                break;
            }
        }
        if breaks.any {
            breaks.fold_into(out);
        } else {
            out.push_str(self.slice(from, blanks_end));
        }
    }

    /// Reads a `\` escape.
    fn escape(&mut self, start: Mark, out: &mut String) -> Scan<()> {
        let Some(&code) = self.text.get(self.pos + 1) else {
            return Err(refuse(start, "while scanning a quoted scalar: found an unexpected end of the file"));
        };
        let plain = match code {
            b'0' => '\0',
            b'a' => '\x07',
            b'b' => '\x08',
            b't' | b'\t' => '\t',
            b'n' => '\n',
            b'v' => '\x0B',
            b'f' => '\x0C',
            b'r' => '\r',
            b'e' => '\x1B',
            b' ' | b'"' | b'\'' | b'\\' => char::from(code),
            b'N' => '\u{85}',
            b'_' => '\u{A0}',
            b'L' => '\u{2028}',
            b'P' => '\u{2029}',
            b'x' => return self.escape_number(2, start, out),
            b'u' => return self.escape_number(4, start, out),
            b'U' => return self.escape_number(8, start, out),
            _ => {
                let mark = self.mark();
                return Err(refuse(mark, "while scanning a quoted scalar: found an unknown escape character")
                    .hint("write `\\\\` for a backslash, or use single quotes"));
            }
        };
        out.push(plain);
        self.pos += 2;
        Ok(())
    }

    fn escape_number(&mut self, digits: usize, start: Mark, out: &mut String) -> Scan<()> {
        let from = self.pos + 2;
        let Some(code) = self.text.get(from..from + digits).filter(|code| code.iter().all(u8::is_ascii_hexdigit))
        else {
            return Err(refuse(start, "while scanning a quoted scalar: did not find the expected hexadecimal number"));
        };
        let value = code
            .iter()
            .fold(0u32, |value, digit| value.wrapping_mul(16) + char::from(*digit).to_digit(16).unwrap_or_default());
        let Some(character) = char::from_u32(value) else {
            return Err(refuse(start, "while scanning a quoted scalar: found an invalid Unicode escape code"));
        };
        out.push(character);
        self.pos = from + digits;
        Ok(())
    }
}
