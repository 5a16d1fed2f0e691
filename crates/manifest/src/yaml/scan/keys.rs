//! Simple keys and indentation, which are known only after the first tokens of a line.

use super::{MAX_DEPTH, Mark, Scan, Scanner, SimpleKey, Token, TokenKind, chars_in, missing_colon, too_deep};

impl Scanner<'_> {
    pub(super) fn key_is_valid(&mut self, index: usize) -> Scan<bool> {
        let key = self.keys[index];
        if !key.possible {
            return Ok(false);
        }
        let far =
            self.pos > key.mark.offset + 1024 && (self.ascii || chars_in(&self.text[key.mark.offset..self.pos]) > 1024);
        if key.mark.line == self.line && !far {
            return Ok(true);
        }
        if key.required {
            return Err(missing_colon(key.mark));
        }
        self.keys[index].possible = false;
        Ok(false)
    }

    /// Notes that a simple key may begin here.
    pub(super) fn save_key(&mut self) -> Scan<()> {
        if !self.key_allowed {
            return Ok(());
        }
        let mark = self.mark();
        let required = !self.in_flow() && self.indent == i64::from(mark.column);
        self.remove_key()?;
        let token = self.taken + self.tokens.len();
        let index = self.keys.len() - 1;
        self.keys[index] = SimpleKey { possible: true, required, forgotten: false, token, mark };
        self.first_key = self.first_key.min(index);
        Ok(())
    }

    /// Gives up the candidate of this flow level.
    pub(super) fn remove_key(&mut self) -> Scan<()> {
        let Some(key) = self.keys.last_mut() else { return Ok(()) };
        if key.possible && key.required {
            return Err(missing_colon(key.mark));
        }
        key.possible = false;
        Ok(())
    }

    /// Opens a block collection at `column` if it is deeper than the current one: its token goes to `index` of the
    /// queue, or to the end.
    pub(super) fn roll_indent(&mut self, column: u32, index: Option<usize>, kind: TokenKind, mark: Mark) -> Scan<()> {
        if self.in_flow() || self.indent >= i64::from(column) {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = i64::from(column);
        if self.indents.len() > MAX_DEPTH {
            return Err(too_deep(mark));
        }
        let token = Token { kind, mark, end: mark.offset };
        match index {
            Some(index) => self.tokens.insert(index, token),
            None => self.tokens.push_back(token),
        }
        Ok(())
    }

    /// Closes the block collections that are deeper than `column`.
    pub(super) fn unroll_indent(&mut self, column: i64) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.push(TokenKind::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }
}
