//! The check of objects: finds the schema of each, applies it, and describes what is wrong.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest::yaml::Rules;
use manifest::{Gvk, Node, ObjectId};
use rustc_hash::FxHashMap;

use super::builtin;
use super::defaults::with_defaults;
use super::definition::{self, CustomTypes};
use super::model::Schema;
use super::path::Path;
use super::removed::{self, ApiProblem, GUIDE};
use super::suggest;
use super::validate::{Origin, Problem, Validator};
use crate::rules::Evaluation;
use crate::{Finding, KubernetesVersion, Severity};

/// The schemas that objects are checked against.
#[derive(Clone, Debug)]
pub struct Schemas {
    /// The version of Kubernetes.
    pub kubernetes: KubernetesVersion,
    /// The custom resources.
    pub custom: Arc<CustomTypes>,
    /// The severity of what the API server refuses; what it accepts with a warning is at most a warning.
    pub severity: Severity,
    /// The reader whose rules decide the type of plain scalars.
    pub rules: Rules,
}

/// What the check of objects gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckedObjects {
    /// What is wrong, in the order of the objects.
    pub findings: Vec<Finding>,
    /// The types without a schema, with the number of their objects.
    pub without_schema: BTreeMap<Gvk, usize>,
}

/// Delivered objects by their identity.
type Delivered<'a> = FxHashMap<ObjectId, &'a Node>;

impl Schemas {
    /// Checks objects. `delivered` is what the cluster has instead of them, for transition rules; such rules are skipped for objects that it
    /// does not have.
    pub fn check(&self, objects: &[Node], delivered: Option<&[Node]>) -> CheckedObjects {
        let mut old = Delivered::default();
        for object in delivered.into_iter().flatten() {
            old.insert(ObjectId::of(object), object);
        }
        let mut checked = CheckedObjects::default();
        objects.iter().for_each(|object| self.check_object(object, &old, 0, &mut checked));
        checked
    }

    fn check_object(&self, object: &Node, old: &Delivered<'_>, depth: usize, checked: &mut CheckedObjects) {
        let gvk = Gvk::of(object);
        let items = object.get("items").and_then(Node::as_seq);
        if let Some(items) = items.filter(|_| gvk.group.is_empty() && gvk.kind.ends_with("List") && depth < 3) {
            items.iter().for_each(|item| self.check_object(item, old, depth + 1, checked));
            return;
        }
        let id = ObjectId::of(object);
        if gvk.kind.is_empty() || gvk.version.is_empty() {
            let field = if gvk.kind.is_empty() { "kind" } else { "apiVersion" };
            let finding = Finding::new("missing-field", id, "", format!("missing field \"{field}\"")).at(object.at);
            checked.findings.push(finding.severity(self.severity));
            return;
        }
        let key = format!("{}/{}/{}", gvk.group, gvk.version, gvk.kind);
        if let Some(schema) = builtin::object(&key, self.kubernetes) {
            self.check_builtin(schema, object, &id, checked);
        } else if let Some(custom) = self.custom.get(&gvk) {
            if let Some(problem) = served_problem(custom, &gvk, &self.custom) {
                checked.findings.push(self.api_finding(problem, &id, object));
            }
            match &custom.schema {
                Some(schema) => self.check_custom(schema, object, old.get(&id).copied(), &id, checked),
                None => *checked.without_schema.entry(gvk).or_default() += 1,
            }
        } else {
            self.without_schema(gvk, &id, object, checked);
        }
    }

    fn without_schema(&self, gvk: Gvk, id: &ObjectId, object: &Node, checked: &mut CheckedObjects) {
        let problem = removed::not_served(&gvk, self.kubernetes).or_else(|| unknown_custom(&gvk, &self.custom));
        match problem {
            Some(problem) => checked.findings.push(self.api_finding(problem, id, object)),
            None => *checked.without_schema.entry(gvk).or_default() += 1,
        }
    }

    fn api_finding(&self, problem: ApiProblem, id: &ObjectId, object: &Node) -> Finding {
        let at = object.get("apiVersion").map_or(object.at, |node| node.at);
        let severity = if problem.id == "deprecated-api" { self.severity.min(Severity::Warn) } else { self.severity };
        let mut finding = Finding::new(problem.id, id.clone(), "apiVersion", problem.message)
            .severity(severity)
            .at(at)
            .reference(GUIDE);
        finding.hint = problem.hint;
        finding
    }

