//! Flow collections: `[…]` and `{…}`.

use super::{EventKind, NodeContext, Parse, Parser, State, TokenKind, empty_in_flow, event};

impl Parser<'_> {
    pub(super) fn flow_sequence(&mut self, first: bool) -> Parse {
        if first {
            let token = self.scanner.take()?;
            self.marks.push(token.mark);
        }
        let mut kind = &self.scanner.peek()?.kind;
        if !first && !matches!(kind, TokenKind::FlowSequenceEnd) {
            if !matches!(kind, TokenKind::FlowEntry) {
                return Err(self
                    .unexpected("a flow sequence", "did not find the expected ',' or ']'")
                    .hint("close the `[`, or put a value with `{`, `[` or `: ` in quotes"));
            }
            self.scanner.take()?;
            kind = &self.scanner.peek()?.kind;
        }
        match kind {
            TokenKind::FlowSequenceEnd => self.leave(EventKind::SequenceEnd),
            TokenKind::Key => {
                self.state = State::FlowPairKey;
                let token = self.scanner.take()?;
                Ok(event(EventKind::MappingStart { anchor: None }, token.mark))
            }
            _ => {
                self.states.push(State::FlowSequence);
                self.node(NodeContext::Flow)
            }
        }
    }

    pub(super) fn flow_pair_key(&mut self) -> Parse {
        let token = self.scanner.peek()?;
        let mark = token.mark;
        if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
            // go-yaml steps over the token here, even where it is the value's `:`; what follows is then refused.
            self.scanner.take()?;
            self.state = State::FlowPairValue;
            return Ok(empty_in_flow(mark));
        }
        self.states.push(State::FlowPairValue);
        self.node(NodeContext::Flow)
    }

    pub(super) fn flow_pair_value(&mut self) -> Parse {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.take()?;
            token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(NodeContext::Flow);
            }
        }
        let mark = token.mark;
        self.state = State::FlowPairEnd;
        Ok(empty_in_flow(mark))
    }

    pub(super) fn flow_pair_end(&mut self) -> Parse {
        self.state = State::FlowSequence;
        let mark = self.scanner.peek()?.mark;
        Ok(event(EventKind::MappingEnd, mark))
    }

    pub(super) fn flow_mapping_key(&mut self, first: bool) -> Parse {
        if first {
            let token = self.scanner.take()?;
            self.marks.push(token.mark);
        }
        let mut kind = &self.scanner.peek()?.kind;
        if !first && !matches!(kind, TokenKind::FlowMappingEnd) {
            if !matches!(kind, TokenKind::FlowEntry) {
                return Err(self
                    .unexpected("a flow mapping", "did not find the expected ',' or '}'")
                    .hint("close the `{`, or put a value with `{`, `[` or `: ` in quotes"));
            }
            self.scanner.take()?;
            kind = &self.scanner.peek()?.kind;
        }
        match kind {
            TokenKind::FlowMappingEnd => self.leave(EventKind::MappingEnd),
            TokenKind::Key => {
                self.scanner.take()?;
                let token = self.scanner.peek()?;
                let mark = token.mark;
                if matches!(token.kind, TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                    self.state = State::FlowMappingValue;
                    return Ok(empty_in_flow(mark));
                }
                self.states.push(State::FlowMappingValue);
                self.node(NodeContext::Flow)
            }
            _ => {
                self.states.push(State::FlowMappingNoValue);
                self.node(NodeContext::Flow)
            }
        }
    }

    pub(super) fn flow_mapping_value(&mut self) -> Parse {
        let mut token = self.scanner.peek()?;
        if matches!(token.kind, TokenKind::Value) {
            self.scanner.take()?;
            token = self.scanner.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(NodeContext::Flow);
            }
        }
        let mark = token.mark;
        self.state = State::FlowMappingKey;
        Ok(empty_in_flow(mark))
    }

    pub(super) fn flow_mapping_no_value(&mut self) -> Parse {
        let mark = self.scanner.peek()?.mark;
        self.state = State::FlowMappingKey;
        Ok(empty_in_flow(mark))
    }
}
