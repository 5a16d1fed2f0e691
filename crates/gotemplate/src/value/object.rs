//! Values of types that Rust code defines.

use std::any::Any;
use std::borrow::Cow;

use super::{Function, Kind, Value};

/// A field of an object: its name and its value.
#[derive(Clone, Debug)]
pub struct Field {
    /// The exported name.
    pub name: &'static str,
    /// The value.
    pub value: Value,
    /// Whether the field is declared as `interface {}`.
    pub interface: bool,
}

impl Field {
    /// Makes a field of a concrete type.
    #[must_use]
    pub fn new(name: &'static str, value: Value) -> Field {
        Field { name, value, interface: false }
    }
}

/// A structure, or a pointer to one: fields and methods that templates can use.
pub trait Object: Any {
    /// Returns the type's name, as `%T` prints it (`*common.Capabilities`, `time.Time`).
    fn type_name(&self) -> Cow<'static, str>;

    /// Returns [`Kind::Struct`] or [`Kind::Pointer`].
    fn kind(&self) -> Kind {
        Kind::Struct
    }

    /// Returns the fields in their order, as `%v` prints them.
    fn fields(&self) -> Vec<Field> {
        Vec::new()
    }

    /// Returns the field of that name.
    fn field(&self, name: &[u8]) -> Option<Field> {
        self.fields().into_iter().find(|field| field.name.as_bytes() == name)
    }

    /// Returns the method of that name. It gets the object as its first argument.
    fn method(&self, name: &[u8]) -> Option<&'static Function> {
        let _ = name;
        None
    }

    /// Returns the members that JSON shows, in their order: the fields whose names begin with a capital, unless tags say otherwise.
    fn json_members(&self) -> Vec<Field> {
        let exported = |field: &Field| field.name.starts_with(|c: char| c.is_ascii_uppercase());
        self.fields().into_iter().filter(exported).collect()
    }

    /// Returns what the `String` or `Error` method gives, if there is one.
    fn display(&self) -> Option<String> {
        None
    }

    /// Returns what an action prints where the object is a field of something that a pointer refers to: there Go finds
    /// methods of the pointer, too.
    fn display_addressable(&self) -> Option<String> {
        self.display()
    }

    /// Returns what the `GoString` method gives, which `%#v` prints, if there is one.
    fn go_string(&self) -> Option<String> {
        None
    }

    /// Returns whether `reflect.DeepEqual` and `==` hold. `other` is of any type.
    fn equals(&self, other: &dyn Object) -> bool;

    /// Returns the object for downcasts.
    fn as_any(&self) -> &dyn Any;
}
