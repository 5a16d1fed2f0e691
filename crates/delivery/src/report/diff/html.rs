//! A comparison as one self-contained page.

use std::fmt::Write as _;

use super::text::unchanged_units;
use super::{Change, ObjectChange, UnitDiff};
use crate::report::page::policy;

const STYLE: &str = include_str!("diff.css");

/// A page without scripts or outside references: the units that change, each with its objects folded.
pub fn html(units: &[UnitDiff]) -> String {
    let style = format!("\n{STYLE}");
    let policy = policy(&style, "");
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">{policy}<meta name=\"viewport\" content=\"width=device-width\">\
         <title>hydrant diff</title><style>{style}</style></head><body>\n<h1>What would change</h1>\n"
    );
    let unchanged = units.iter().filter(|unit| unit.is_empty()).count();
    for unit in units.iter().filter(|unit| !unit.is_empty()) {
        // A String takes whatever is written to it.
        let _ = writeln!(out, "<section><h2>{} <small>{}</small></h2>", escaped(&unit.name), unit.counts());
        let _ = writeln!(out, "<p>{} → {}</p>", escaped(&unit.sides.0), escaped(&unit.sides.1));
        for note in unit.notes() {
            let _ = writeln!(out, "<p>{}</p>", escaped(&note));
        }
        unit.objects.iter().for_each(|object| one(&mut out, object));
        out.push_str("</section>\n");
    }
    if unchanged > 0 {
        let _ = writeln!(out, "<p>{}</p>", escaped(&unchanged_units(unchanged, units.len())));
    }
    out.push_str("</body></html>\n");
    out
}

fn one(out: &mut String, object: &ObjectChange) {
    let (class, change) = match &object.change {
        Change::Added { .. } => ("added", "added"),
        Change::Removed { .. } => ("removed", "removed"),
        Change::Changed { .. } => ("changed", "changed"),
    };
    let _ = writeln!(
        out,
        "<details class=\"{class}\"><summary><b>{change}</b> {}</summary>",
        escaped(&object.id.to_string())
    );
    match &object.change {
        Change::Added { text } => {
            let _ = writeln!(out, "<pre class=\"new\">{}</pre>", escaped(text));
        }
        Change::Removed { text } => {
            let _ = writeln!(out, "<pre class=\"old\">{}</pre>", escaped(text));
        }
        Change::Changed { fields, .. } => {
            out.push_str("<dl>\n");
            for field in fields {
                let _ = writeln!(out, "<dt>{}</dt>", escaped(&field.path));
                for (class, value) in [("old", &field.old), ("new", &field.new)] {
                    if let Some(value) = value {
                        let _ = writeln!(out, "<dd class=\"{class}\">{}</dd>", escaped(value));
                    }
                }
            }
            out.push_str("</dl>\n");
        }
    }
    out.push_str("</details>\n");
}

fn escaped(text: &str) -> String {
    manifest::escape::html(text)
}
