//! `values.schema.json`: the values of a chart and its subcharts are checked against it.
//!
//! Other documents than the schema's own are not read: a reference to an `https://` URL is an error that names it.
//! Source of the rules: `helm pkg/chart/common/util/jsonschema.go`.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use gotemplate::{Map, Value};
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, Validator};
use serde_json::Value as Json;

use super::dependencies::ActiveChart;
use super::error::HelmError;
use super::semantics::Semantics;
use super::{log, schema_error};
use crate::template_functions::json;

/// A schema, compiled when it is first used.
#[derive(Debug)]
pub(super) struct Schema {
    text: Arc<[u8]>,
    semantics: Semantics,
    compiled: OnceLock<Result<Compiled, Uncompiled>>,
}

#[derive(Debug)]
struct Compiled {
    validator: Validator,
    schema: Json,
    /// Identifiers that are not resolved and accept everything.
    unresolved: Vec<String>,
}

/// Why a schema cannot be used.
#[derive(Debug)]
enum Uncompiled {
    /// It refers to another document.
    Reference(String),
    /// helm's text.
    Invalid(String),
}

impl Schema {
    /// Makes a schema of the content of `values.schema.json`.
    pub(super) fn new(text: Arc<[u8]>, semantics: Semantics) -> Schema {
        Schema { text, semantics, compiled: OnceLock::new() }
    }

    fn compiled(&self) -> &Result<Compiled, Uncompiled> {
        self.compiled.get_or_init(|| compile(&self.text, self.semantics))
    }
}

/// Checks the values of a chart and its subcharts.
///
/// # Errors
/// helm's text of all violations.
pub(super) fn validate(
    chart: &ActiveChart<'_>,
    values: &Map,
    semantics: Semantics,
    warnings: &mut Vec<String>,
) -> Result<(), HelmError> {
    if !has_schema(chart) {
        return Ok(());
    }
    let mut checker = Checker { semantics, warnings, text: String::new() };
    checker.chart(chart, &json_of(&Value::Map(values.clone())))?;
    if checker.text.is_empty() {
        return Ok(());
    }
    Err(HelmError::new(format!(
        "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
        checker.text
    )))
}

fn has_schema(chart: &ActiveChart<'_>) -> bool {
    chart.content.schema.is_some() || chart.subcharts.iter().any(has_schema)
}

struct Checker<'w> {
    semantics: Semantics,
    warnings: &'w mut Vec<String>,
    text: String,
}

impl Checker<'_> {
    fn chart(&mut self, chart: &ActiveChart<'_>, values: &Json) -> Result<(), HelmError> {
        if let Some(schema) = &chart.content.schema {
            self.schema(&chart.name, schema, values)?;
        }
        for subchart in &chart.subcharts {
            match values.get(&subchart.name) {
                None | Some(Json::Null) => {}
                Some(inner @ Json::Object(_)) => self.chart(subchart, inner)?,
                Some(other) => self.text.push_str(&format!(
                    "{}:\ninvalid type for values: expected object (map), got {}\n",
                    subchart.name,
                    go_type(other)
                )),
            }
        }
        Ok(())
    }

    fn schema(&mut self, name: &str, schema: &Schema, values: &Json) -> Result<(), HelmError> {
        match schema.compiled() {
            Err(Uncompiled::Reference(url)) => {
                return Err(HelmError::new(format!(
                    "cannot resolve \"{url}\" in values.schema.json of chart {name}: schemas are not downloaded; set --skip-schema-validation to render without the schema"
                )));
            }
            Err(Uncompiled::Invalid(message)) => self.text.push_str(&format!("{name}:\n{message}")),
            Ok(compiled) => {
                for urn in &compiled.unresolved {
                    self.warnings.push(log::unresolved_urn(urn));
                }
                if compiled.validator.is_valid(values) {
                    return Ok(());
                }
                let errors = compiled.validator.iter_errors(values);
                let text = match self.semantics {
                    Semantics::V3_17 => schema_error::flat_text(errors, &compiled.schema),
                    _ => schema_error::text(errors, &compiled.schema),
                };
                self.text.push_str(&format!("{name}:\n{text}\n"));
            }
        }
        Ok(())
    }
}

