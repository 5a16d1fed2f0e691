//! Values with the type information of Go's reflection.

use super::{Element, Value};

/// A value, and whether it is held by a variable of type `interface {}` (an element of a `map[string]interface {}`): then a nil is a nil pointer,
/// and errors name `interface {}` instead of the value's own type.
#[derive(Clone, Debug)]
pub(crate) struct TypedValue {
    pub(crate) value: Value,
    pub(crate) interface: bool,
}

impl TypedValue {
    pub(crate) fn plain(value: Value) -> TypedValue {
        TypedValue { value, interface: false }
    }

    pub(crate) fn element(value: Value, declared: Option<Element>) -> TypedValue {
        TypedValue { value, interface: declared.is_some_and(Element::is_interface) }
    }

    /// Returns whether this is no value at all, as opposed to a nil in an interface.
    pub(crate) fn is_invalid(&self) -> bool {
        matches!(self.value, Value::Nil) && !self.interface
    }

    /// Returns whether this is a nil in an interface.
    pub(crate) fn is_nil_interface(&self) -> bool {
        matches!(self.value, Value::Nil) && self.interface
    }

    /// Returns the value taken out of its interface.
    pub(crate) fn unwrapped(self) -> TypedValue {
        TypedValue::plain(self.value)
    }

    /// Returns the static type's name.
    pub(crate) fn type_name(&self) -> std::borrow::Cow<'static, str> {
        if self.interface { "interface {}".into() } else { self.value.type_name() }
    }
}
