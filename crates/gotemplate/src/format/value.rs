//! Values of every kind under each verb.

use super::{DEPTH, Printer};
use crate::value::{Element, Kind, List, Map, Object, Str, Value};

impl Printer<'_> {
    /// Prints an operand of `printf` or `print`.
    pub(crate) fn argument(&mut self, value: &Value, verb: char) {
        match (value, verb) {
            (Value::Nil, 'T' | 'v') => self.pad(b"<nil>"),
            (Value::Nil, _) => self.bad_verb(None, verb),
            (_, 'T') => {
                let name = value.type_name();
                self.string(name.as_bytes(), 's');
            }
            (_, 'p') => self.pointer(value, 'p'),
            _ => self.value(value, verb, 0),
        }
    }

    fn value(&mut self, value: &Value, verb: char, depth: usize) {
        if self.is_full() {
            return;
        }
        if depth > DEPTH {
            return self.push("...");
        }
        if self.by_method(value, verb) {
            return;
        }
        let fits = match value {
            Value::Nil => {
                self.push("<nil>");
                true
            }
            Value::Bool(value) => self.boolean(*value, verb),
            Value::Int(value, _) => self.integer(value.cast_unsigned(), true, verb),
            Value::Uint(value, _) => self.integer(*value, false, verb),
            Value::Float(value) => self.float(*value, verb),
            Value::Complex(real, imaginary) => self.complex(*real, *imaginary, verb),
            Value::String(text) => self.string(text, verb),
            Value::Bytes(bytes) => {
                self.bytes(bytes, verb);
                true
            }
            Value::List(list) => {
                crate::stack::grow(|| self.list(list, verb, depth));
                true
            }
            Value::Map(map) => {
                crate::stack::grow(|| self.map(map, verb, depth));
                true
            }
            Value::Object(object) => {
                crate::stack::grow(|| self.object(&**object, value, verb, depth));
                true
            }
            Value::Function(_) => {
                self.pointer(value, verb);
                true
            }
        };
        if !fits {
            self.bad_verb(Some(value), verb);
        }
    }

    /// Prints what the `String` or `Error` method gives, where the verb asks for text.
    fn by_method(&mut self, value: &Value, verb: char) -> bool {
        if self.reporting {
            return false;
        }
        if verb == 'w' && matches!(value, Value::List(_) | Value::Map(_) | Value::Object(_)) {
            self.bad_verb(Some(value), verb);
            return true;
        }
        if self.flags.sharp_v
            && let Value::Object(object) = value
            && let Some(text) = object.go_string()
        {
            self.push(&text);
            return true;
        }
        if self.flags.sharp_v || !matches!(verb, 'v' | 's' | 'x' | 'X' | 'q') {
            return false;
        }
        let text = match value {
            Value::Object(object) => object.display(),
            Value::Int(_, of) | Value::Uint(_, of) => of.display.map(|display| display(value)),
            Value::List(list) => list.type_of().display.map(|display| display(value)),
            Value::Map(map) => map.type_of().display.map(|display| display(value)),
            _ => None,
        };
        text.is_some_and(|text| self.string(text.as_bytes(), verb))
    }

    fn bytes(&mut self, bytes: &Str, verb: char) {
        match verb {
            'v' | 'd' => {
                let sharp = self.flags.sharp_v;
                self.push(if sharp { "[]byte{" } else { "[" });
                for (index, byte) in bytes.iter().enumerate() {
                    if index > 0 {
                        self.push(if sharp { ", " } else { " " });
                    }
                    if sharp {
                        self.hexadecimal(u64::from(*byte), true);
                    } else {
                        self.integer(u64::from(*byte), false, 'd');
                    }
                }
                self.push(if sharp { "}" } else { "]" });
            }
            's' | 'x' | 'X' | 'q' => {
                self.string(bytes, verb);
            }
            _ => {
                let items =
                    bytes.iter().map(|byte| Value::Uint(u64::from(*byte), &crate::value::types::UINT8)).collect();
                self.list(&List::new(&crate::value::types::BYTES, items), verb, 0);
            }
        }
    }

    fn list(&mut self, list: &List, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.push(list.type_of().name);
            if list.is_nil() {
                return self.push("(nil)");
            }
        }
        self.push(if sharp { "{" } else { "[" });
        for (index, item) in list.iter().enumerate() {
            if index > 0 {
                self.push(if sharp { ", " } else { " " });
            }
            self.element(item, list.type_of().element, verb, depth);
        }
        self.push(if sharp { "}" } else { "]" });
    }

    fn map(&mut self, map: &Map, verb: char, depth: usize) {
        let sharp = self.flags.sharp_v;
        if sharp {
            self.push(map.type_of().name);
            if map.is_nil() {
                return self.push("(nil)");
            }
        }
        self.push(if sharp { "{" } else { "map[" });
        for (index, (key, value)) in map.borrow().iter().enumerate() {
            if index > 0 {
                self.push(if sharp { ", " } else { " " });
            }
            if !self.string(key, verb) {
                self.bad_verb(Some(&Value::String(key.clone())), verb);
            }
            self.push(":");
            self.element(value, map.type_of().element, verb, depth);
        }
        self.push(if sharp { "}" } else { "]" });
    }

    fn element(&mut self, value: &Value, declared: Option<Element>, verb: char, depth: usize) {
        match value {
            Value::Nil if self.flags.sharp_v && declared.is_some_and(Element::is_interface) => {
                self.push("interface {}(nil)");
            }
            _ => self.value(value, verb, depth + 1),
        }
    }

    fn object(&mut self, object: &dyn Object, value: &Value, verb: char, depth: usize) {
        if object.kind() == Kind::Pointer {
            if depth > 0 {
                return self.pointer(value, verb);
            }
            self.push("&");
        }
        let name = object.type_name();
        if self.flags.sharp_v {
            self.push(name.strip_prefix('*').unwrap_or(&name));
        }
        self.push("{");
        for (index, field) in object.fields().iter().enumerate() {
            if index > 0 {
                self.push(if self.flags.sharp_v { ", " } else { " " });
            }
            if self.flags.plus_v || self.flags.sharp_v {
                self.push(field.name);
                self.push(":");
            }
            let declared = field.interface.then_some(Element::Interface);
            self.element(&field.value, declared, verb, depth);
        }
        self.push("}");
    }

    /// Prints an address; only lists, maps, pointers and functions have one.
    fn pointer(&mut self, value: &Value, verb: char) {
        let address = match value {
            Value::List(list) if !list.is_nil() => list.address(),
            Value::Map(map) if !map.is_nil() => map.address(),
            Value::List(_) | Value::Map(_) => 0,
            Value::Bytes(bytes) => bytes.as_bytes().as_ptr().addr(),
            Value::Object(object) if object.kind() == Kind::Pointer => std::rc::Rc::as_ptr(object).addr(),
            Value::Function(function) => std::rc::Rc::as_ptr(function).addr(),
            other => return self.bad_verb(Some(other), verb),
        };
        let address = u64::try_from(address).unwrap_or_default();
        match verb {
            'v' if self.flags.sharp_v => {
                self.push("(");
                self.push(&value.type_name());
                self.push(")(");
                self.hexadecimal(address, true);
                self.push(")");
            }
            'v' if address == 0 => self.pad(b"<nil>"),
            'v' | 'p' => self.hexadecimal(address, !self.flags.sharp),
            'b' | 'o' | 'd' | 'x' | 'X' => {
                self.integer(address, false, verb);
            }
            _ => self.bad_verb(Some(value), verb),
        }
    }

    /// Prints `%!verb(type=value)`.
    fn bad_verb(&mut self, value: Option<&Value>, verb: char) {
        let reporting = std::mem::replace(&mut self.reporting, true);
        self.push("%!");
        self.push(verb.encode_utf8(&mut [0; 4]));
        self.push("(");
        match value {
            None => self.push("<nil>"),
            Some(value) => {
                self.push(&value.type_name());
                self.push("=");
                self.argument(value, 'v');
            }
        }
        self.push(")");
        self.reporting = reporting;
    }
}
