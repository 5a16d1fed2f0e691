//! Functions that templates call.

use std::fmt;
use std::sync::Arc;

use super::{Context, Element, Kind, Value};
use crate::error::FunctionError;

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`: every value.
    Any,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint32`
    Uint32,
    /// `float64`
    Float64,
    /// `string`
    String,
    /// `[]interface {}`
    List,
    /// `[]string`
    Strings,
    /// `map[string]interface {}` and named types of it; nil is given as [`Value::Nil`].
    Map,
    /// The type of that name.
    Named(&'static str),
}

impl Param {
    /// Returns the type's name in error messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Param::Any => "interface {}",
            Param::Bool => "bool",
            Param::Int => "int",
            Param::Int64 => "int64",
            Param::Uint32 => "uint32",
            Param::Float64 => "float64",
            Param::String => "string",
            Param::List => "[]interface {}",
            Param::Strings => "[]string",
            Param::Map => "map[string]interface {}",
            Param::Named(name) => name,
        }
    }

    /// Returns whether nil can be given.
    #[must_use]
    pub fn can_be_nil(self) -> bool {
        match self {
            Param::Any | Param::List | Param::Strings | Param::Map => true,
            Param::Named(name) => name.starts_with(['*', '[']) || name.starts_with("map[") || name.starts_with("func("),
            _ => false,
        }
    }

    /// Returns whether the value is assignable to the parameter's type.
    #[must_use]
    pub fn accepts(self, value: &Value) -> bool {
        match (self, value) {
            (Param::Any, _) | (Param::Bool, Value::Bool(_)) | (Param::Float64, Value::Float(_)) => true,
            (Param::String, Value::String(_)) => true,
            (Param::Int, Value::Int(_, of)) => of.name == "int",
            (Param::Int64, Value::Int(_, of)) => of.name == "int64",
            (Param::Uint32, Value::Uint(_, of)) => of.name == "uint32",
            (Param::List, Value::List(list)) => list.type_of().element.is_some_and(Element::is_interface),
            (Param::Strings, Value::List(list)) => match list.type_of().element {
                Some(Element::Concrete(element)) => element.kind == Kind::String,
                _ => false,
            },
            (Param::Map, Value::Map(map)) => map.type_of().element.is_some_and(Element::is_interface),
            (Param::Named(name), value) => value.type_name() == name,
            _ => false,
        }
    }
}

/// A function's answer.
pub type FunctionResult = Result<Value, FunctionError>;

type Plain = fn(&[Value]) -> FunctionResult;
type WithContext = fn(&mut dyn Context, &[Value]) -> FunctionResult;
type Closure = dyn Fn(&mut dyn Context, &[Value]) -> FunctionResult + Send + Sync;

#[derive(Clone)]
enum Body {
    Plain(Plain),
    WithContext(WithContext),
    Closure(Arc<Closure>),
}

/// A function with its parameters. The executor checks the arguments before it calls.
#[derive(Clone)]
pub struct Function {
    params: &'static [Param],
    variadic: Option<Param>,
    interface: bool,
    body: Body,
}

impl Function {
    /// Makes a function of its arguments alone.
    #[must_use]
    pub const fn new(params: &'static [Param], body: Plain) -> Function {
        Function { params, variadic: None, interface: false, body: Body::Plain(body) }
    }

    /// Makes a function that also uses the execution's context: the running templates, limits and the caller's state.
    #[must_use]
    pub const fn with_context(params: &'static [Param], body: WithContext) -> Function {
        Function { params, variadic: None, interface: false, body: Body::WithContext(body) }
    }

    /// Makes a function of a closure.
    #[must_use]
    pub fn closure(
        params: &'static [Param],
        body: impl Fn(&mut dyn Context, &[Value]) -> FunctionResult + Send + Sync + 'static,
    ) -> Function {
        Function { params, variadic: None, interface: false, body: Body::Closure(Arc::new(body)) }
    }

    /// Accepts any number of further arguments.
    #[must_use]
    pub const fn variadic(mut self, param: Param) -> Function {
        self.variadic = Some(param);
        self
    }

    /// Declares the result as `interface {}`, which shows in errors about nil results.
    #[must_use]
    pub const fn returning_interface(mut self) -> Function {
        self.interface = true;
        self
    }

    /// Returns whether the function is given the execution's context.
    pub(crate) fn has_context(&self) -> bool {
        !matches!(self.body, Body::Plain(_))
    }

    /// Returns the parameters before the variadic one.
    #[must_use]
    pub fn params(&self) -> &'static [Param] {
        self.params
    }

    /// Returns the type of further arguments, if they are accepted.
    #[must_use]
    pub fn variadic_param(&self) -> Option<Param> {
        self.variadic
    }

    /// Returns whether the result is declared as `interface {}`.
    #[must_use]
    pub fn returns_interface(&self) -> bool {
        self.interface
    }

    /// Returns the type of the argument at `index`.
    #[must_use]
    pub fn param_at(&self, index: usize) -> Option<Param> {
        self.params.get(index).copied().or(self.variadic)
    }

    /// Calls the function. The arguments are not checked.
    ///
    /// # Errors
    /// What the function returns.
    pub fn call(&self, context: &mut dyn Context, arguments: &[Value]) -> FunctionResult {
        match &self.body {
            Body::Plain(body) => body(arguments),
            Body::WithContext(body) => body(context, arguments),
            Body::Closure(body) => body(context, arguments),
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function")
            .field("params", &self.params)
            .field("variadic", &self.variadic)
            .finish_non_exhaustive()
    }
}
