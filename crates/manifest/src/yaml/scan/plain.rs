//! Plain scalars: without quotes, on one line or several.

use crate::node::{Style, Text};

use super::chars::{BLANK, BREAK, CLASS, COLON, FLOW, WIDE, is_blank_or_end, is_document_marker};
use super::{Scan, Scanner, TokenKind, refuse};

impl Scanner<'_> {
    pub(super) fn fetch_plain(&mut self) -> Scan<()> {
        self.save_key()?;
        self.key_allowed = false;
        let mark = self.mark();
        let flow = self.in_flow();
        let indent = self.indent + 1;
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        // The text between `from` and `end` is not in `scratch` yet.
        let (mut from, mut end) = (self.pos, self.pos);
        let mut breaks = Breaks::default();
        loop {
            if self.at_plain_end() {
                break;
            }
            let stop = self.plain_run(flow);
            if stop > self.pos {
                if breaks.any {
                    scratch.push_str(self.slice(from, end));
                    breaks.fold_into(&mut scratch);
                    from = self.pos;
                }
                self.pos = stop;
                end = stop;
            }
            if !self.at_blank() && !self.at_break() {
                break;
            }
            self.plain_gap(&mut breaks, indent, mark)?;
            if !flow && breaks.any && ((self.pos - self.line_start) as i64) < indent {
                break;
            }
        }
        if breaks.any {
            self.key_allowed = true;
        }
        let rest = self.slice(from, end);
        let text = if scratch.is_empty() {
            Text::new(rest)
        } else {
            scratch.push_str(rest);
            Text::new(&scratch)
        };
        self.scratch = scratch;
        self.tokens.push_back(super::Token { kind: TokenKind::Scalar(text, Style::Plain), mark, end });
        Ok(())
    }

    /// Whether a comment or a document marker is at the current place, which end a plain scalar.
    fn at_plain_end(&self) -> bool {
        let line_start = self.pos == self.line_start;
        self.byte() == Some(b'#') || (line_start && is_document_marker(self.rest()))
    }

    /// The end of a run of characters of a plain scalar: before a blank, a break, `: `, or a flow indicator.
    fn plain_run(&self, flow: bool) -> usize {
        let mut mask = BLANK | BREAK | COLON;
        if flow {
            mask |= FLOW;
        }
        if self.wide_breaks {
            mask |= WIDE;
        }
        let mut pos = self.pos;
        loop {
            let rest = &self.text[pos..];
            let Some(len) = rest.iter().position(|byte| CLASS[usize::from(*byte)] & mask != 0) else {
                return self.text.len();
            };
            pos += len;
            let ends = match CLASS[usize::from(self.text[pos])] {
                COLON => is_blank_or_end(&self.text[pos + 1..]),
                WIDE => is_blank_or_end(&self.text[pos..]),
                _ => true,
            };
            if ends {
                return pos;
            }
            pos += 1;
        }
    }

    /// Steps over the blanks and breaks between two parts of a plain scalar.
    fn plain_gap(&mut self, breaks: &mut Breaks, indent: i64, start: super::Mark) -> Scan<()> {
        loop {
            if self.at_blank() {
                let column = (self.pos - self.line_start) as i64;
                if breaks.any && column < indent && self.byte() == Some(b'\t') {
                    return Err(refuse(start, "while scanning a plain scalar: found a tab that violates indentation")
                        .hint("indent with spaces"));
                }
                self.pos += 1;
            } else if self.at_break() {
                self.read_break(breaks);
            } else {
                return Ok(());
            }
        }
    }

    /// Steps over the line break at the current place and remembers it.
    pub(super) fn read_break(&mut self, breaks: &mut Breaks) {
        let before = self.pos;
        self.skip_break();
        let text = match self.text[before] {
            0xE2 => self.slice(before, self.pos),
            _ => "\n",
        };
        breaks.push(text);
    }
}

/// The line breaks between two parts of a scalar.
#[derive(Default)]
pub(super) struct Breaks {
    /// There was one.
    pub(super) any: bool,
    first: String,
    others: String,
}

impl Breaks {
    fn push(&mut self, text: &str) {
        if self.any {
            self.others.push_str(text);
        } else {
            self.first.push_str(text);
        }
        self.any = true;
    }

    /// Appends what the breaks mean: one is a space, each further one a newline; LS and PS stay.
    pub(super) fn fold_into(&mut self, out: &mut String) {
        if self.first != "\n" {
            out.push_str(&self.first);
            out.push_str(&self.others);
        } else if self.others.is_empty() {
            out.push(' ');
        } else {
            out.push_str(&self.others);
        }
        self.any = false;
        self.first.clear();
        self.others.clear();
    }

    /// Notes an escaped line break: the line goes on, and what follows counts as further breaks.
    pub(super) fn escaped(&mut self) {
        self.any = true;
    }
}
