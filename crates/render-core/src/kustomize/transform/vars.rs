//! `vars`: replaces `$(NAME)` with values of fields.

use manifest::yaml::{Rules, Value, resolve};
use manifest::{Data, Diagnostic, Gvk, Map, Node, ObjectId, Scalar, Tag, Text};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::kustomize::budget::Budget;
use crate::kustomize::fields::field_spec::{FieldSpec, Make, split_path};
use crate::kustomize::kustomization::{Var, VarTarget};
use crate::kustomize::object::resource::{Resource, effective_namespace};
use crate::kustomize::object::scalar::is_null_node;
use crate::kustomize::schema::Schema;

/// A var and the kustomization that defines it.
#[derive(Clone, Debug)]
pub struct Defined {
    /// The var.
    pub var: Var,
    /// The kustomization's path, for messages.
    pub file: Text,
}

impl Defined {
    fn diagnostic(&self, message: String) -> Diagnostic {
        Diagnostic::new(message).in_file(self.file.as_str()).at(self.var.at).field("vars")
    }
}

/// Records in each object which of `incoming` take their value from it, and adds them to `vars`.
///
/// # Errors
/// A var that matches several objects, and a duplicate name.
pub(crate) fn collect(
    vars: &mut Vec<Defined>,
    incoming: Vec<Defined>,
    resources: &mut [Resource],
    schema: &Schema,
) -> Result<(), Diagnostic> {
    if incoming.is_empty() {
        return Ok(());
    }
    let by_name = index(resources);
    for defined in &incoming {
        let var = &defined.var;
        let candidates = by_name.get(&var.objref.name).map_or(&[][..], Vec::as_slice);
        let gvk = var.objref.gvk();
        let mut matching =
            candidates.iter().filter(|index| is_selected(&resources[**index], &var.objref, &gvk, schema));
        let (first, second) = (matching.next().copied(), matching.next());
        if second.is_some() {
            let message = format!("ambiguous var {}: several objects match", var.name);
            return Err(defined.diagnostic(message).hint("set objref.namespace, and group and version"));
        }
        if let Some(index) = first {
            resources[index].vars.push(var.name.as_str().into());
        }
    }
    add(vars, incoming)
}

/// Adds vars to those there are.
///
/// # Errors
/// A duplicate name.
pub(crate) fn add(vars: &mut Vec<Defined>, incoming: Vec<Defined>) -> Result<(), Diagnostic> {
    for defined in incoming {
        if let Some(known) = vars.iter().find(|known| known.var.name == defined.var.name) {
            let message = format!("var {} is already defined in {}", defined.var.name, known.file);
            return Err(defined.diagnostic(message).hint("rename one of the two"));
        }
        vars.push(defined);
    }
    Ok(())
}

fn index(resources: &[Resource]) -> FxHashMap<String, Vec<usize>> {
    let mut by_name: FxHashMap<String, Vec<usize>> = FxHashMap::default();
    for (index, resource) in resources.iter().enumerate() {
        let mut names = FxHashSet::default();
        names.insert(resource.name());
        names.extend(resource.past.iter().map(|past| past.name.as_str()));
        #[expect(clippy::iter_over_hash_type, reason = "each name goes to a list of its own")]
        for name in names {
            by_name.entry(name.to_owned()).or_default().push(index);
        }
    }
    by_name
}

fn is_selected(resource: &Resource, target: &VarTarget, gvk: &Gvk, schema: &Schema) -> bool {
    let namespace = if target.namespace.is_empty() { "default" } else { &target.namespace };
    let fits = |id: &ObjectId, effective: &str| {
        id.name == target.name.as_str() && id.gvk == *gvk && (target.namespace.is_empty() || effective == namespace)
    };
    let id = resource.id();
    fits(&id, effective_namespace(&id, schema)) || resource.past_ids().any(|past| fits(&past, &past.namespace))
}

impl VarTarget {
    /// Group, version and kind; `apiVersion` goes before `group` and `version`.
    fn gvk(&self) -> Gvk {
        let mut gvk = Gvk {
            group: self.group.as_str().into(),
            version: self.version.as_str().into(),
            kind: self.kind.as_str().into(),
        };
        match self.api_version.split('/').collect::<Vec<_>>()[..] {
            [""] => {}
            [version] => gvk.version = version.into(),
            [group, version] => (gvk.group, gvk.version) = (group.into(), version.into()),
            _ => {}
        }
        gvk
    }
}

