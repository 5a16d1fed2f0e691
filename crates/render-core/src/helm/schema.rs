//! `values.schema.json`: the values of a chart and its subcharts are checked against it.
//!
//! Other documents than the schema's own are not read: a reference to an `https://` URL is an error that names it.
//! Source of the rules: `helm pkg/chart/common/util/jsonschema.go`.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, Retrieve, Uri, ValidationError, Validator};
use serde_json::Value as Json;

use super::schema_error;
use super::semantics::Semantics;
use crate::template_functions::json;

/// A schema, compiled when it is first used.
#[derive(Debug)]
pub(super) struct Schema {
    text: Arc<[u8]>,
    semantics: Semantics,
    compiled: OnceLock<Result<Compiled, Uncompiled>>,
}

#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) validator: Validator,
    pub(super) schema: Json,
    /// Identifiers that are not resolved and accept everything.
    pub(super) unresolved: Vec<String>,
}

/// Why a schema cannot be used.
#[derive(Debug)]
pub(super) enum Uncompiled {
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

    /// Returns the compiled schema, or why it cannot be used.
    pub(super) fn compiled(&self) -> &Result<Compiled, Uncompiled> {
        self.compiled.get_or_init(|| compile(&self.text, self.semantics))
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

/// Returns the pointer of a reference into the schema where there is nothing.
fn missing_pointer(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        ValidationErrorKind::Referencing(error) => {
            let text = error.to_string();
            Some(text.strip_prefix("Pointer '")?.split('\'').next()?.to_owned())
        }
        _ => None,
    }
}

fn compile(text: &[u8], semantics: Semantics) -> Result<Compiled, Uncompiled> {
    let mut schema: Json = serde_json::from_slice(text).map_err(|error| {
        if text.trim_ascii().is_empty() {
            return Uncompiled::Invalid("EOF".to_owned());
        }
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
            if let (false, Some(pointer)) = (is_old, missing_pointer(&error)) {
                return Err(Uncompiled::Invalid(format!(
                    "json-pointer in \"file:///values.schema.json#{pointer}\" not found"
                )));
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
