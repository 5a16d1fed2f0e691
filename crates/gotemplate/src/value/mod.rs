//! The value model: Go's kinds.

mod containers;
mod context;
mod entries;
mod function;
mod object;
mod typed;
pub mod types;

use std::borrow::Cow;
use std::fmt;
use std::rc::Rc;

pub use containers::{List, Map};
pub use context::{CallReferences, CallSite, Context, Reference};
pub use entries::{Entries, EntriesIter, sort_by_key};
pub use function::{Function, FunctionResult, Param};
pub use object::{Field, Object};
pub(crate) use typed::TypedValue;
pub use types::{Element, Kind, Method, Type};

pub use crate::text::Str;

use crate::allowance;

/// A value, as Go's `interface {}` holds it. Clones of lists, maps and objects share what they refer to.
///
/// Values stay on one thread; templates and functions do not contain them and can be shared.
#[derive(Clone, Default)]
pub enum Value {
    /// nil
    #[default]
    Nil,
    /// A boolean.
    Bool(bool),
    /// A signed integer of a type: [`types::INT`], [`types::INT64`] or a named one.
    Int(i64, &'static Type),
    /// An unsigned integer of a type.
    Uint(u64, &'static Type),
    /// A `float64`.
    Float(f64),
    /// A `complex128`: real and imaginary part.
    Complex(f64, f64),
    /// A string.
    String(Str),
    /// A `[]uint8`.
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// A structure or a pointer to one.
    Object(Rc<dyn Object>),
    /// A function, which `call` calls.
    Function(Rc<Function>),
}

impl Value {
    /// Makes an `int64`.
    #[must_use]
    pub fn int64(value: i64) -> Value {
        Value::Int(value, &types::INT64)
    }

    /// Makes an object.
    #[must_use]
    pub fn object(object: impl Object) -> Value {
        Value::Object(Rc::new(object))
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Value::Nil => Kind::Invalid,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_, of) | Value::Uint(_, of) => of.kind,
            Value::Float(_) => Kind::Float64,
            Value::Complex(..) => Kind::Complex128,
            Value::String(_) => Kind::String,
            Value::Bytes(_) | Value::List(_) => Kind::Slice,
            Value::Map(_) => Kind::Map,
            Value::Object(object) => object.kind(),
            Value::Function(_) => Kind::Func,
        }
    }

    /// Returns the type, where it is one of the described types (not for nil and objects).
    #[must_use]
    pub fn type_of(&self) -> Option<&'static Type> {
        match self {
            Value::Nil | Value::Object(_) => None,
            Value::Bool(_) => Some(&types::BOOL),
            Value::Int(_, of) | Value::Uint(_, of) => Some(of),
            Value::Float(_) => Some(&types::FLOAT64),
            Value::Complex(..) => Some(&types::COMPLEX128),
            Value::String(_) => Some(&types::STRING),
            Value::Bytes(_) => Some(&types::BYTES),
            Value::List(list) => Some(list.type_of()),
            Value::Map(map) => Some(map.type_of()),
            Value::Function(_) => Some(&types::FUNC),
        }
    }

    /// Returns the type's name as `%T` prints it; `<nil>` for nil.
    #[must_use]
    pub fn type_name(&self) -> Cow<'static, str> {
        match self {
            Value::Nil => Cow::Borrowed("<nil>"),
            Value::Object(object) => object.type_name(),
            other => Cow::Borrowed(other.type_of().map_or("<nil>", |of| of.name)),
        }
    }

    /// Returns whether a condition holds: nil, false, zero and what is empty do not; structures do.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Value::Nil => false,
            Value::Bool(value) => *value,
            Value::Int(value, _) => *value != 0,
            Value::Uint(value, _) => *value != 0,
            Value::Float(value) => *value != 0.0,
            Value::Complex(real, imaginary) => *real != 0.0 || *imaginary != 0.0,
            Value::String(text) | Value::Bytes(text) => !text.is_empty(),
            Value::List(list) => !list.is_empty(),
            Value::Map(map) => !map.is_empty(),
            Value::Object(_) | Value::Function(_) => true,
        }
    }

    /// Returns whether this is nil, or a nil list or map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        match self {
            Value::Nil => true,
            Value::List(list) => list.is_nil(),
            Value::Map(map) => map.is_nil(),
            _ => false,
        }
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&Str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the object if it is of that Rust type.
    #[must_use]
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// Returns whether `reflect.DeepEqual` holds: same types, same content; nil and empty lists differ.
    ///
    /// Values that are nested more than 10,000 deep (maps that contain themselves) count as different.
    #[must_use]
    pub fn deep_equal(&self, other: &Value) -> bool {
        self.equal_below(other, 0)
    }

    fn equal_below(&self, other: &Value, depth: usize) -> bool {
        if depth > 10_000 || !allowance::take(16) {
            return false;
        }
        match (self, other) {
            (Value::List(one), Value::List(two)) => {
                let alike = one.type_of() == two.type_of() && one.is_nil() == two.is_nil() && one.len() == two.len();
                let mut pairs = one.iter().zip(two.iter());
                alike && crate::stack::grow(|| pairs.all(|(one, two)| one.equal_below(two, depth + 1)))
            }
            (Value::Map(one), Value::Map(two)) => {
                let alike = one.type_of() == two.type_of() && one.is_nil() == two.is_nil() && one.len() == two.len();
                alike && (one.same(two) || crate::stack::grow(|| maps_equal(one, two, depth + 1)))
            }
            _ => self == other,
        }
    }
}

