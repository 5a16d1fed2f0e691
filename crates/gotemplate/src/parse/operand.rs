//! Pipelines, commands and operands.

use super::number::number;
use super::token::{Token, TokenKind};
use super::{PARENTHESES, Parsed, Parser};
use smallvec::SmallVec;

use crate::ast::{Command, Operand, OperandKind, Pipe};
use crate::strconv::{quote, unquote};
use crate::text::Str;

impl<'p> Parser<'_, 'p> {
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        let at = self.peek_non_space().at;
        let mut pipe = Pipe { at, assigns: false, variables: Vec::new(), commands: Vec::new() };
        self.declarations(&mut pipe, context)?;
        let mut commands: SmallVec<[Command; 4]> = SmallVec::new();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    pipe.commands = commands.into_vec();
                    self.check(&pipe, context)?;
                    return Ok(pipe);
                }
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.backup();
                    commands.push(self.command()?);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// Reads `$x :=`, `$x =` and `$x, $y :=`.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(());
            }
            self.next();
            // The blank between the variable and what follows decides whether that is an argument or a field.
            let after = self.peek().clone();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.assigns = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    return Ok(());
                }
                TokenKind::Char if *next.text == *b"," => {
                    self.next_non_space();
                    self.declare(pipe, &variable);
                    if context != "range" || pipe.variables.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    let kind = self.peek_non_space().kind;
                    if !matches!(kind, TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ if after.kind == TokenKind::Space => {
                    self.backup_three(variable, after);
                    return Ok(());
                }
                _ => {
                    self.backup_two(variable);
                    return Ok(());
                }
            }
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, variable: &Token<'p>) {
        let name = self.shared.names.text(variable.in_source());
        self.variables.push(name.clone());
        pipe.variables.push(name);
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            let constant = matches!(
                command.operands[0].kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(_)
                    | OperandKind::String { .. }
            );
            if constant {
                return self.error(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let at = self.peek_non_space().at;
        let mut operands: SmallVec<[Operand; 6]> = SmallVec::new();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if operands.is_empty() {
            return self.error("empty command");
        }
        Ok(Command { at, operands: operands.into_vec() })
    }

    /// Reads a term and the fields after it.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(mut term) = self.term()? else { return Ok(None) };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let at = self.peek().at;
        let fields = self.following_fields(SmallVec::new());
        match &mut term.kind {
            OperandKind::Variable(_, of_variable) => *of_variable = fields,
            OperandKind::Chain(..) | OperandKind::Identifier(_) | OperandKind::Pipe(_) => {
                return Ok(Some(Operand { at, kind: OperandKind::Chain(Box::new(term), fields) }));
            }
            _ => {
                let shown = quote(term.to_string().as_bytes());
                return self.error(format!("unexpected . after term {shown}"));
            }
        }
        term.at = at;
        Ok(Some(term))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        if token.kind == TokenKind::Field {
            let first = SmallVec::from_iter([self.field_name(&token)]);
            let at = if self.peek().kind == TokenKind::Field { self.peek().at } else { token.at };
            return Ok(Some(Operand { at, kind: OperandKind::Field(self.following_fields(first)) }));
        }
        let kind = match token.kind {
            TokenKind::Identifier => self.identifier(&token)?,
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => self.variable(&token)?,
            TokenKind::Bool => OperandKind::Bool(*token.text == *b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => match number(&token.text, token.kind) {
                Ok(number) => OperandKind::Number(Box::new(number)),
                Err(message) => return self.error(message),
            },
            TokenKind::LeftParen => self.parenthesis()?,
            TokenKind::String | TokenKind::RawString => match unquote(&token.text) {
                Some(text) => OperandKind::String { quoted: unusual(&token.text), text: Str::from(text) },
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Operand { at: token.at, kind }))
    }

    fn parenthesis(&mut self) -> Parsed<OperandKind> {
        if self.parentheses >= PARENTHESES {
            return self.error("max expression depth exceeded");
        }
        self.parentheses += 1;
        let pipe = crate::stack::grow(|| self.pipeline("parenthesized pipeline", TokenKind::RightParen))?;
        self.parentheses -= 1;
        Ok(OperandKind::Pipe(Box::new(pipe)))
    }

    fn identifier(&mut self, token: &Token<'p>) -> Parsed<OperandKind> {
        match self.shared.names.identifier(token.in_source()) {
            Some(identifier) => Ok(OperandKind::Identifier(identifier)),
            None => self.error(format!("function {} not defined", quote(&token.text))),
        }
    }

    fn variable(&mut self, token: &Token<'p>) -> Parsed<OperandKind> {
        let name = self.shared.names.text(token.in_source());
        if self.variables.iter().any(|known| known.same(&name)) {
            return Ok(OperandKind::Variable(name, Vec::new()));
        }
        self.error(format!("undefined variable {}", quote(&token.text)))
    }

    /// Reads the fields that follow at once, and returns them after those that were read.
    fn following_fields(&mut self, mut fields: SmallVec<[Str; 8]>) -> Vec<Str> {
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            fields.push(self.field_name(&token));
        }
        fields.into_vec()
    }

    /// Returns the name in a token such as `.Values`.
    fn field_name(&mut self, token: &Token<'p>) -> Str {
        self.shared.names.text(token.in_source().get(1..).unwrap_or_default())
    }
}

/// Returns a string literal if [`quote`] does not give the same of its text.
fn unusual(literal: &[u8]) -> Option<Str> {
    let plain =
        literal.first() == Some(&b'"') && literal.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    (!plain).then(|| Str::from(literal))
}
