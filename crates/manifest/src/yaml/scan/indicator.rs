//! Tokens of indicators: `---`, `[`, `-`, `?`, `:` and their like.

use super::{MAX_DEPTH, Scan, Scanner, SimpleKey, Token, TokenKind, refuse, too_deep};

impl Scanner<'_> {
    pub(super) fn fetch_document_marker(&mut self, byte: u8) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.key_allowed = false;
        let kind = if byte == b'-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
        self.push_indicator(kind, 3);
        Ok(())
    }

    /// Appends the token of an indicator of `len` bytes at the current place.
    pub(super) fn push_indicator(&mut self, kind: TokenKind, len: usize) {
        let mark = self.mark();
        self.pos += len;
        self.push(kind, mark);
    }

    pub(super) fn fetch_flow_start(&mut self, kind: TokenKind) -> Scan<()> {
        self.save_key()?;
        let token = self.taken + self.tokens.len();
        self.keys.push(SimpleKey { token, ..SimpleKey::default() });
        if self.keys.len() > MAX_DEPTH {
            let mark = self.mark();
            return Err(too_deep(mark));
        }
        self.key_allowed = true;
        self.push_indicator(kind, 1);
        Ok(())
    }

    pub(super) fn fetch_flow_end(&mut self, kind: TokenKind) -> Scan<()> {
        self.remove_key()?;
        if self.in_flow() {
            let closed = self.keys.pop().map_or(0, |key| key.token);
            if self.forgets_empty
                && let Some(collection) = self.keys.iter_mut().rev().find(|key| key.possible && key.token == closed)
            {
                collection.forgotten = true;
            }
            self.first_key = self.first_key.min(self.keys.len());
        }
        self.key_allowed = false;
        self.push_indicator(kind, 1);
        Ok(())
    }

    pub(super) fn fetch_flow_entry(&mut self) -> Scan<()> {
        self.remove_key()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::FlowEntry, 1);
        Ok(())
    }

    pub(super) fn fetch_block_entry(&mut self) -> Scan<()> {
        if !self.in_flow() {
            let mark = self.mark();
            if !self.key_allowed {
                return Err(refuse(mark, "block sequence entries are not allowed in this context")
                    .hint("start the sequence on a line of its own, or put the value in quotes"));
            }
            self.roll_indent(mark.column, None, TokenKind::BlockSequenceStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = true;
        self.push_indicator(TokenKind::BlockEntry, 1);
        Ok(())
    }

    pub(super) fn fetch_key(&mut self) -> Scan<()> {
        let flow = self.in_flow();
        if !flow {
            let mark = self.mark();
            if !self.key_allowed {
                return Err(refuse(mark, "mapping keys are not allowed in this context")
                    .hint("put a value that starts with `? ` in quotes"));
            }
            self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
        }
        self.remove_key()?;
        self.key_allowed = !flow;
        self.push_indicator(TokenKind::Key, 1);
        self.skip_comment_behind();
        Ok(())
    }

    /// Whether the text before this colon, on its line, has no other key: it would be one, if it did not continue the value above.
    fn starts_line_before(&self, colon: super::Mark) -> bool {
        let line = &self.source[self.line_start..colon.offset];
        colon.line > 0 && line.starts_with(' ') && !line.contains(": ")
    }

    pub(super) fn fetch_value(&mut self) -> Scan<()> {
        let index = self.keys.len() - 1;
        if self.key_is_valid(index)? {
            let key = self.keys[index];
            let token = Token { kind: TokenKind::Key, mark: key.mark, end: key.mark.offset };
            // The first token of a key that was forgotten may have been passed on.
            let at = key.token.checked_sub(self.taken);
            match at {
                Some(at) => self.tokens.insert(at, token),
                None => self.tokens.push_back(token),
            }
            self.roll_indent(key.mark.column, at, TokenKind::BlockMappingStart, key.mark)?;
            self.keys[index].possible = false;
            self.key_allowed = false;
        } else {
            let flow = self.in_flow();
            if !flow {
                let mark = self.mark();
                if !self.key_allowed {
                    let hint = if self.starts_line_before(mark) {
                        "start the key in the column of the other keys of its mapping"
                    } else {
                        "put a value that contains `: ` in quotes"
                    };
                    return Err(refuse(mark, "mapping values are not allowed in this context").hint(hint));
                }
                self.roll_indent(mark.column, None, TokenKind::BlockMappingStart, mark)?;
            }
            self.key_allowed = !flow;
        }
        self.push_indicator(TokenKind::Value, 1);
        self.skip_comment_behind();
        Ok(())
    }
}
