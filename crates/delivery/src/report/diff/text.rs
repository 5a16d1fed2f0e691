//! A comparison for the terminal.

use std::fmt::Write as _;

use manifest::escape::line;

use super::{Change, ObjectChange, UnitDiff};

/// The longest value shown whole on a terminal, in characters.
const VALUE: usize = 200;

/// The units' changes, a line a field; with ANSI colours where `colour` says so. Units without a change are counted in the last line.
pub fn text(units: &[UnitDiff], colour: bool) -> String {
    let paint = Paint(colour);
    let mut out = String::new();
    let unchanged = units.iter().filter(|unit| unit.is_empty()).count();
    for unit in units.iter().filter(|unit| !unit.is_empty()) {
        let counts = unit.counts();
        // A String takes whatever is written to it.
        let _ = writeln!(out, "{} {counts}", paint.bold(&line(&unit.name)));
        let _ = writeln!(out, "  {} → {}", line(&unit.sides.0), line(&unit.sides.1));
        for note in unit.notes() {
            let _ = writeln!(out, "  {}", line(&note));
        }
        unit.objects.iter().for_each(|object| one(&mut out, object, paint));
    }
    if unchanged > 0 {
        let _ = writeln!(out, "{}", unchanged_units(unchanged, units.len()));
    }
    out
}

/// `no change in 3 of 5 units`
pub(super) fn unchanged_units(unchanged: usize, all: usize) -> String {
    let units = if all == 1 { "unit" } else { "units" };
    if unchanged == all {
        format!("no change in {all} {units}")
    } else {
        format!("no change in {unchanged} of {all} {units}")
    }
}

fn one(out: &mut String, object: &ObjectChange, paint: Paint) {
    let id = object.id.to_string();
    let id = line(&id);
    let _ = match &object.change {
        Change::Added { text } => {
            writeln!(out, "  {}", paint.green(&format!("+ {id} ({} lines)", text.lines().count())))
        }
        Change::Removed { text } => {
            writeln!(out, "  {}", paint.red(&format!("- {id} ({} lines)", text.lines().count())))
        }
        Change::Changed { fields, .. } => {
            let _ = writeln!(out, "  {}", paint.yellow(&format!("~ {id}")));
            for field in fields {
                let _ = writeln!(out, "      {}", line(&field.path));
                if let Some(old) = &field.old {
                    let _ = writeln!(out, "        {}", paint.red(&format!("- {}", cut(old))));
                }
                if let Some(new) = &field.new {
                    let _ = writeln!(out, "        {}", paint.green(&format!("+ {}", cut(new))));
                }
            }
            Ok(())
        }
    };
}

fn cut(value: &str) -> String {
    let value: &str = &line(value);
    match value.char_indices().nth(VALUE) {
        Some((index, _)) => format!("{}… ({} characters)", &value[..index], value.chars().count()),
        None => value.to_owned(),
    }
}

#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
    fn bold(self, text: &str) -> String {
        self.with("1", text)
    }
    fn red(self, text: &str) -> String {
        self.with("31", text)
    }
    fn green(self, text: &str) -> String {
        self.with("32", text)
    }
    fn yellow(self, text: &str) -> String {
        self.with("33", text)
    }
}
