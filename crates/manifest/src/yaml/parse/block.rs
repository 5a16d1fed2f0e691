//! Block collections.

use super::{EventKind, NodeContext, Parse, Parser, State, TokenKind, empty_scalar, event};

impl Parser<'_> {
    pub(super) fn block_sequence(&mut self) -> Parse {
        match self.scanner.peek()?.kind {
            TokenKind::BlockEntry => {
                let end = self.take_indicator()?;
                let kind = &self.scanner.peek()?.kind;
                if matches!(kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequence;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockSequence);
                self.node(NodeContext::Block)
            }
            TokenKind::BlockEnd => self.leave(EventKind::SequenceEnd),
            _ => Err(self
                .unexpected("a block sequence", "did not find the expected '-' indicator")
                .hint("start the items of a sequence with `-` in the same column")),
        }
    }

    pub(super) fn indentless_sequence(&mut self) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if !matches!(token.kind, TokenKind::BlockEntry) {
            self.pop_state();
            return Ok(event(EventKind::SequenceEnd, mark));
        }
        let end = self.take_indicator()?;
        let kind = &self.scanner.peek()?.kind;
        if matches!(kind, TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            self.state = State::IndentlessSequence;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::IndentlessSequence);
        self.node(NodeContext::Block)
    }

    pub(super) fn block_mapping_key(&mut self) -> Parse {
        match self.scanner.peek()?.kind {
            TokenKind::Key => {
                let end = self.take_indicator()?;
                let kind = &self.scanner.peek()?.kind;
                if matches!(kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
                    self.state = State::BlockMappingValue;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockMappingValue);
                self.node(NodeContext::BlockOrIndentless)
            }
            TokenKind::BlockEnd => self.leave(EventKind::MappingEnd),
            _ => Err(self
                .unexpected("a block mapping", "did not find the expected key")
                .hint("start the keys of a mapping in the same column and end them with `: `")),
        }
    }

    pub(super) fn block_mapping_value(&mut self) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        self.state = State::BlockMappingKey;
        if !matches!(token.kind, TokenKind::Value) {
            return Ok(empty_scalar(mark));
        }
        let end = self.take_indicator()?;
        let kind = &self.scanner.peek()?.kind;
        if matches!(kind, TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd) {
            return Ok(empty_scalar(end));
        }
        self.states.push(State::BlockMappingKey);
        self.node(NodeContext::BlockOrIndentless)
    }
}
