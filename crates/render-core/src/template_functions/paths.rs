//! Paths, as Go's `path` and (on Unix) `filepath` have them.

use gotemplate::{Function, Param, Value};

use super::arguments::text;

const STRING: &[Param] = &[Param::String];
const BASE: Function = Function::new(STRING, |args| Ok(base(&text(args, 0)).into()));
const CLEAN: Function = Function::new(STRING, |args| Ok(clean(&text(args, 0)).into()));
const DIR: Function = Function::new(STRING, |args| Ok(dir(&text(args, 0)).into()));
const EXT: Function = Function::new(STRING, |args| Ok(extension(&text(args, 0)).into()));
const IS_ABS: Function = Function::new(STRING, |args| Ok(Value::Bool(text(args, 0).starts_with('/'))));

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("base", BASE),
    ("clean", CLEAN),
    ("dir", DIR),
    ("ext", EXT),
    ("isAbs", IS_ABS),
    ("osBase", BASE),
    ("osClean", CLEAN),
    ("osDir", DIR),
    ("osExt", EXT),
    ("osIsAbs", IS_ABS),
];

/// Returns the last element.
pub(super) fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/".to_owned();
    }
    trimmed.rsplit('/').next().unwrap_or_default().to_owned()
}

fn dir(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.').map_or("", |at| &name[at..])
}

/// Returns the shortest path of the same meaning.
pub(super) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.join("/")) {
        (true, rest) => format!("/{rest}"),
        (false, rest) if rest.is_empty() => ".".to_owned(),
        (false, rest) => rest,
    }
}