/// Replaces vars in the fields of `specs`; vars without a reference are reported in `warnings`.
///
/// # Errors
/// A var without an object or field, and a list with items that are not strings.
pub(crate) fn replace(
    resources: &mut [Resource],
    vars: &[Defined],
    specs: &[FieldSpec],
    budget: &Budget,
    warnings: &mut Vec<Diagnostic>,
) -> Result<(), Diagnostic> {
    if vars.is_empty() {
        return Ok(());
    }
    let mut values = Values::find(resources, vars, budget)?;
    for resource in resources.iter_mut() {
        let gvk = resource.gvk();
        for spec in specs.iter().filter(|spec| spec.applies_to(&gvk)) {
            let applied = spec.apply(&gvk, &mut resource.node, Make::Nothing, budget, &mut |node| values.put(node));
            applied.map_err(|error| resource.in_object(error))?;
        }
    }
    let mut unused: Vec<&str> =
        vars.iter().map(|defined| defined.var.name.as_str()).filter(|name| !values.used.contains(*name)).collect();
    unused.sort_unstable();
    if !unused.is_empty() {
        warnings.push(Diagnostic::new(format!("well-defined vars that were never replaced: {}", unused.join(","))));
    }
    Ok(())
}

/// The values of the vars, and which were put somewhere.
struct Values<'a> {
    budget: &'a Budget,
    found: FxHashMap<String, Scalar>,
    used: FxHashSet<String>,
}

impl<'a> Values<'a> {
    fn find(resources: &[Resource], vars: &[Defined], budget: &'a Budget) -> Result<Self, Diagnostic> {
        let mut holders: FxHashMap<&str, &Resource> = FxHashMap::default();
        for resource in resources {
            for name in &resource.vars {
                holders.entry(name.as_str()).or_insert(resource);
            }
        }
        let mut found = FxHashMap::default();
        for defined in vars {
            let var = &defined.var;
            let Some(holder) = holders.get(var.name.as_str()) else {
                let message = format!("object of var {} not found", var.name);
                return Err(defined
                    .diagnostic(message)
                    .hint("check objref: it has the original kind, name and apiVersion"));
            };
            let path = if var.fieldref.field_path.is_empty() { "metadata.name" } else { &var.fieldref.field_path };
            let Some(node) = lookup(&holder.node, path) else {
                return Err(defined.diagnostic(format!(
                    "var {}: field {path:?} not found in {}",
                    var.name,
                    holder.id()
                )));
            };
            if let Some(scalar) = node.as_scalar() {
                found.insert(var.name.clone(), scalar.clone());
            }
        }
        Ok(Values { budget, found, used: FxHashSet::default() })
    }

    /// Replaces in a string, in the string values of a mapping, or in a list of strings.
    fn put(&mut self, node: &mut Node) -> Result<(), Diagnostic> {
        match &mut node.data {
            Data::Scalar(scalar) => self.put_scalar(scalar),
            Data::Map(map) => self.put_mapping(map),
            Data::Seq(items) => items.iter_mut().try_for_each(|item| match &mut item.data {
                Data::Scalar(scalar) if is_string(scalar) => self.put_scalar(scalar),
                _ => Err(Diagnostic::new("expected a string: vars are replaced in this list").at(item.at)),
            }),
        }
    }

    fn put_mapping(&mut self, map: &mut Map) -> Result<(), Diagnostic> {
        for entry in map.entries_mut() {
            if !is_string(&entry.key) {
                let message = format!("expected a string as the key {}: vars are replaced here", entry.key.text);
                return Err(Diagnostic::new(message).at(entry.at).hint("put the key in quotes"));
            }
            if let Data::Scalar(scalar) = &mut entry.value.data {
                self.put_scalar(scalar)?;
            }
        }
        Ok(())
    }

    fn put_scalar(&mut self, scalar: &mut Scalar) -> Result<(), Diagnostic> {
        if is_string(scalar) {
            *scalar = self.expand(&scalar.text)?;
        }
        Ok(())
    }