    fn check_builtin(&self, schema: &Schema, object: &Node, id: &ObjectId, checked: &mut CheckedObjects) {
        if let Some(problem) = removed::deprecated(&id.gvk, self.kubernetes) {
            checked.findings.push(self.api_finding(problem, id, object));
        }
        // SOPS encrypts values and adds a field of its own; what it decrypts to is not known.
        if object.at_path(&["sops", "mac"]).is_some() {
            return;
        }
        let mut validator = Validator::new(self.kubernetes, self.rules, Origin::Kubernetes);
        validator.check(schema, object, None, &Path::Root);
        checked.findings.extend(validator.problems.into_iter().map(|problem| self.finding(problem, id)));
        if definition::is_definition(object) {
            for problem in definition::problems(object) {
                let finding = Finding::new(problem.id, id.clone(), problem.field, problem.message);
                checked.findings.push(finding.severity(self.severity).at(problem.at));
            }
        }
    }

    fn check_custom(
        &self,
        schema: &Schema,
        object: &Node,
        old: Option<&Node>,
        id: &ObjectId,
        checked: &mut CheckedObjects,
    ) {
        let complete = with_defaults(schema, object, self.rules);
        let object = complete.as_ref().unwrap_or(object);
        let complete_old = old.and_then(|old| with_defaults(schema, old, self.rules));
        let old = complete_old.as_ref().or(old);
        let mut evaluation = Evaluation::default();
        let mut validator = Validator::new(self.kubernetes, self.rules, Origin::Custom);
        validator.evaluation = Some(&mut evaluation);
        validator.check(schema, object, old, &Path::Root);
        let mut problems = validator.problems;
        let metadata = object.get("metadata").zip(builtin::definition(builtin::OBJECT_META, self.kubernetes));
        if let Some((metadata, schema)) = metadata {
            let mut validator = Validator::new(self.kubernetes, self.rules, Origin::Kubernetes);
            validator.check(schema, metadata, None, &Path::Key(&Path::Root, "metadata"));
            problems.extend(validator.problems);
        }
        checked.findings.extend(problems.into_iter().map(|problem| self.finding(problem, id)));
    }

    fn finding(&self, problem: Problem, id: &ObjectId) -> Finding {
        let severity = if problem.is_accepted { self.severity.min(Severity::Warn) } else { self.severity };
        let mut finding =
            Finding::new(problem.id, id.clone(), problem.field, problem.message).severity(severity).at(problem.at);
        finding.hint = problem.hint;
        finding
    }
}

/// A version that its definition does not serve, or deprecates.
fn served_problem(custom: &definition::CustomType, gvk: &Gvk, types: &CustomTypes) -> Option<ApiProblem> {
    let newest = || types.versions(&gvk.group, &gvk.kind).last().map(|version| format!("use {}/{version}", gvk.group));
    if !custom.is_served {
        let message = format!("{} of {} is not served by its definition", gvk.kind, gvk.api_version());
        return Some(ApiProblem { id: "removed-api", message, hint: newest() });
    }
    let message = custom.deprecation.clone()?;
    let hint = custom
        .stored
        .as_ref()
        .filter(|stored| **stored != gvk.version)
        .map(|stored| format!("use {}/{stored}", gvk.group));
    Some(ApiProblem { id: "deprecated-api", message, hint })
}

/// A kind or version that a group of custom resources does not have.
fn unknown_custom(gvk: &Gvk, types: &CustomTypes) -> Option<ApiProblem> {
    let versions = types.versions(&gvk.group, &gvk.kind);
    if let Some(newest) = versions.last() {
        let message = format!("{} of {} is not served by its definition", gvk.kind, gvk.api_version());
        return Some(ApiProblem { id: "removed-api", message, hint: Some(format!("use {}/{newest}", gvk.group)) });
    }
    // Another definition of the same group may be elsewhere, so only a misspelled kind is reported.
    let kind = suggest::nearest(&gvk.kind, types.kinds(&gvk.group).into_iter())?;
    let message = format!("unknown kind {} of {}", gvk.kind, gvk.api_version());
    Some(ApiProblem { id: "unknown-kind", message, hint: Some(format!("use {kind}")) })
}
