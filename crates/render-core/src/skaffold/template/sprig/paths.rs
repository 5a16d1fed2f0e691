//! Paths, by Go's package `path`.

use gotmpl::Value;

use super::arguments::{Function, string, text};

/// The functions of this file.
pub(super) const TABLE: &[(&str, Function)] = &[
    ("base", |given| Ok(string(base(text(given, 0)?)))),
    ("dir", |given| {
        let path = text(given, 0)?;
        Ok(string(&clean(path.rfind('/').map_or("", |slash| &path[..=slash]))))
    }),
    ("clean", |given| Ok(string(&clean(text(given, 0)?)))),
    ("ext", |given| {
        let path = text(given, 0)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(string(name.rfind('.').map_or("", |dot| &name[dot..])))
    }),
    ("isAbs", |given| Ok(Value::Bool(text(given, 0)?.starts_with('/')))),
];

fn base(path: &str) -> &str {
    match (path.is_empty(), path.trim_end_matches('/')) {
        (true, _) => ".",
        (false, "") => "/",
        (false, trimmed) => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            other => parts.push(other),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}
