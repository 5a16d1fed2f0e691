//! Pipelines, commands and operands.

use super::number::number;
use super::token::{Token, TokenKind};
use super::{PARENTHESES, Parsed, Parser, literal};
use smallvec::SmallVec;

use crate::ast::{Command, Operand, OperandKind, Pipe};
use crate::strconv::quote;
use crate::text::Str;

/// The variables that a pipeline declares or assigns.
#[derive(Default)]
struct Declared {
    assigns: bool,
    variables: SmallVec<[Str; 2]>,
}

impl<'p> Parser<'_, 'p> {
    pub(super) fn pipeline(&mut self, context: &str, end: TokenKind) -> Parsed<Pipe> {
        let at = self.peek_non_space().at;
        let declared = self.declarations(context)?;
        let start = self.shared.unfinished.commands.len();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => {
                    let commands = self.shared.unfinished.commands.drain(start..).collect();
                    let variables = declared.variables.into_iter().collect();
                    let pipe = Pipe { at, assigns: declared.assigns, variables, commands };
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
                    let command = self.command()?;
                    self.shared.unfinished.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
    }

    /// Reads `$x :=`, `$x =` and `$x, $y :=`.
    fn declarations(&mut self, context: &str) -> Parsed<Declared> {
        let mut declared = Declared::default();
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(declared);
            }
            self.next();
            // The blank between the variable and what follows decides whether that is an argument or a field.
            let after = self.peek();
            let next = self.peek_non_space();
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    declared.assigns = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.declare(&mut declared, variable);
                    return Ok(declared);
                }
                TokenKind::Char if *next.text == *b"," => {
                    self.next_non_space();
                    self.declare(&mut declared, variable);
                    if context != "range" || declared.variables.len() >= 2 {
                        return self.error(format!("too many declarations in {context}"));
                    }
                    let kind = self.peek_non_space().kind;
                    if !matches!(kind, TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen) {
                        return self.error("range can only initialize variables");
                    }
                }
                _ if after.kind == TokenKind::Space => {
                    self.backup_three(variable, after);
                    return Ok(declared);
                }
                _ => {
                    self.backup_two(variable);
                    return Ok(declared);
                }
            }
        }
    }

    fn declare(&mut self, declared: &mut Declared, variable: Token<'p>) {
        let name = self.shared.names.text(variable.text);
        self.variables.push(name.clone());
        declared.variables.push(name);
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
        let start = self.shared.unfinished.operands.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.shared.unfinished.operands.push(operand);
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
        if self.shared.unfinished.operands.len() == start {
            return self.error("empty command");
        }
        Ok(Command { at, operands: self.shared.unfinished.operands.drain(start..).collect() })
    }

    /// Reads a term and the fields after it.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(mut term) = self.term()? else { return Ok(None) };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let at = self.peek().at;
        let fields = self.following_fields(None);
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
            let first = self.field_name(token);
            let at = if self.peek().kind == TokenKind::Field { self.peek().at } else { token.at };
            return Ok(Some(Operand { at, kind: OperandKind::Field(self.following_fields(Some(first))) }));
        }
        let kind = match token.kind {
            TokenKind::Identifier => self.identifier(&token)?,
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => self.variable(&token)?,
            TokenKind::Bool => OperandKind::Bool(*token.text == *b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => match number(token.text, token.kind) {
                Ok(number) => OperandKind::Number(Box::new(number)),
                Err(message) => return self.error(message),
            },
            TokenKind::LeftParen => self.parenthesis()?,
            TokenKind::String | TokenKind::RawString => match literal(token.text) {
                Some(text) => OperandKind::String { quoted: unusual(token.text), text },
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
        match self.shared.names.identifier(token.text) {
            Some(identifier) => Ok(OperandKind::Identifier(identifier)),
            None => self.error(format!("function {} not defined", quote(token.text))),
        }
    }

    fn variable(&mut self, token: &Token<'p>) -> Parsed<OperandKind> {
        let name = self.shared.names.text(token.text);
        if self.variables.iter().any(|known| known.same(&name)) {
            return Ok(OperandKind::Variable(name, Box::default()));
        }
        self.error(format!("undefined variable {}", quote(token.text)))
    }

    /// Reads the fields that follow at once, and returns them after the first one.
    fn following_fields(&mut self, first: Option<Str>) -> Box<[Str]> {
        let start = self.shared.unfinished.fields.len();
        self.shared.unfinished.fields.extend(first);
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            let name = self.field_name(token);
            self.shared.unfinished.fields.push(name);
        }
        self.shared.unfinished.fields.drain(start..).collect()
    }

    /// Returns the name in a token such as `.Values`.
    fn field_name(&mut self, token: Token<'p>) -> Str {
        self.shared.names.text(token.text.get(1..).unwrap_or_default())
    }
}

/// Returns a string literal if [`quote`] does not give the same of its text.
fn unusual(literal: &[u8]) -> Option<Str> {
    let plain =
        literal.first() == Some(&b'"') && literal.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    (!plain).then(|| Str::from(literal))
}
