//! The functions that every template has.

mod compare;
mod escape;
mod index;

use crate::error::FunctionError;
use crate::format::{sprint, sprintf, sprintln};
use crate::value::{Context, Param, TypedValue, Value};

/// A built-in function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    UrlQuery,
}

const ALL: [(&str, Builtin); 19] = [
    ("and", Builtin::And),
    ("call", Builtin::Call),
    ("eq", Builtin::Eq),
    ("ge", Builtin::Ge),
    ("gt", Builtin::Gt),
    ("html", Builtin::Html),
    ("index", Builtin::Index),
    ("js", Builtin::Js),
    ("le", Builtin::Le),
    ("len", Builtin::Len),
    ("lt", Builtin::Lt),
    ("ne", Builtin::Ne),
    ("not", Builtin::Not),
    ("or", Builtin::Or),
    ("print", Builtin::Print),
    ("printf", Builtin::Printf),
    ("println", Builtin::Println),
    ("slice", Builtin::Slice),
    ("urlquery", Builtin::UrlQuery),
];

type Answer = Result<TypedValue, FunctionError>;

impl Builtin {
    pub(crate) fn named(name: &str) -> Option<Builtin> {
        ALL.iter().find(|entry| entry.0 == name).map(|entry| entry.1)
    }

    pub(crate) fn name(self) -> &'static str {
        ALL.iter().find(|entry| entry.1 == self).map_or("", |entry| entry.0)
    }

    /// Returns the number of fixed arguments, and whether more are accepted.
    pub(crate) fn arity(self) -> (usize, bool) {
        match self {
            Builtin::Not | Builtin::Len => (1, false),
            Builtin::Ge | Builtin::Gt | Builtin::Le | Builtin::Lt | Builtin::Ne => (2, false),
            Builtin::Html | Builtin::Js | Builtin::UrlQuery | Builtin::Print | Builtin::Println => (0, true),
            _ => (1, true),
        }
    }

    /// Returns the type of a parameter; `None` where it takes a value as reflection sees it.
    pub(crate) fn param(self, index: usize) -> Option<Param> {
        match self {
            Builtin::Printf if index == 0 => Some(Param::String),
            Builtin::Printf | Builtin::Print | Builtin::Println => Some(Param::Any),
            Builtin::Html | Builtin::Js | Builtin::UrlQuery => Some(Param::Any),
            _ => None,
        }
    }

    /// Calls the function; the number of arguments was checked. `shown` is how the first argument is written.
    pub(crate) fn call(
        self,
        context: &mut dyn Context,
        arguments: &[TypedValue],
        shown: impl FnOnce() -> String,
    ) -> Answer {
        let plain = |value: Value| Ok(TypedValue::plain(value));
        let values = || arguments.iter().map(|argument| argument.value.clone()).collect::<Vec<_>>();
        let boolean = |result: Result<bool, FunctionError>| result.map(|value| TypedValue::plain(Value::Bool(value)));
        match self {
            // The executor evaluates these itself, since they do not need all of their operands.
            Builtin::And | Builtin::Or => Err("and and or take operands, not values".into()),
            Builtin::Call => call(context, arguments, shown),
            Builtin::Eq => boolean(compare::eq(&arguments[0].value, &values()[1..])),
            Builtin::Ne => boolean(compare::eq(&arguments[0].value, &values()[1..]).map(|equal| !equal)),
            Builtin::Lt => boolean(compare::lt(&arguments[0].value, &arguments[1].value)),
            Builtin::Le => boolean(compare::le(&arguments[0].value, &arguments[1].value)),
            Builtin::Gt => boolean(compare::le(&arguments[0].value, &arguments[1].value).map(|less| !less)),
            Builtin::Ge => boolean(compare::lt(&arguments[0].value, &arguments[1].value).map(|less| !less)),
            Builtin::Html => plain(escape::html(&escape::joined(values())).into()),
            Builtin::Js => plain(escape::js(&escape::joined(values())).into()),
            Builtin::UrlQuery => plain(escape::url_query(&escape::joined(values())).into()),
            Builtin::Index => index::index(arguments),
            Builtin::Slice => index::slice(arguments),
            Builtin::Len => index::len(&arguments[0]),
            Builtin::Not => plain(Value::Bool(!arguments[0].value.is_true())),
            Builtin::Print => plain(sprint(&values()).into()),
            Builtin::Println => plain(sprintln(&values()).into()),
            Builtin::Printf => {
                let limit = context.output_limit();
                let values = values();
                let format = values[0].as_str().cloned().unwrap_or_default();
                plain(sprintf(&format, &values[1..], limit).into())
            }
        }
    }
}

/// Calls a function value.
fn call(context: &mut dyn Context, arguments: &[TypedValue], shown: impl FnOnce() -> String) -> Answer {
    let function = match &arguments[0].value {
        Value::Nil => return Err("call of nil".into()),
        Value::Function(function) => function.clone(),
        other => return Err(format!("non-function {} of type {}", shown(), other.type_name()).into()),
    };
    let given = arguments.len() - 1;
    let expected = function.params().len();
    match function.variadic_param() {
        Some(_) if given < expected => {
            return Err(format!("wrong number of args for {}: got {given} want at least {expected}", shown()).into());
        }
        None if given != expected => {
            return Err(format!("wrong number of args for {}: got {given} want {expected}", shown()).into());
        }
        _ => {}
    }
    let mut values = Vec::with_capacity(given);
    for (index, argument) in arguments[1..].iter().enumerate() {
        let Some(param) = function.param_at(index) else { break };
        match &argument.value {
            Value::Nil if !param.can_be_nil() => {
                return Err(format!("arg {index}: value is nil; should be of type {}", param.name()).into());
            }
            Value::Nil => {}
            value if !param.accepts(value) => {
                let found = value.type_name();
                return Err(format!("arg {index}: value has type {found}; should be {}", param.name()).into());
            }
            _ => {}
        }
        values.push(argument.value.clone());
    }
    let value = function.call(context, &values)?;
    Ok(TypedValue { value, interface: function.returns_interface() })
}
