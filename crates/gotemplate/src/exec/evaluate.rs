//! Pipelines, commands, variables and fields.

use super::frame::{At, Frame};
use super::{Executor, Failure};
use crate::ast::{Command, Number, Operand, OperandKind, Pipe};
use crate::error::text_of;
use crate::strconv::quote;
use crate::templates::MissingKey;
use crate::text::Str;
use crate::value::{Map, TypedValue, Value, types};

impl<'s> Executor<'s> {
    pub(super) fn pipeline(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        pipe: &'s Pipe,
    ) -> Result<TypedValue, Failure> {
        frame.at = At::Pipe(pipe);
        let mut value = None;
        for command in &pipe.commands {
            let result = self.command(frame, dot, command, value.take())?;
            value = Some(result.unwrapped());
        }
        let value = value.unwrap_or_else(|| TypedValue::plain(Value::Nil));
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(frame, name, value.clone())?;
            } else {
                self.variables.push((name.clone(), value.clone()));
            }
        }
        Ok(value)
    }

    pub(super) fn assign(&mut self, frame: &Frame<'_>, name: &Str, value: TypedValue) -> Result<(), Failure> {
        let base = self.base;
        match self.variables[base..].iter_mut().rev().find(|variable| variable.0.same(name)) {
            Some(variable) => {
                variable.1 = value;
                Ok(())
            }
            None => Err(frame.error(format!("undefined variable: {name}"))),
        }
    }

    fn variable(&self, frame: &Frame<'_>, name: &Str) -> Result<TypedValue, Failure> {
        let found = self.variables[self.base..].iter().rev().find(|variable| variable.0.same(name));
        found.map(|variable| variable.1.clone()).ok_or_else(|| frame.error(format!("undefined variable: {name}")))
    }

    /// Evaluates a command. `last` is the value that the pipeline passes on, which becomes its last argument.
    fn command(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        command: &'s Command,
        last: Option<TypedValue>,
    ) -> Result<TypedValue, Failure> {
        let operands = &command.operands[..];
        let first = &operands[0];
        match &first.kind {
            OperandKind::Field(_) | OperandKind::Chain(..) | OperandKind::Variable(..) => {
                self.fields(frame, dot, first, operands, last)
            }
            OperandKind::Identifier(identifier) => {
                frame.at = At::Operand(first);
                self.call_identifier(frame, dot, identifier, At::Command(command), &operands[1..], last)
            }
            OperandKind::Pipe(pipe) => {
                not_a_function(frame, operands, last.is_some())?;
                crate::stack::grow(|| self.pipeline(frame, dot, pipe))
            }
            _ => {
                frame.at = At::Operand(first);
                not_a_function(frame, operands, last.is_some())?;
                constant(frame, dot, first)
            }
        }
    }

    /// Evaluates an operand with fields: `.a.b`, `$x.a`, `(…).a`. The operands after it are arguments of a method.
    pub(super) fn fields(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        operand: &'s Operand,
        operands: &'s [Operand],
        last: Option<TypedValue>,
    ) -> Result<TypedValue, Failure> {
        frame.at = At::Operand(operand);
        let (receiver, fields) = match &operand.kind {
            OperandKind::Field(fields) => (dot.clone(), fields),
            OperandKind::Variable(name, fields) => {
                let value = self.variable(frame, name)?;
                if fields.is_empty() {
                    not_a_function(frame, operands, last.is_some())?;
                    return Ok(value);
                }
                (value, fields)
            }
            OperandKind::Chain(inner, fields) => {
                if matches!(inner.kind, OperandKind::Nil) {
                    return Err(frame.error(format!("indirection through explicit nil in {operand}")));
                }
                (crate::stack::grow(|| self.any_argument(frame, dot, inner))?, fields)
            }
            _ => return Err(frame.error(format!("unexpected operand {operand}"))),
        };
        let mut receiver = receiver;
        let (tail, init) = match fields.split_last() {
            Some((tail, init)) => (tail, init),
            None => return Ok(receiver),
        };
        for field in init {
            receiver = self.field(frame, dot, operand, field, &[], None, receiver)?;
        }
        self.field(frame, dot, operand, tail, operands, last, receiver)
    }

    #[expect(clippy::too_many_arguments, reason = "a field is evaluated with all that a call needs")]
    fn field(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        operand: &'s Operand,
        name: &'s Str,
        operands: &'s [Operand],
        last: Option<TypedValue>,
        receiver: TypedValue,
    ) -> Result<TypedValue, Failure> {
        if receiver.is_invalid() {
            if self.missing_key == MissingKey::Error {
                return Err(frame.error(format!("nil data; no entry for key {}", quote(name))));
            }
            return Ok(receiver);
        }
        if receiver.is_nil_interface() {
            return Err(frame.error(format!("nil pointer evaluating interface {{}}.{name}")));
        }
        let method = match &receiver.value {
            Value::Object(object) => object.method(name),
            other => other.type_of().and_then(|of| of.method(name)),
        };
        if let Some(function) = method {
            let arguments = operands.get(1..).unwrap_or_default();
            let name = text_of(name);
            return self.call_method(
                frame,
                dot,
                function,
                (&name, At::Operand(operand)),
                arguments,
                last,
                receiver.value,
            );
        }
        let has_arguments = operands.len() > 1 || last.is_some();
        match &receiver.value {
            Value::Map(map) => {
                if has_arguments {
                    return Err(frame.error(format!("{name} is not a method but has arguments")));
                }
                return self.entry(frame, map, name);
            }
            Value::Object(object) => {
                if let Some(field) = object.field(name) {
                    if has_arguments {
                        let message = format!("{name} has arguments but cannot be invoked as function");
                        return Err(frame.error(message));
                    }
                    return Ok(TypedValue { value: field.value, interface: field.interface });
                }
            }
            _ => {}
        }
        Err(frame.error(format!("can't evaluate field {name} in type {}", receiver.type_name())))
    }

    fn entry(&self, frame: &Frame<'_>, map: &Map, name: &Str) -> Result<TypedValue, Failure> {
        let declared = map.type_of().element;
        if let Some(value) = map.get(name) {
            return Ok(TypedValue::element(value, declared));
        }
        match self.missing_key {
            MissingKey::Invalid => Ok(TypedValue::plain(Value::Nil)),
            MissingKey::Zero => {
                Ok(TypedValue::element(declared.map(|element| element.zero()).unwrap_or_default(), declared))
            }
            MissingKey::Error => Err(frame.error(format!("map has no entry for key {}", quote(name)))),
        }
    }
}

