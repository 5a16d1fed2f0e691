//! The JSON Schemas of `hydrant.yaml` and `hydrant.lock`, for editors.

use schemars::Schema;

use crate::config::Config;

/// The schema of `hydrant.yaml`, draft 2020-12, as indented JSON with a newline at its end.
pub fn config() -> String {
    print(schemars::schema_for!(Config), "hydrant.yaml")
}

/// The schema of `hydrant.lock`, in the same form.
pub fn lock() -> String {
    print(crate::lock::schema(), "hydrant.lock")
}

/// The versions of `skaffold.yaml` that are read, one a line, from the oldest to the newest, as `skaffold schema list` prints them.
pub fn skaffold_versions() -> String {
    render_core::skaffold::versions().iter().map(|version| format!("{version}\n")).collect()
}

fn print(mut schema: Schema, title: &str) -> String {
    schema.insert("title".to_owned(), title.into());
    format!("{:#}\n", serde_json::Value::from(schema))
}
