//! A comparison for a pull request's comment and a CI job's summary.

use std::fmt::Write as _;

use manifest::escape::{self, line};

use super::super::findings::{self, UnitFinding};
use super::bounded::Bounded;
use super::text::unchanged_units;
use super::{Change, ObjectChange, UnitDiff};

/// What GitHub takes in a comment, in characters; counted here in bytes, of which there are never fewer.
pub const COMMENT_LIMIT: usize = 65_536;

/// What GitHub takes in `$GITHUB_STEP_SUMMARY`, in bytes.
pub const SUMMARY_LIMIT: usize = 1024 * 1024;

/// The units' changes as Markdown of at most `limit` bytes: first a table of images, then the objects, each folded. What
/// does not fit is first shortened to a line and then counted.
pub fn markdown(units: &[UnitDiff], limit: usize) -> String {
    let mut out = Bounded::new(limit);
    let unchanged = units.iter().filter(|unit| unit.is_empty()).count();
    let found: Vec<UnitFinding> = units.iter().flat_map(|unit| unit.findings.clone()).collect();
    out.piece(&findings::markdown(&found), &format!("Findings: {}\n\n", findings::summary(&found)));
    for unit in units.iter().filter(|unit| !unit.is_empty()) {
        let title = format!("### {}: {}\n\n", escaped(&unit.name), unit.counts());
        out.piece(&title, &title);
        out.piece(&format!("{} → {}\n\n", escaped(&unit.sides.0), escaped(&unit.sides.1)), "");
        out.piece(&images(unit), "");
        for note in unit.notes() {
            out.piece(&format!("{}  \n", escaped(&note)), "");
        }
        for object in &unit.objects {
            out.piece(&one(object), &format!("- {}\n", headline(object)));
        }
        out.piece("\n", "");
    }
    if unchanged > 0 {
        let line = format!("{}\n", unchanged_units(unchanged, units.len()));
        out.piece(&line, &line);
    }
    out.finish()
}

fn images(unit: &UnitDiff) -> String {
    let mut rows: Vec<(String, String)> = Vec::new();
    for object in &unit.objects {
        let Change::Changed { images, .. } = &object.change else { continue };
        rows.extend(images.iter().map(|image| (cell(image.old.as_deref()), cell(image.new.as_deref()))));
    }
    rows.sort_unstable();
    rows.dedup();
    if rows.is_empty() {
        return String::new();
    }
    let mut out = "| image now | image then |\n| --- | --- |\n".to_owned();
    for (old, new) in rows {
        // A String takes whatever is written to it.
        let _ = writeln!(out, "| {old} | {new} |");
    }
    out.push('\n');
    out
}

fn cell(image: Option<&str>) -> String {
    image.map_or_else(|| "–".to_owned(), |image| code(&image.replace('|', "\\|")))
}

fn headline(object: &ObjectChange) -> String {
    let id = code(&object.id.to_string());
    match &object.change {
        Change::Added { .. } => format!("added {id}"),
        Change::Removed { .. } => format!("removed {id}"),
        Change::Changed { fields, .. } => format!("changed {id} in {} fields", fields.len()),
    }
}

fn one(object: &ObjectChange) -> String {
    let mut body = String::new();
    match &object.change {
        Change::Added { text } => prefixed(&mut body, '+', text),
        Change::Removed { text } => prefixed(&mut body, '-', text),
        Change::Changed { fields, .. } => {
            for field in fields {
                let _ = writeln!(body, "@@ {} @@", line(&field.path));
                for (sign, value) in [('-', &field.old), ('+', &field.new)] {
                    if let Some(value) = value {
                        let _ = writeln!(body, "{sign}{value}");
                    }
                }
            }
        }
    }
    let body = escape::lines(&body);
    let fence = fence(&body);
    format!("<details><summary>{}</summary>\n\n{fence}diff\n{body}{fence}\n</details>\n", html_code(&headline(object)))
}

fn prefixed(body: &mut String, sign: char, text: &str) {
    for line in text.lines() {
        let _ = writeln!(body, "{sign}{line}");
    }
}

/// A fence longer than any run of backticks inside.
fn fence(body: &str) -> String {
    let longest = body.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat((longest + 1).max(3))
}

fn code(text: &str) -> String {
    format!("`{}`", line(text).replace('`', "'"))
}

/// Backticks mean nothing inside `<summary>`.
fn html_code(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut parts = text.split('`');
    let mut out = parts.next().unwrap_or_default().to_owned();
    for (index, part) in parts.enumerate() {
        out.push_str(if index % 2 == 0 { "<code>" } else { "</code>" });
        out.push_str(part);
    }
    out
}

fn escaped(text: &str) -> String {
    escape::markdown(text)
}