fn go_type(value: &Json) -> &'static str {
    match value {
        Json::Null => "<nil>",
        Json::Bool(_) => "bool",
        Json::Number(_) => "float64",
        Json::String(_) => "string",
        Json::Array(_) => "[]interface {}",
        Json::Object(_) => "map[string]interface {}",
    }
}

/// Returns a value for the validator: whole numbers become integers.
fn json_of(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(value, _) => Json::from(*value),
        Value::Uint(value, _) => Json::from(*value),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Json::from(*value as i64),
        Value::Float(value) => Json::from(*value),
        Value::String(text) => Json::String(text.to_text().into_owned()),
        Value::List(list) => Json::Array(list.iter().map(json_of).collect()),
        Value::Map(map) => {
            Json::Object(map.borrow().iter().map(|(key, value)| (key.to_text().into_owned(), json_of(value))).collect())
        }
        _ => Json::Null,
    }
}

/// Refuses to read documents, and keeps what was requested.
#[derive(Clone, Default)]
struct NoDocuments {
    refused: Arc<Mutex<Option<String>>>,
    unresolved: Arc<Mutex<Vec<String>>>,
}

impl Retrieve for NoDocuments {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        if uri.scheme().as_str().eq_ignore_ascii_case("urn") {
            self.unresolved.lock().unwrap_or_else(PoisonError::into_inner).push(uri.to_string());
            return Ok(Json::Bool(true));
        }
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| uri.to_string());
        Err("schemas are not downloaded".into())
    }
}

/// Returns whether `$schema` is the alias of the latest draft.
fn is_latest(draft: &str) -> bool {
    matches!(draft.trim_end_matches('#'), "http://json-schema.org/schema" | "https://json-schema.org/schema")
}

fn compile(text: &[u8], semantics: Semantics) -> Result<Compiled, Uncompiled> {
    let mut schema: Json = serde_json::from_slice(text).map_err(|error| {
        let message = json::parse(text).err().unwrap_or_else(|| error.to_string());
        Uncompiled::Invalid(message.replace("unexpected end of JSON input", "unexpected EOF"))
    })?;
    let draft = schema.get("$schema").and_then(Json::as_str).unwrap_or_default().to_owned();
    // helm 3.17 knows the drafts 4, 6 and 7, and checks formats in all of them.
    let is_old = semantics == Semantics::V3_17;
    let asserts_formats = ["draft-04", "draft-06", "draft-07"].iter().any(|name| draft.contains(name));
    let removes_draft = if is_old { !asserts_formats } else { is_latest(&draft) };
    if removes_draft && let Json::Object(map) = &mut schema {
        map.remove("$schema");
    }
    let documents = NoDocuments::default();
    let mut options = jsonschema::options();
    if is_old && removes_draft {
        options = options.with_draft(Draft::Draft7);
    }
    let built = options
        .with_retriever(documents.clone())
        .should_validate_formats(asserts_formats || is_old)
        .with_pattern_options(PatternOptions::regex())
        .build(&schema);
    match built {
        Ok(validator) => {
            let unresolved: Vec<String> = documents.unresolved.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let (true, Some(urn)) = (is_old, unresolved.first()) {
                return Err(Uncompiled::Invalid(format!("Reference {urn} must be canonical")));
            }
            Ok(Compiled { validator, schema, unresolved })
        }
        Err(error) => {
            if let Some(url) = documents.refused.lock().unwrap_or_else(PoisonError::into_inner).take() {
                return Err(Uncompiled::Reference(url));
            }
            let meta = if draft.is_empty() {
                "https://json-schema.org/draft/2020-12/schema"
            } else {
                draft.trim_end_matches('#')
            };
            Err(Uncompiled::Invalid(format!(
                "\"file:///values.schema.json#\" is not valid against metaschema: jsonschema validation failed with '{meta}#'\n{}",
                schema_error::text([error], &Json::Null)
            )))
        }
    }
}
