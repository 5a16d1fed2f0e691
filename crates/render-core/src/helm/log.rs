//! The lines that helm logs to stderr, by version.

use super::semantics::Semantics;

/// Returns a line of helm 4's log. Pairs of names and values follow the message.
fn line(level: &str, message: &str, attributes: &[(&str, &str)]) -> String {
    let mut out = format!("level={level} msg={}", value(message));
    for (name, text) in attributes {
        out.push_str(&format!(" {name}={}", value(text)));
    }
    out
}

/// Returns a value as `log/slog` shows it: quoted where it has blanks, quotes, `=`, or what cannot be printed.
fn value(text: &str) -> String {
    let plain = |c: char| !matches!(c, ' ' | '"' | '=') && gotemplate::unicode::is_print(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    gotemplate::strconv::quote(text.as_bytes())
}

/// A line that helm 3 prints with the source file's name, and helm 4 logs.
fn versioned(semantics: Semantics, source: [&str; 2], message: &str) -> String {
    match semantics {
        Semantics::V3_17 => format!("{}: {message}", source[0]),
        Semantics::V3_22 => format!("{}: {message}", source[1]),
        _ => line("INFO", message, &[]),
    }
}

/// A symbolic link was followed.
pub(super) fn found_link(semantics: Semantics, path: &str, resolved: &str) -> String {
    if semantics.is_v3() {
        return format!(
            "walk.go:75: found symbolic link in path: {path} resolves to {resolved}. Contents of linked file included and used"
        );
    }
    let message = "found symbolic link in path. Contents of linked file included and used";
    line("INFO", message, &[("path", path), ("resolved", resolved)])
}

/// The chart is deprecated.
pub(super) fn deprecated(semantics: Semantics) -> String {
    if semantics.is_v3() {
        return "WARNING: This chart is deprecated".to_owned();
    }
    line("WARN", "this chart is deprecated", &[])
}

/// A chart of API version 2 has a `requirements.yaml`.
pub(super) fn requirements(semantics: Semantics) -> String {
    let message = "Warning: Dependencies are handled in Chart.yaml since apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.";
    versioned(semantics, ["load.go:120", "load.go:120"], message)
}

/// A chart of API version 2 has a `requirements.lock`.
pub(super) fn requirements_lock(semantics: Semantics) -> String {
    let message = "Warning: Dependency locking is handled in Chart.lock since apiVersion \"v2\". We recommend migrating to Chart.lock.";
    versioned(semantics, ["load.go:138", "load.go:138"], message)
}

/// A condition is not a boolean.
pub(super) fn condition_not_bool(semantics: Semantics, path: &str, chart: &str) -> String {
    if semantics.is_v3() {
        let message = format!("Warning: Condition path '{path}' for chart {chart} returned non-bool value");
        return versioned(semantics, ["dependencies.go:63", "dependencies.go:64"], &message);
    }
    line("WARN", "returned non-bool value", &[("path", path), ("chart", chart)])
}

/// A tag is not a boolean.
pub(super) fn tag_not_bool(semantics: Semantics, tag: &str, chart: &str) -> String {
    if semantics.is_v3() {
        let message = format!("Warning: Tag '{tag}' for chart {chart} returned non-bool value");
        return versioned(semantics, ["dependencies.go:94", "dependencies.go:95"], &message);
    }
    line("WARN", "returned non-bool value", &[("tag", tag), ("chart", chart)])
}

/// A table that `import-values` names does not exist in the child.
pub(super) fn missing_import(semantics: Semantics, chart: &str, error: &str) -> String {
    if semantics.is_v3() {
        let message = format!("Warning: ImportValues missing table from chart {chart}: {error}");
        return versioned(semantics, ["dependencies.go:269", "dependencies.go:270"], &message);
    }
    line("WARN", "ImportValues missing table from chart", &[("chart", chart), ("error", error)])
}

/// A table that `import-values` names does not exist in the child's `exports`.
pub(super) fn missing_export(semantics: Semantics, error: &str) -> String {
    if semantics.is_v3() {
        let message = format!("Warning: ImportValues missing table: {error}");
        return versioned(semantics, ["dependencies.go:286", "dependencies.go:287"], &message);
    }
    line("WARN", "ImportValues missing table", &[("error", error)])
}

/// The places in `coalesce.go` that print, in order.
#[derive(Clone, Copy)]
pub(super) enum CoalesceLine {
    DestinationGlobals,
    SourceGlobals,
    GlobalConflict,
    GlobalTable,
    SkippedValue,
    TableOverwrite,
    TableDestination,
}

/// A message of coalescing.
pub(super) fn coalesce(semantics: Semantics, place: CoalesceLine, message: &str) -> String {
    let lines = match place {
        CoalesceLine::DestinationGlobals => ["coalesce.go:138", "coalesce.go:138"],
        CoalesceLine::SourceGlobals => ["coalesce.go:145", "coalesce.go:145"],
        CoalesceLine::GlobalConflict => ["coalesce.go:161", "coalesce.go:161"],
        CoalesceLine::GlobalTable => ["coalesce.go:175", "coalesce.go:175"],
        CoalesceLine::SkippedValue => ["coalesce.go:237", "coalesce.go:237"],
        CoalesceLine::TableOverwrite => ["coalesce.go:298", "coalesce.go:316"],
        CoalesceLine::TableDestination => ["coalesce.go:301", "coalesce.go:319"],
    };
    versioned(semantics, lines, message)
}

/// The log of an error that ends the run.
pub(super) fn failure(message: &str, error: &str) -> String {
    line("ERROR", message, &[("error", error)])
}

/// A hook has an event that does not exist.
pub(super) fn unknown_hook(semantics: Semantics, types: &str) -> String {
    if semantics.is_v3() {
        let message = format!("info: skipping unknown hook: {}", gotemplate::strconv::quote(types.as_bytes()));
        return versioned(semantics, ["manifest_sorter.go:190", "manifest_sorter.go:199"], &message);
    }
    line("INFO", "skipping unknown hooks", &[("hookTypes", types)])
}

/// A `$ref` of a schema names a URN, which accepts everything.
pub(super) fn unresolved_urn(urn: &str) -> String {
    line("WARN", "unresolved URN reference ignored; using permissive schema", &[("urn", urn)])
}