fn maps_equal(one: &Map, two: &Map, depth: usize) -> bool {
    let two = two.borrow();
    one.borrow().iter().all(|(key, value)| two.get(key).is_some_and(|other| value.equal_below(other, depth)))
}

/// Go's `==` on interfaces where it is defined; lists, maps and functions are compared as [`Value::deep_equal`] does.
impl PartialEq for Value {
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Bool(one), Value::Bool(two)) => one == two,
            (Value::Int(one, a), Value::Int(two, b)) => one == two && a == b,
            (Value::Uint(one, a), Value::Uint(two, b)) => one == two && a == b,
            (Value::Float(one), Value::Float(two)) => one == two,
            (Value::Complex(one, a), Value::Complex(two, b)) => one == two && a == b,
            (Value::String(one), Value::String(two)) | (Value::Bytes(one), Value::Bytes(two)) => one == two,
            (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => self.deep_equal(other),
            (Value::Object(one), Value::Object(two)) => one.equals(&**two),
            (Value::Function(one), Value::Function(two)) => Rc::ptr_eq(one, two),
            _ => false,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::String(text) => fmt::Debug::fmt(text, f),
            Value::List(list) => fmt::Debug::fmt(list, f),
            Value::Map(map) => fmt::Debug::fmt(map, f),
            other => write!(f, "{}({other})", other.type_name()),
        }
    }
}

macro_rules! value_from {
    ($($from:ty => |$name:ident| $value:expr;)*) => {
        $(impl From<$from> for Value {
            fn from($name: $from) -> Value {
                $value
            }
        })*
    };
}

value_from! {
    bool => |value| Value::Bool(value);
    i64 => |value| Value::Int(value, &types::INT);
    i32 => |value| Value::Int(value.into(), &types::INT);
    f64 => |value| Value::Float(value);
    &str => |value| Value::String(Str::from(value));
    String => |value| Value::String(Str::from(value));
    Vec<u8> => |value| Value::String(Str::from(value));
    Str => |value| Value::String(value);
    List => |value| Value::List(value);
    Map => |value| Value::Map(value);
    Vec<Value> => |value| Value::List(value.into_iter().collect());
}

/// A length or an index, as Go's `int`.
impl From<usize> for Value {
    fn from(value: usize) -> Value {
        Value::Int(i64::try_from(value).unwrap_or(i64::MAX), &types::INT)
    }
}
