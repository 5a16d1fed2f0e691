//! Prints values as TOML.

use gotemplate::strconv::{FloatFormat, format_float};
use gotemplate::{Map, Value, allowance};

use crate::template_functions::durations::DURATION;
use crate::template_functions::times::Time;

/// Returns a value as TOML.
///
/// # Errors
/// The text that the Go library gives.
pub(in crate::helm) fn write(value: &Value) -> Result<String, String> {
    let mut printer = Printer { out: String::new() };
    match value {
        Value::Map(map) => printer.table(&[], map)?,
        list if is_table_list(list) => return Err("toml: top-level values must be Go maps or structs".to_owned()),
        other => printer.value(other)?,
    }
    Ok(printer.out)
}

struct Printer {
    out: String,
}

fn is_table(value: &Value) -> bool {
    matches!(value, Value::Map(_))
}

fn is_table_list(value: &Value) -> bool {
    matches!(value, Value::List(list) if !list.is_empty() && list.iter().all(is_table))
}

impl Printer {
    fn table(&mut self, path: &[String], map: &Map) -> Result<(), String> {
        if path.len() > 500 || !allowance::take(64 * path.len() + map.len() * 64) {
            return Err("toml: value is nested too deeply".to_owned());
        }
        let entries = map.entries();
        let indent = "  ".repeat(path.len().saturating_sub(usize::from(!path.is_empty())))
            + if path.is_empty() { "" } else { "  " };
        for (key, value) in entries.iter().filter(|(_, value)| !is_table(value) && !is_table_list(value)) {
            if matches!(value, Value::Nil) {
                continue;
            }
            self.out.push_str(&indent);
            self.out.push_str(&bare_key(&key.to_text()));
            self.out.push_str(" = ");
            self.value(value)?;
            self.out.push('\n');
        }
        for (key, value) in &entries {
            let mut path = path.to_vec();
            path.push(bare_key(&key.to_text()));
            match value {
                Value::Map(map) => {
                    if path.len() == 1 {
                        self.blank_line();
                    }
                    self.header(&path, "[", "]");
                    self.table(&path, map)?;
                }
                Value::List(list) if is_table_list(value) => {
                    for item in list.iter() {
                        self.blank_line();
                        self.header(&path, "[[", "]]");
                        if let Value::Map(map) = item {
                            self.table(&path, map)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn blank_line(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn header(&mut self, path: &[String], open: &str, close: &str) {
        self.out.push_str(&"  ".repeat(path.len() - 1));
        self.out.push_str(&format!("{open}{}{close}\n", path.join(".")));
    }

    fn value(&mut self, value: &Value) -> Result<(), String> {
        match value {
            Value::Nil => return Err("toml: cannot encode array with nil element".to_owned()),
            Value::Float(value) => self.out.push_str(&float(*value)),
            Value::String(text) => self.out.push_str(&quoted(&text.to_text())),
            Value::Int(_, of) if of.name == DURATION.name => self.out.push_str(&format!("\"{value}\"")),
            Value::Bool(_) | Value::Int(..) | Value::Uint(..) => self.out.push_str(&value.to_string()),
            Value::List(list) => {
                self.out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.value(item)?;
                }
                self.out.push(']');
            }
            Value::Map(map) => {
                self.out.push('{');
                let entries = map.entries().into_iter().filter(|(_, value)| !matches!(value, Value::Nil));
                for (index, (key, value)) in entries.enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.out.push_str(&format!("{} = ", bare_key(&key.to_text())));
                    self.value(&value)?;
                }
                self.out.push('}');
            }
            other => match other.downcast::<Time>() {
                Some(time) => self.out.push_str(&shown_time(time)),
                None => self.out.push_str(&quoted(&other.to_string())),
            },
        }
        Ok(())
    }
}

/// Returns a time; one that was read without a zone is written without one.
fn shown_time(time: &Time) -> String {
    match time.zone.abbreviation.as_str() {
        "datetime-local" => time.format("2006-01-02T15:04:05.999999999"),
        "date-local" => time.format("2006-01-02"),
        "time-local" => time.format("15:04:05.999999999"),
        _ => time.rfc3339(),
    }
}

fn float(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            if value.is_sign_negative() { "-nan" } else { "nan" }
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let text = format_float(value, FloatFormat::Shorter, None);
    if text.contains(['.', 'e']) { text } else { text + ".0" }
}

pub(super) fn bare_key(key: &str) -> String {
    let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || c == '\u{7f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_follow_their_scalars() {
        let table: Map = [("d", Value::from("x"))].into_iter().collect();
        let map: Map = [("a", Value::Float(3.0)), ("c", table.into())].into_iter().collect();
        assert_eq!(write(&map.into()).unwrap(), "a = 3.0\n\n[c]\n  d = \"x\"\n");
    }
}
