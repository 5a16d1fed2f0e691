//! The JSON Schema of `hydrant.yaml`, for editors.

use crate::config::Config;

/// The schema, draft 2020-12, as indented JSON with a newline at its end.
pub fn config() -> String {
    let mut schema = schemars::schema_for!(Config);
    schema.insert("title".to_owned(), "hydrant.yaml".into());
    format!("{:#}\n", serde_json::Value::from(schema))
}
