//! Descriptions of Go's types: what `%T` prints, what a parameter accepts, which methods a value has.

use super::{Function, Value};

/// Go's kinds (`reflect.Kind`), as far as values have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// No value: an untyped nil.
    Invalid,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int8`
    Int8,
    /// `int16`
    Int16,
    /// `int32`
    Int32,
    /// `int64`
    Int64,
    /// `uint`
    Uint,
    /// `uint8`
    Uint8,
    /// `uint16`
    Uint16,
    /// `uint32`
    Uint32,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// A slice.
    Slice,
    /// A map.
    Map,
    /// A structure.
    Struct,
    /// A pointer.
    Pointer,
    /// A function.
    Func,
}

impl Kind {
    /// Returns the name that `reflect.Kind.String` gives.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Int8 => "int8",
            Kind::Int16 => "int16",
            Kind::Int32 => "int32",
            Kind::Int64 => "int64",
            Kind::Uint => "uint",
            Kind::Uint8 => "uint8",
            Kind::Uint16 => "uint16",
            Kind::Uint32 => "uint32",
            Kind::Uint64 => "uint64",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Pointer => "ptr",
            Kind::Func => "func",
        }
    }

    /// Returns whether the kind is a signed integer.
    #[must_use]
    pub fn is_int(self) -> bool {
        matches!(self, Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64)
    }

    /// Returns whether the kind is an unsigned integer.
    #[must_use]
    pub fn is_uint(self) -> bool {
        matches!(self, Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64)
    }
}

/// What the elements of a list or map are declared as.
#[derive(Clone, Copy, Debug)]
pub enum Element {
    /// `interface {}`: any value, nil included.
    Interface,
    /// A type of its own.
    Concrete(&'static Type),
}

impl Element {
    /// Returns whether elements are `interface {}`.
    #[must_use]
    pub fn is_interface(self) -> bool {
        matches!(self, Element::Interface)
    }

    /// Returns the zero value of the element type.
    #[must_use]
    pub fn zero(self) -> Value {
        match self {
            Element::Interface => Value::Nil,
            Element::Concrete(element) => element.zero(),
        }
    }
}

/// A method of a named type: its name, and the function that gets the receiver as its first argument.
///
/// The function's parameters do not list the receiver.
pub type Method = (&'static str, Function);

/// A Go type. Values refer to types by `&'static` reference; two types are the same if their names are.
#[derive(Debug)]
pub struct Type {
    /// The name as `%T` prints it, for instance `map[string]interface {}`.
    pub name: &'static str,
    /// The kind of the type's values.
    pub kind: Kind,
    /// The element type of lists and maps; `None` for other kinds.
    pub element: Option<Element>,
    /// The methods that templates can call on a value.
    pub methods: &'static [Method],
    /// The `String` or `Error` method, which printing uses.
    pub display: Option<fn(&Value) -> String>,
}

impl Type {
    /// Makes a type without elements.
    #[must_use]
    pub const fn basic(name: &'static str, kind: Kind) -> Type {
        Type { name, kind, element: None, methods: &[], display: None }
    }

    /// Makes a list type.
    #[must_use]
    pub const fn list(name: &'static str, element: Element) -> Type {
        Type { name, kind: Kind::Slice, element: Some(element), methods: &[], display: None }
    }

    /// Makes a map type. Keys are strings.
    #[must_use]
    pub const fn map(name: &'static str, element: Element) -> Type {
        Type { name, kind: Kind::Map, element: Some(element), methods: &[], display: None }
    }

    /// Adds methods.
    #[must_use]
    pub const fn with_methods(self, methods: &'static [Method]) -> Type {
        Type { methods, ..self }
    }

    /// Adds the `String` method.
    #[must_use]
    pub const fn with_display(self, display: fn(&Value) -> String) -> Type {
        Type { display: Some(display), ..self }
    }

    /// Returns the method of that name.
    #[must_use]
    pub fn method(&self, name: &[u8]) -> Option<&'static Function> {
        self.methods.iter().find(|method| method.0.as_bytes() == name).map(|method| &method.1)
    }

    /// Returns the zero value of a basic type; nil for all others.
    #[must_use]
    pub fn zero(&'static self) -> Value {
        match self.kind {
            Kind::Bool => Value::Bool(false),
            Kind::Float64 => Value::Float(0.0),
            Kind::String => Value::from(""),
            kind if kind.is_int() => Value::Int(0, self),
            kind if kind.is_uint() => Value::Uint(0, self),
            Kind::Slice if self.name == BYTES.name => Value::Bytes(super::Str::default()),
            Kind::Slice => Value::List(super::List::nil(self)),
            Kind::Map => Value::Map(super::Map::nil(self)),
            _ => Value::Nil,
        }
    }
}

impl PartialEq for Type {
    fn eq(&self, other: &Type) -> bool {
        std::ptr::eq(self, other) || self.name == other.name
    }
}

impl Eq for Type {}

/// `bool`
pub static BOOL: Type = Type::basic("bool", Kind::Bool);
/// `int`
pub static INT: Type = Type::basic("int", Kind::Int);
/// `int32`
pub static INT32: Type = Type::basic("int32", Kind::Int32);
/// `int64`
pub static INT64: Type = Type::basic("int64", Kind::Int64);
/// `uint`
pub static UINT: Type = Type::basic("uint", Kind::Uint);
/// `uint8`
pub static UINT8: Type = Type::basic("uint8", Kind::Uint8);
/// `uint32`
pub static UINT32: Type = Type::basic("uint32", Kind::Uint32);
/// `uint64`
pub static UINT64: Type = Type::basic("uint64", Kind::Uint64);
/// `float64`
pub static FLOAT64: Type = Type::basic("float64", Kind::Float64);
/// `complex128`
pub static COMPLEX128: Type = Type::basic("complex128", Kind::Complex128);
/// `string`
pub static STRING: Type = Type::basic("string", Kind::String);
/// `func()`, for function values.
pub static FUNC: Type = Type::basic("func()", Kind::Func);
/// `[]interface {}`
pub static LIST: Type = Type::list("[]interface {}", Element::Interface);
/// `[]string`
pub static STRINGS: Type = Type::list("[]string", Element::Concrete(&STRING));
/// `[]int`
pub static INTS: Type = Type::list("[]int", Element::Concrete(&INT));
/// `[]uint8`
pub static BYTES: Type = Type::list("[]uint8", Element::Concrete(&UINT8));
/// `map[string]interface {}`
pub static MAP: Type = Type::map("map[string]interface {}", Element::Interface);
/// `map[string]string`
pub static STRING_MAP: Type = Type::map("map[string]string", Element::Concrete(&STRING));
