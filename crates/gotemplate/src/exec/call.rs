//! Calls of functions, methods and built-in functions.

use smallvec::SmallVec;

use super::arguments::{Expected, checked, nil_of};
use super::frame::{At, CallPlace, Frame};
use super::{Executor, Failure};
use crate::allowance;
use crate::ast::{Callee, Identifier, Operand};
use crate::builtins::Builtin;
use crate::value::{Function, TypedValue, Value};

/// How many bytes of arguments a function reads while a step is executed.
const BYTES_A_STEP: u64 = 32;

/// How many items of arguments a function reads while a step is executed.
const ITEMS_A_STEP: u64 = 8;

/// The number of arguments that a function takes.
#[derive(Clone, Copy)]
struct Arity {
    fixed: usize,
    variadic: bool,
}

impl<'s> Executor<'s> {
    /// Calls the function of an identifier. `node` is what an error of the function is located at.
    pub(super) fn call_identifier(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        identifier: &'s Identifier,
        node: At<'s>,
        operands: &'s [Operand],
        last: Option<TypedValue>,
    ) -> Result<TypedValue, Failure> {
        match &identifier.callee {
            Callee::Builtin(builtin) => self.call_builtin(frame, dot, *builtin, node, operands, last),
            Callee::Function(function) => {
                let callee = (identifier.name.as_str(), node);
                let arguments = self.arguments(frame, dot, function, callee.0, operands, last, SmallVec::new())?;
                self.call(frame, function, callee, &arguments)
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a method is called with all that a function needs, and its receiver"
    )]
    pub(super) fn call_method(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        function: &Function,
        callee: (&str, At<'s>),
        operands: &'s [Operand],
        last: Option<TypedValue>,
        receiver: Value,
    ) -> Result<TypedValue, Failure> {
        let start = SmallVec::from_iter([receiver]);
        let arguments = self.arguments(frame, dot, function, callee.0, operands, last, start)?;
        self.call(frame, function, callee, &arguments)
    }

    fn call(
        &mut self,
        frame: &mut Frame<'s>,
        function: &Function,
        (name, node): (&str, At<'s>),
        arguments: &[Value],
    ) -> Result<TypedValue, Failure> {
        self.step(frame)?;
        self.weigh(frame, arguments.iter())?;
        if function.has_context() {
            self.call = Some(CallPlace::of(frame, node));
        }
        match function.call(self, arguments) {
            Ok(value) => Ok(TypedValue { value, interface: function.returns_interface() }),
            Err(error) => {
                frame.at = node;
                Err(frame.call_error(name, error))
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "arguments are appended to a receiver")]
    fn arguments(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        function: &Function,
        name: &str,
        operands: &'s [Operand],
        last: Option<TypedValue>,
        mut arguments: SmallVec<[Value; 6]>,
    ) -> Result<SmallVec<[Value; 6]>, Failure> {
        let arity = Arity { fixed: function.params().len(), variadic: function.variadic_param().is_some() };
        check_count(frame, name, arity, operands.len(), last.is_some())?;
        for (index, operand) in operands.iter().enumerate() {
            let Some(param) = function.param_at(index) else { break };
            let value = self.argument(frame, dot, Expected::Param(param), operand)?;
            arguments.push(nil_of(param, value.value));
        }
        if let (Some(last), Some(param)) = (last, function.param_at(operands.len())) {
            let value = checked(frame, last, Expected::Param(param))?;
            arguments.push(nil_of(param, value.value));
        }
        Ok(arguments)
    }

    /// Counts the time that a call will take for its arguments, and checks that there is room for a result that is several times as large.
    fn weigh<'v>(&mut self, frame: &Frame<'_>, arguments: impl Iterator<Item = &'v Value>) -> Result<(), Failure> {
        let (mut bytes, mut items) = (0, 0);
        for argument in arguments {
            match argument {
                Value::String(text) | Value::Bytes(text) => bytes += text.len(),
                Value::List(list) => items += list.len(),
                _ => {}
            }
        }
        self.steps += bytes as u64 / BYTES_A_STEP + items as u64 / ITEMS_A_STEP;
        if !allowance::allows(bytes.saturating_mul(8).saturating_add(items.saturating_mul(64))) {
            self.step(frame)?;
        }
        Ok(())
    }

    fn call_builtin(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        builtin: Builtin,
        node: At<'s>,
        operands: &'s [Operand],
        last: Option<TypedValue>,
    ) -> Result<TypedValue, Failure> {
        let (fixed, variadic) = builtin.arity();
        check_count(frame, builtin.name(), Arity { fixed, variadic }, operands.len(), last.is_some())?;
        if let Builtin::And | Builtin::Or = builtin {
            return self.short_circuit(frame, dot, builtin == Builtin::Or, operands, last);
        }
        let expected = |index| builtin.param(index).map_or(Expected::Reflected, Expected::Param);
        let mut arguments: SmallVec<[TypedValue; 4]> = SmallVec::new();
        for (index, operand) in operands.iter().enumerate() {
            arguments.push(self.argument(frame, dot, expected(index), operand)?);
        }
        if let Some(last) = last {
            arguments.push(checked(frame, last, expected(operands.len()))?);
        }
        self.step(frame)?;
        self.weigh(frame, arguments.iter().map(|argument| &argument.value))?;
        let shown = || operands.first().map_or_else(|| reflected(&arguments[0].value), ToString::to_string);
        builtin.call(self, &arguments, shown).map_err(|error| {
            frame.at = node;
            frame.call_error(builtin.name(), error)
        })
    }

    /// `and` and `or`: the operands after the deciding one are not evaluated.
    fn short_circuit(
        &mut self,
        frame: &mut Frame<'s>,
        dot: &TypedValue,
        until: bool,
        operands: &'s [Operand],
        last: Option<TypedValue>,
    ) -> Result<TypedValue, Failure> {
        let mut value = TypedValue::plain(Value::Nil);
        for operand in operands {
            value = self.argument(frame, dot, Expected::Reflected, operand)?;
            if value.value.is_true() == until {
                return Ok(value);
            }
        }
        Ok(last.unwrap_or(value))
    }
}

fn check_count(frame: &Frame<'_>, name: &str, arity: Arity, given: usize, has_last: bool) -> Result<(), Failure> {
    let Arity { fixed, variadic } = arity;
    let count = given + usize::from(has_last);
    if variadic && count < fixed {
        return Err(frame.error(format!("wrong number of args for {name}: want at least {fixed} got {given}")));
    }
    if !variadic && count != fixed {
        return Err(frame.error(format!("wrong number of args for {name}: want {fixed} got {count}")));
    }
    Ok(())
}

/// Returns what `reflect.Value.String` gives.
fn reflected(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string(),
        Value::Nil => "<invalid Value>".to_owned(),
        other => format!("<{} Value>", other.type_name()),
    }
}
