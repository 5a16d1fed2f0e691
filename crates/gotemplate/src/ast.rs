//! The tree of a parsed template, and how its nodes are printed back in errors.

use std::fmt::{self, Display};
use std::ops::Range;
use std::sync::Arc;

use crate::strconv::quote;
use crate::text::Str;
use crate::value::Function;

/// The text that trees were parsed from.
#[derive(Debug)]
pub(crate) struct Source {
    /// The name that errors show.
    pub(crate) name: String,
    pub(crate) text: Str,
    /// The variable `$`, as all trees of this text refer to it.
    pub(crate) root: Str,
}

/// One template: a name and its nodes.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) name: String,
    pub(crate) source: Arc<Source>,
    pub(crate) root: Box<[Node]>,
    /// There is nothing but blanks, comments and definitions.
    pub(crate) empty: bool,
}

impl Drop for Tree {
    fn drop(&mut self) {
        let root = std::mem::take(&mut self.root);
        crate::stack::grow(|| drop(root));
    }
}

#[derive(Debug)]
pub(crate) enum Node {
    Text(Range<usize>),
    Action(Pipe),
    If(Box<Branch>),
    With(Box<Branch>),
    Range(Box<Branch>),
    Template(Box<Call>),
    Break,
    Continue,
}

/// `if`, `with` or `range` with both of its bodies.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Box<[Node]>,
    pub(crate) otherwise: Option<Box<[Node]>>,
}

/// `{{template "name" pipeline}}`
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) at: usize,
    pub(crate) name: Str,
    pub(crate) pipe: Option<Pipe>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) at: usize,
    /// The variables are assigned (`=`), not declared.
    pub(crate) assigns: bool,
    pub(crate) variables: Box<[Str]>,
    pub(crate) commands: Box<[Command]>,
}

impl Pipe {
    /// Returns whether the value is the result of a function.
    pub(crate) fn is_call(&self) -> bool {
        let first = self.commands.last().and_then(|command| command.operands.first());
        first.is_some_and(|operand| match &operand.kind {
            OperandKind::Identifier(_) => true,
            OperandKind::Pipe(pipe) => pipe.is_call(),
            _ => false,
        })
    }
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) at: usize,
    pub(crate) operands: Box<[Operand]>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) at: usize,
    pub(crate) kind: OperandKind,
}

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    /// `quoted` is the literal, where [`quote`] does not give it.
    String {
        quoted: Option<Str>,
        text: Str,
    },
    Field(Box<[Str]>),
    Variable(Str, Box<[Str]>),
    Chain(Box<Operand>, Box<[Str]>),
    Identifier(Arc<Identifier>),
    Pipe(Box<Pipe>),
}

/// A function's name and, where one is defined, the function.
#[derive(Debug)]
pub(crate) struct Identifier {
    pub(crate) name: String,
    pub(crate) callee: Callee,
}

/// What an identifier calls.
#[derive(Debug)]
pub(crate) enum Callee {
    Builtin(crate::builtins::Builtin),
    Function(Function),
}

/// A numeric constant in every form that it can take.
#[derive(Debug, Default)]
pub(crate) struct Number {
    pub(crate) text: String,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

impl Drop for Branch {
    fn drop(&mut self) {
        let bodies = (std::mem::take(&mut self.body), self.otherwise.take());
        crate::stack::grow(|| drop(bodies));
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let commands = std::mem::take(&mut self.commands);
        crate::stack::grow(|| drop(commands));
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            OperandKind::Dot => f.write_str("."),
            OperandKind::Nil => f.write_str("nil"),
            OperandKind::Bool(value) => write!(f, "{value}"),
            OperandKind::Number(number) => f.write_str(&number.text),
            OperandKind::String { quoted: Some(quoted), .. } => write!(f, "{quoted}"),
            OperandKind::String { text, .. } => f.write_str(&quote(text)),
            OperandKind::Field(fields) => write_fields(f, fields),
            OperandKind::Variable(name, fields) => {
                write!(f, "{name}")?;
                write_fields(f, fields)
            }
            OperandKind::Chain(operand, fields) => {
                match operand.kind {
                    OperandKind::Pipe(_) => write!(f, "({operand})")?,
                    _ => write!(f, "{operand}")?,
                }
                write_fields(f, fields)
            }
            OperandKind::Identifier(identifier) => f.write_str(&identifier.name),
            OperandKind::Pipe(pipe) => write!(f, "{pipe}"),
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[Str]) -> fmt::Result {
    fields.iter().try_for_each(|field| write!(f, ".{field}"))
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, operand) in self.operands.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            match operand.kind {
                OperandKind::Pipe(_) => write!(f, "({operand})")?,
                _ => write!(f, "{operand}")?,
            }
        }
        Ok(())
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, variable) in self.variables.iter().enumerate() {
            write!(f, "{}{variable}", if index > 0 { ", " } else { "" })?;
        }
        if !self.variables.is_empty() {
            f.write_str(if self.assigns { " = " } else { " := " })?;
        }
        crate::stack::grow(|| {
            self.commands
                .iter()
                .enumerate()
                .try_for_each(|(index, command)| write!(f, "{}{command}", if index > 0 { " | " } else { "" }))
        })
    }
}

impl Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{template {}", quote(&self.name))?;
        if let Some(pipe) = &self.pipe {
            write!(f, " {pipe}")?;
        }
        f.write_str("}}")
    }
}