/// Fails where something that is not a function has arguments.
fn not_a_function(frame: &Frame<'_>, operands: &[Operand], has_last: bool) -> Result<(), Failure> {
    if operands.len() > 1 || has_last {
        return Err(frame.error(format!("can't give argument to non-function {}", operands[0])));
    }
    Ok(())
}

/// Returns the value of a constant, or dot.
pub(super) fn constant(frame: &Frame<'_>, dot: &TypedValue, operand: &Operand) -> Result<TypedValue, Failure> {
    let value = match &operand.kind {
        OperandKind::Dot => return Ok(dot.clone()),
        OperandKind::Bool(value) => Value::Bool(*value),
        OperandKind::Number(number) => ideal_constant(frame, number)?,
        OperandKind::String { text, .. } => Value::String(text.clone()),
        OperandKind::Nil => return Err(frame.error("nil is not a command")),
        _ => return Err(frame.error(format!("can't evaluate command {}", quote(operand.to_string().as_bytes())))),
    };
    Ok(TypedValue::plain(value))
}

/// Returns the value of a number where no type is asked for.
fn ideal_constant(frame: &Frame<'_>, number: &Number) -> Result<Value, Failure> {
    if let Some((real, imaginary)) = number.complex {
        return Ok(Value::Complex(real, imaginary));
    }
    let text = number.text.as_bytes();
    let hexadecimal =
        text.len() > 2 && (text.starts_with(b"0x") || text.starts_with(b"0X")) && !number.text.contains(['p', 'P']);
    let looks_like_float = number.text.contains(['.', 'e', 'E', 'p', 'P']);
    match number {
        Number { float: Some(float), .. } if !hexadecimal && !text.starts_with(b"'") && looks_like_float => {
            Ok(Value::Float(*float))
        }
        Number { int: Some(int), .. } => Ok(Value::Int(*int, &types::INT)),
        Number { uint: Some(_), .. } => Err(frame.error(format!("{} overflows int", number.text))),
        _ => Ok(Value::Nil),
    }
}
