//! `openapi`: the Kubernetes schema that a build uses.

use std::collections::BTreeMap;

use manifest::Diagnostic;
use manifest::yaml::read_stream;

use super::Schema;
use crate::kustomize::load::Loaded;

/// The one version of the schema that kustomize 5.8.1 has built in.
const BUILT_IN: &str = "v1.21.2";

/// The schema that `openapi` names, whose file under `path`, if it names one, is `file`; `None` if it names none.
///
/// # Errors
/// A version that is not built in, a file that is not a schema, and both at once.
pub(crate) fn choose(openapi: &BTreeMap<String, String>, file: Option<Loaded>) -> Result<Option<Schema>, Diagnostic> {
    let version = openapi.get("version");
    match (file, version.map(String::as_str)) {
        (Some(_), Some(_)) => Err(Diagnostic::new("both a version and a path are set").hint("remove one of the two")),
        (Some(loaded), None) => {
            let read = || Schema::custom(read_stream(&loaded.bytes)?.into_iter().next().unwrap_or_default());
            read().map(Some).map_err(|error| error.in_file(loaded.name.clone()))
        }
        (None, Some(BUILT_IN)) => Ok(Some(Schema::default())),
        (None, Some("") | None) => Ok(None),
        (None, Some(other)) => {
            let message = format!("unknown version {other:?}");
            Err(Diagnostic::new(message).hint(format!("use {BUILT_IN}, or set `path` to a schema file")))
        }
    }
}
