//! Arguments: evaluated for the parameter that they are given to.

use super::evaluate::constant;
use super::frame::{At, Frame};
use super::{Executor, Failure};
use crate::ast::{Number, Operand, OperandKind};
use crate::value::{List, Map, Param, TypedValue, Value, types};

/// What an argument is evaluated for.
#[derive(Clone, Copy)]
pub(super) enum Expected {
    /// A parameter of that type.
    Param(Param),
    /// A `reflect.Value`, which the built-in functions take: the value with its static type.
    Reflected,
}

impl Expected {
    fn name(self) -> &'static str {
        match self {
            Expected::Param(param) => param.name(),
            Expected::Reflected => "reflect.Value",
        }
    }

    fn can_be_nil(self) -> bool {
        match self {
            Expected::Param(param) => param.can_be_nil(),
            Expected::Reflected => true,
        }
    }
}

impl<'s> Executor<'s> {
    pub(super) fn argument(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        expected: Expected,
        operand: &'s Operand,
    ) -> Result<TypedValue, Failure> {
        frame.at = At::Operand(operand);
        match &operand.kind {
            OperandKind::Dot => checked(frame, dot.clone(), expected),
            OperandKind::Nil if expected.can_be_nil() => Ok(TypedValue::plain(Value::Nil)),
            OperandKind::Nil => Err(frame.error(format!("cannot assign nil to {}", expected.name()))),
            OperandKind::Bool(_) | OperandKind::Number(_) | OperandKind::String { .. } => {
                literal(frame, dot, expected, operand)
            }
            _ => {
                let value = self.any_argument(frame, dot, operand)?;
                checked(frame, value, expected)
            }
        }
    }

    /// Evaluates an operand of any type.
    pub(super) fn any_argument(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        operand: &'s Operand,
    ) -> Result<TypedValue, Failure> {
        frame.at = At::Operand(operand);
        match &operand.kind {
            OperandKind::Field(_) | OperandKind::Variable(..) | OperandKind::Chain(..) => {
                self.fields(frame, dot, operand, std::slice::from_ref(operand), None)
            }
            OperandKind::Pipe(pipe) => crate::stack::grow(|| self.pipeline(frame, dot, pipe)),
            OperandKind::Identifier(identifier) => {
                self.call_identifier(frame, dot, identifier, At::Operand(operand), &[], None)
            }
            _ => constant(frame, dot, operand),
        }
    }
}

/// Checks that a value can be given to a parameter.
pub(super) fn checked(frame: &Frame<'_>, value: TypedValue, expected: Expected) -> Result<TypedValue, Failure> {
    if value.is_invalid() {
        if expected.can_be_nil() {
            return Ok(value);
        }
        return Err(frame.error(format!("invalid value; expected {}", expected.name())));
    }
    let param = match expected {
        Expected::Reflected | Expected::Param(Param::Any) => return Ok(value),
        Expected::Param(param) => param,
    };
    if value.is_nil_interface() {
        return Err(frame.error(format!("wrong type for value; expected {}; got interface {{}}", param.name())));
    }
    if param.accepts(&value.value) {
        return Ok(value);
    }
    let found = value.value.type_name();
    Err(frame.error(format!("wrong type for value; expected {}; got {found}", param.name())))
}

/// Gives a constant the parameter's type.
fn literal(frame: &Frame<'_>, dot: &TypedValue, expected: Expected, operand: &Operand) -> Result<TypedValue, Failure> {
    let Expected::Param(param) = expected else { return constant(frame, dot, operand) };
    let expected = |what: &str| Err(frame.error(format!("expected {what}; found {operand}")));
    let value = match (param, &operand.kind) {
        (Param::Any, _) => return constant(frame, dot, operand),
        (Param::Bool, OperandKind::Bool(value)) => Value::Bool(*value),
        (Param::Bool, _) => return expected("bool"),
        (Param::String, OperandKind::String { text, .. }) => Value::String(text.clone()),
        (Param::String, _) => return expected("string"),
        (Param::Int | Param::Int64, OperandKind::Number(number)) => match **number {
            Number { int: Some(int), .. } if param == Param::Int => Value::Int(int, &types::INT),
            Number { int: Some(int), .. } => Value::Int(int, &types::INT64),
            _ => return expected("integer"),
        },
        (Param::Int | Param::Int64, _) => return expected("integer"),
        (Param::Uint32, OperandKind::Number(number)) => match number.int.and_then(|int| u64::try_from(int).ok()) {
            // Go keeps the lower bits.
            Some(int) => Value::Uint(int & u64::from(u32::MAX), &types::UINT32),
            None => return expected("unsigned integer"),
        },
        (Param::Uint32, _) => return expected("unsigned integer"),
        (Param::Float64, OperandKind::Number(number)) => match number.float {
            Some(float) => Value::Float(float),
            None => return expected("float"),
        },
        (Param::Float64, _) => return expected("float"),
        (param, _) => {
            return Err(frame.error(format!("can't handle {operand} for arg of type {}", param.name())));
        }
    };
    Ok(TypedValue::plain(value))
}

/// Returns the nil of a parameter's type, as a function gets it.
pub(super) fn nil_of(param: Param, value: Value) -> Value {
    match (param, &value) {
        (Param::List, Value::Nil) => Value::List(List::nil(&types::LIST)),
        (Param::Strings, Value::Nil) => Value::List(List::nil(&types::STRINGS)),
        (Param::Map, Value::Nil) => Value::Map(Map::nil(&types::MAP)),
        (Param::Map, Value::Map(map)) if *map.type_of() != types::MAP => Value::Map(map.view_as(&types::MAP)),
        _ => value,
    }
}
