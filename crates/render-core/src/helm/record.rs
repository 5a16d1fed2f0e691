//! Structures of Go with fields alone.

use std::any::Any;
use std::borrow::Cow;

use gotemplate::{Field, Kind, Object, Value};

/// A field as JSON shows it.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) value: Value,
    /// The field is left out where it is empty.
    pub(super) omit_empty: bool,
}

/// A structure, or a pointer to one.
pub(super) struct Record {
    pub(super) type_name: &'static str,
    pub(super) kind: Kind,
    pub(super) fields: Vec<Field>,
    /// The members that JSON shows; the fields if there are none.
    pub(super) json: Vec<Member>,
    /// Fields of an embedded structure, which templates reach as if they were fields of this one.
    pub(super) embedded: Vec<Field>,
}

impl Record {
    /// Makes a structure whose JSON names are those of its fields.
    pub(super) fn new(type_name: &'static str, kind: Kind, fields: Vec<Field>) -> Record {
        Record { type_name, kind, fields, json: Vec::new(), embedded: Vec::new() }
    }
}

impl Object for Record {
    fn type_name(&self) -> Cow<'static, str> {
        self.type_name.into()
    }

    fn kind(&self) -> Kind {
        self.kind
    }

    fn fields(&self) -> Vec<Field> {
        self.fields.clone()
    }

    fn field(&self, name: &[u8]) -> Option<Field> {
        self.fields.iter().chain(&self.embedded).find(|field| field.name.as_bytes() == name).cloned()
    }

    fn json_members(&self) -> Vec<Field> {
        if self.json.is_empty() {
            return self.fields.clone();
        }
        let shown = self.json.iter().filter(|member| !member.omit_empty || member.value.is_true());
        shown.map(|member| Field::new(member.name, member.value.clone())).collect()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Record>().is_some_and(|other| std::ptr::eq(self, other))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
