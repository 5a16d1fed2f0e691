//! `manifests.transform`: the functions of kpt's catalogue that Skaffold allows, done here instead of in containers.
//!
//! Source of the rules: Skaffold's `render/transform/transform.go` and the functions' own pages in kptdev/krm-functions-catalog.

mod fields;
mod rename;
mod search_replace;

use manifest::{Diagnostic, Errors, Node};

use self::search_replace::SearchReplace;
use super::setters::{Marks, apply};
use crate::skaffold::model::{Config, Function as Written, LocatedText};

/// The functions of one config, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Functions(Vec<Function>);

#[derive(Clone, Debug)]
enum Function {
    /// `apply-setters`: values for fields marked `# kpt-set: …`.
    ApplySetters(Vec<(String, String)>),
    /// `set-labels`, `set-annotations`, `set-namespace`: a field of a kustomization and its value.
    Field(&'static str, Vec<(String, String)>),
    /// `ensure-name-substring`
    Rename { text: String, append: bool },
    /// `search-replace`
    SearchReplace(SearchReplace),
    /// `set-enforcement-action`
    Enforcement(String),
}

/// The comment that marks a field for `apply-setters`.
const KPT_SET: &str = "# kpt-set: ";
/// The API group of the objects that `set-enforcement-action` changes.
const POLICY: &str = "constraints.gatekeeper.sh/v1beta1";

impl Functions {
    /// Reads `manifests.transform`.
    ///
    /// # Errors
    /// A function that is not known, and settings it does not take.
    pub(super) fn new(config: &Config) -> Result<Self, Errors> {
        let mut functions = Vec::new();
        let mut errors = Vec::new();
        for (index, written) in config.manifests.transform.iter().enumerate() {
            match read(written, &functions) {
                Ok(function) => functions.extend(function),
                Err((place, message)) => {
                    let field = format!("manifests.transform[{index}]");
                    errors.push(config.diagnostic(place.at, field, format!("{}: {message}", written.name.text)));
                }
            }
        }
        Errors::check(errors)?;
        Ok(Functions(functions))
    }

    /// Whether it is empty.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets the fields that comments of the text mark, in objects read from that text.
    ///
    /// # Errors
    /// As [`apply`].
    pub(super) fn apply_setters(&self, objects: &mut [Node], text: &[u8]) -> Result<(), Diagnostic> {
        for function in &self.0 {
            if let Function::ApplySetters(values) = function {
                let marks = Marks::read(text, KPT_SET);
                objects.iter_mut().try_for_each(|object| apply(object, &marks, values))?;
            }
        }
        Ok(())
    }

    /// Runs all other functions over objects that belong together.
    ///
    /// # Errors
    /// Returns the errors of the functions.
    pub(super) fn apply(&self, objects: &mut Vec<Node>) -> Result<(), Errors> {
        for function in &self.0 {
            match function {
                Function::ApplySetters(_) => {}
                Function::Field(field, values) => fields::set(objects, field, values)?,
                Function::Rename { text, append } => rename::ensure(objects, text, *append)?,
                Function::SearchReplace(search) => objects.iter_mut().for_each(|object| search.apply(object)),
                Function::Enforcement(action) => objects.iter_mut().for_each(|object| enforce(object, action)),
            }
        }
        Ok(())
    }
}

fn enforce(object: &mut Node, action: &str) {
    let named = object.at_path(&["metadata", "name"]).and_then(Node::text).is_some_and(|name| !name.is_empty());
    if !named || object.get("apiVersion").and_then(Node::text) != Some(POLICY) {
        return;
    }
    let spec = object.as_map_mut().map(|map| map.get_or_insert_with("spec", Node::map));
    if let Some(spec) = spec.and_then(Node::as_map_mut) {
        spec.set("enforcementAction", Node::string(action));
    }
}

type Refused<'a> = (&'a LocatedText, String);

/// The function; `None` if it only writes comments, which are not rendered.
fn read<'a>(written: &'a Written, before: &[Function]) -> Result<Option<Function>, Refused<'a>> {
    let values = values(written)?;
    let one = || match values.as_slice() {
        [(name, value)] => Ok((name.as_str(), value.clone())),
        _ => Err((&written.name, "expected exactly one setting".to_owned())),
    };
    Ok(Some(match written.name.text.as_str() {
        "set-labels" => Function::Field("commonLabels", values),
        "set-annotations" => Function::Field("commonAnnotations", values),
        "set-namespace" => match one()? {
            ("namespace" | "name", namespace) => Function::Field("namespace", vec![(String::new(), namespace)]),
            (other, _) => return Err((&written.name, format!("unknown setting `{other}`: expected `namespace:NAME`"))),
        },
        "ensure-name-substring" => match one()? {
            ("prepend", text) => Function::Rename { text, append: false },
            ("append", text) => Function::Rename { text, append: true },
            (other, _) => {
                return Err((&written.name, format!("unknown setting `{other}`: expected `prepend:…` or `append:…`")));
            }
        },
        "set-enforcement-action" => match one()? {
            ("enforcementAction", action) if matches!(action.as_str(), "deny" | "warn" | "dryrun") => {
                Function::Enforcement(action)
            }
            _ => return Err((&written.name, "expected `enforcementAction:` with deny, warn or dryrun".to_owned())),
        },
        "search-replace" => {
            Function::SearchReplace(SearchReplace::new(&values).map_err(|message| (&written.name, message))?)
        }
        "apply-setters" => Function::ApplySetters(values),
        "create-setters" if before.is_empty() => return Ok(None),
        "create-setters" => {
            let message = "must be the first transformer: comments are lost after others";
            return Err((&written.name, message.to_owned()));
        }
        _ => {
            let known = "set-namespace, set-labels, set-annotations, create-setters, apply-setters, \
                         ensure-name-substring, search-replace and set-enforcement-action";
            return Err((&written.name, format!("unsupported transformer: expected {known}")));
        }
    }))
}

/// `configMap`: `key:value` items.
fn values(written: &Written) -> Result<Vec<(String, String)>, Refused<'_>> {
    let split = |item: &'_ LocatedText| item.split_once(':').map(|(name, value)| (name.to_owned(), value.to_owned()));
    written
        .config_map
        .iter()
        .map(|item| split(item).ok_or_else(|| (item, format!("invalid setting {:?}: expected `key:value`", item.text))))
        .collect()
}
