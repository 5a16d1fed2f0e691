//! Go's `fmt`: the verbs and flags of `printf`, and what `print` and an action show.

mod flags;
mod number;
mod printf;
mod value;

use std::fmt;

use crate::allowance;
use crate::value::Value;
use flags::Flags;

pub use printf::sprintf;

/// How deep values may be nested; deeper ones (a map that contains itself) are cut off.
const DEPTH: usize = 10_000;

/// The output and the flags of the directive that is being printed.
pub(crate) struct Printer<'o> {
    out: &'o mut Vec<u8>,
    flags: Flags,
    /// A bad verb is being reported: methods are not called.
    reporting: bool,
    /// How many bytes may be written in all.
    limit: usize,
}

impl<'o> Printer<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>) -> Printer<'o> {
        Printer { out, flags: Flags::default(), reporting: false, limit: allowance::remaining() / 2 }
    }

    fn push(&mut self, text: &str) {
        self.write(text.as_bytes());
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.is_full() {
            // Whatever follows is lost.
            allowance::allows(usize::MAX);
        } else {
            self.out.extend_from_slice(bytes);
        }
    }

    /// Returns whether nothing more is written.
    fn is_full(&self) -> bool {
        self.out.len() >= self.limit
    }
}

/// Appends what an action prints: `%v`, and the `String` method of what is addressable.
pub(crate) fn print_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::String(text) => out.extend_from_slice(text),
        value => Printer::new(out).argument(value, 'v'),
    }
}

/// Returns what `%v` prints.
#[must_use]
pub fn sprint_value(value: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    print_value(&mut out, value);
    out
}

/// Returns what `fmt.Sprint` prints: blanks only between operands of which neither is a string.
#[must_use]
pub fn sprint(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut after_string = true;
    for value in values {
        let string = matches!(value, Value::String(_));
        if !string && !after_string {
            out.push(b' ');
        }
        print_value(&mut out, value);
        after_string = string;
    }
    out
}

/// Returns what `fmt.Sprintln` prints: blanks between all operands and a line feed.
#[must_use]
pub fn sprintln(values: &[Value]) -> Vec<u8> {
    let mut out = Vec::new();
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        print_value(&mut out, value);
    }
    out.push(b'\n');
    out
}

/// What Go's `%v` prints.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&sprint_value(self)))
    }
}