    /// The text with `$(NAME)` replaced and `$$` made `$`. A text that is nothing but `$(NAME)` takes the value's type.
    fn expand(&mut self, text: &str) -> Result<Scalar, Diagnostic> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        // Whether a closing bracket is left, so that a text without one is searched once.
        let mut closes = true;
        while let Some(index) = rest.find('$') {
            out.push_str(&rest[..index]);
            let after = &rest[index + 1..];
            let name = after.strip_prefix('(').filter(|_| closes).and_then(|tail| tail.split_once(')'));
            closes &= name.is_some() || !after.starts_with('(');
            rest = match (after.chars().next(), name) {
                (None, _) => {
                    out.push('$');
                    after
                }
                (Some('$'), _) => {
                    out.push('$');
                    &after[1..]
                }
                (Some('('), Some((name, tail))) => {
                    if text.len() == name.len() + 3 {
                        return Ok(self.whole(name));
                    }
                    let part = self.part(name);
                    self.budget.add(part.len() as u64)?;
                    out.push_str(&part);
                    tail
                }
                (Some(other), _) => {
                    out.push('$');
                    out.push(other);
                    &after[other.len_utf8()..]
                }
            };
        }
        out.push_str(rest);
        Ok(Scalar::string(out))
    }

    fn whole(&mut self, name: &str) -> Scalar {
        let Some(value) = self.found.get(name) else { return Scalar::string(format!("$({name})")) };
        self.used.insert(name.to_owned());
        let tag = match resolve(value, Rules::V3) {
            Value::Int(_) => Tag::Int,
            Value::Float(_) => Tag::Float,
            Value::Bool(_) => Tag::Bool,
            _ => return Scalar::string(value.text.clone()),
        };
        Scalar { tag, ..Scalar::plain(value.text.clone()) }
    }

    fn part(&mut self, name: &str) -> String {
        let Some(value) = self.found.get(name) else { return format!("$({name})") };
        self.used.insert(name.to_owned());
        match resolve(value, Rules::V3) {
            Value::Bool(yes) => yes.to_string(),
            Value::Int(number) => number.to_string(),
            _ => value.text.to_string(),
        }
    }
}

fn is_string(scalar: &Scalar) -> bool {
    resolve(scalar, Rules::V3) == Value::Str
}

/// The node at a path whose parts are joined with dots: `spec.ports[0].port`, `metadata.annotations.[a.b/c]`.
fn lookup<'a>(object: &'a Node, path: &str) -> Option<&'a Node> {
    let mut node = object;
    for part in split_brackets(path) {
        node = match (&node.data, part.parse::<usize>()) {
            (Data::Seq(items), Ok(index)) => items.get(index)?,
            (Data::Seq(items), Err(_)) => find_element(items, &part)?,
            _ => node.get(&part)?,
        };
    }
    (!is_null_node(node)).then_some(node)
}

/// The element of a list that `[key=value]` names.
fn find_element<'a>(items: &'a [Node], part: &str) -> Option<&'a Node> {
    let (key, value) = part.strip_prefix('[')?.strip_suffix(']')?.split_once('=')?;
    items.iter().find(|item| match key {
        "" => item.text() == Some(value),
        key => item.get(key).and_then(Node::text) == Some(value),
    })
}

/// Splits a path at its dots, except inside brackets; `ports[0]` is two parts.
fn split_brackets(path: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for part in join_brackets(split_path(path, '.')) {
        match part.strip_suffix(']').and_then(|front| front.rsplit_once('[')) {
            Some((name, index)) if !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => {
                if !name.is_empty() {
                    parts.push(name.to_owned());
                }
                parts.push(index.to_owned());
            }
            _ => parts.push(part),
        }
    }
    parts
}

/// Joins what was split at a dot inside brackets: `[a.b/c]` is the part `a.b/c`, `[name=a.b]` stays as it is.
fn join_brackets(split: Vec<String>) -> Vec<String> {
    let mut joined = Vec::with_capacity(split.len());
    let mut split = split.into_iter();
    while let Some(mut part) = split.next() {
        if part.starts_with('[') && !part.ends_with(']') {
            for more in split.by_ref() {
                part = format!("{part}.{more}");
                if more.ends_with(']') {
                    break;
                }
            }
            if !part.contains('=') {
                part = part.trim_matches(['[', ']']).to_owned();
            }
        }
        joined.push(part);
    }
    joined
}
