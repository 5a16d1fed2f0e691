//! The fields of each version of `skaffold.yaml`, with their types.
//!
//! The table is `fields.txt`; it is the only knowledge of the 72 schemas that the program carries.

use rustc_hash::FxHashMap;

/// The table, read.
#[derive(Debug)]
pub(super) struct Fields {
    versions: Vec<&'static str>,
    order: FxHashMap<&'static str, usize>,
    types: FxHashMap<&'static str, Type>,
}

/// A type of the schema: a mapping with known keys.
#[derive(Debug, Default)]
pub(super) struct Type {
    /// The version since which unknown fields of it are ignored.
    lenient_since: Option<usize>,
    fields: Vec<Field>,
}

/// A field, as it is from one version to another.
#[derive(Debug)]
pub(super) struct Field {
    /// Its key.
    pub name: &'static str,
    /// The first version that has it.
    first: usize,
    /// The last version that has it.
    last: usize,
    /// The type of its value.
    pub kind: Kind,
    /// Whether an empty or false value differs from none.
    pub pointer: bool,
    /// Whether the newest version wants it.
    pub required: bool,
    /// At most one field of a group may be there, in the newest version.
    pub group: Option<&'static str>,
    /// Whether it holds paths that are resolved against the file of a required config.
    pub path: bool,
    /// hydrant's support for it.
    #[cfg(test)]
    support: Support,
}

/// hydrant's support for a field of the newest version.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    /// It matters for what is rendered, or is checked.
    Supported,
    /// It is accepted and has no effect.
    WithoutEffect,
    /// It is refused.
    Refused,
}

/// The type of a field's value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text; any scalar is converted to text.
    String,
    /// A boolean.
    Bool,
    /// An integer.
    Int,
    /// Anything.
    Any,
    /// A mapping of anything.
    Object,
    /// A mapping whose nested keys are joined by dots. Source: Skaffold's `FlatMap`.
    Flat,
    /// A list.
    List(Box<Kind>),
    /// A mapping from text to text; `nulls` says whether a key without a value differs from an empty one.
    Map {
        /// Whether null is a value of its own.
        nulls: bool,
    },
    /// A mapping with known keys.
    Struct(&'static str),
}

/// The versions that are read, as `apiVersion` spells them, from the oldest to the newest.
pub fn versions() -> Vec<String> {
    Fields::new().versions.iter().map(|version| format!("skaffold/{version}")).collect()
}

impl Fields {
    /// The table of the program.
    pub(super) fn new() -> Self {
        Fields::parse(include_str!("fields.txt"))
    }

    fn parse(text: &'static str) -> Self {
        let mut fields = Fields { versions: Vec::new(), order: FxHashMap::default(), types: FxHashMap::default() };
        let mut current = "";
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut columns = line.split_ascii_whitespace();
            let Some(name) = columns.next() else { continue };
            if name == "versions" {
                fields.versions = columns.collect();
                fields.order = fields.versions.iter().enumerate().map(|(index, name)| (*name, index)).collect();
            } else if line.starts_with(' ') {
                let field = fields.field(name, columns);
                fields.types.entry(current).or_default().fields.extend(field);
            } else {
                current = name;
                let lenient_since = columns.nth(1).and_then(|span| fields.version(span.trim_end_matches("..")));
                fields.types.insert(name, Type { lenient_since, fields: Vec::new() });
            }
        }
        fields
    }

    fn field(&self, name: &'static str, mut columns: std::str::SplitAsciiWhitespace<'static>) -> Option<Field> {
        let (first, last) = columns.next()?.split_once("..")?;
        let spelled = columns.next()?;
        let attributes: Vec<&str> = columns.collect();
        Some(Field {
            name,
            first: self.version(first)?,
            last: if last.is_empty() { self.newest() } else { self.version(last)? },
            kind: kind(spelled.trim_start_matches('*')),
            pointer: spelled.starts_with('*'),
            required: attributes.contains(&"required"),
            group: attributes.iter().find_map(|attribute| attribute.strip_prefix("one:")),
            path: attributes.contains(&"path"),
            #[cfg(test)]
            support: match (attributes.contains(&"supported"), attributes.contains(&"refused")) {
                (true, _) => Support::Supported,
                (_, true) => Support::Refused,
                _ => Support::WithoutEffect,
            },
        })
    }

    /// The versions from the oldest to the newest, without `skaffold/`.
    #[cfg(test)]
    pub(crate) fn versions(&self) -> &[&'static str] {
        &self.versions
    }

    /// The index of a version that is named without `skaffold/`.
    pub(super) fn version(&self, name: &str) -> Option<usize> {
        self.order.get(name).copied()
    }

    /// The name of a version.
    pub(super) fn name(&self, version: usize) -> &'static str {
        self.versions.get(version).copied().unwrap_or_default()
    }

    /// The index of the newest version.
    pub(super) fn newest(&self) -> usize {
        self.versions.len().saturating_sub(1)
    }

    /// The fields that a type has in a version, in the schema's order.
    pub(super) fn of(&self, type_name: &str, version: usize) -> impl Iterator<Item = &Field> {
        let fields = self.types.get(type_name).map_or(&[][..], |found| &found.fields);
        fields.iter().filter(move |field| field.first <= version && version <= field.last)
    }

    /// A field of a type in a version.
    pub(super) fn get(&self, type_name: &str, name: &str, version: usize) -> Option<&Field> {
        self.of(type_name, version).find(|field| field.name == name)
    }

    /// Whether Skaffold ignores unknown fields of the type in that version.
    pub(super) fn lenient(&self, type_name: &str, version: usize) -> bool {
        let since = self.types.get(type_name).and_then(|found| found.lenient_since);
        since.is_some_and(|since| since <= version)
    }

    /// In which versions a type has a field, such as `skaffold/v1alpha4 to v2alpha2`; `None` if in none.
    pub(super) fn spans(&self, type_name: &str, name: &str) -> Option<String> {
        let found = self.types.get(type_name)?;
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for field in found.fields.iter().filter(|field| field.name == name) {
            match spans.last_mut() {
                Some((_, last)) if *last + 1 >= field.first => *last = field.last.max(*last),
                _ => spans.push((field.first, field.last)),
            }
        }
        let spell = |&(first, last): &(usize, usize)| match (first == last, last == self.newest()) {
            (true, _) => format!("skaffold/{}", self.name(first)),
            (false, true) => format!("skaffold/{} and later", self.name(first)),
            (false, false) => format!("skaffold/{} to {}", self.name(first), self.name(last)),
        };
        let spelled: Vec<String> = spans.iter().map(spell).collect();
        (!spelled.is_empty()).then(|| spelled.join(", "))
    }
}

fn kind(spelled: &'static str) -> Kind {
    if let Some(inner) = spelled.strip_prefix('[') {
        return Kind::List(Box::new(kind(inner.trim_end_matches(']'))));
    }
    match spelled {
        "string" => Kind::String,
        "bool" => Kind::Bool,
        "int" => Kind::Int,
        "any" => Kind::Any,
        "object" => Kind::Object,
        "flat" => Kind::Flat,
        "{string}" => Kind::Map { nulls: false },
        "{*string}" => Kind::Map { nulls: true },
        name => Kind::Struct(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let fields = Fields::new();
        assert_eq!(fields.versions().len(), 72);
        let lines = include_str!("fields.txt").lines().filter(|line| line.starts_with(' ')).count();
        assert_eq!(fields.types.values().map(|found| found.fields.len()).sum::<usize>(), lines);
        let mut kinds: Vec<&Kind> = fields.types.values().flat_map(|t| t.fields.iter().map(|f| &f.kind)).collect();
        while let Some(kind) = kinds.pop() {
            match kind {
                Kind::List(inner) => kinds.push(inner),
                Kind::Struct(name) => assert!(fields.types.contains_key(name), "unknown type {name}"),
                _ => {}
            }
        }
    }

    /// Every field of the newest version below `type_name`, as rows of a table. Fields below one that is not supported are omitted, and a
    /// type is listed at its first occurrence.
    fn rows(fields: &Fields, type_name: &str, path: &str, seen: &mut Vec<(String, String)>, out: &mut String) {
        for field in fields.of(type_name, fields.newest()) {
            let dot = if path.is_empty() { "" } else { "." };
            let mut below = format!("{path}{dot}{}", field.name);
            let mut kind = &field.kind;
            while let Kind::List(inner) = kind {
                below += "[]";
                kind = inner;
            }
            let nested = if let Kind::Struct(name) = kind { Some(*name) } else { None };
            let known =
                nested.and_then(|name| seen.iter().find(|(there, _)| there == name)).map(|(_, path)| path.clone());
            let support = match (field.support, &known) {
                (Support::Supported, Some(first)) => format!("supported, the same as `{first}`"),
                (Support::Supported, None) => "supported".to_owned(),
                (Support::WithoutEffect, _) => "accepted without effect".to_owned(),
                (Support::Refused, _) => "refused".to_owned(),
            };
            *out += &format!("| `{below}` | {support} |\n");
            if let (Support::Supported, Some(name), None) = (field.support, nested, known) {
                seen.push((name.to_owned(), below.clone()));
                rows(fields, name, &below, seen, out);
            }
        }
    }

    #[test]
    fn the_compatibility_page_lists_every_field() {
        const BEGIN: &str = "<!-- skaffold fields: generated by a test -->\n";
        const END: &str = "<!-- end of skaffold fields -->\n";
        let docs = testkit::fixtures::root().join("docs");
        let page = testkit::fixtures::Case { name: "docs".to_owned(), folder: docs.clone() };
        let page = page.text("compatibility-tables.md").unwrap();
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        let mut table = "| field | hydrant |\n| --- | --- |\n".to_owned();
        rows(&Fields::new(), "SkaffoldConfig", "", &mut Vec::new(), &mut table);
        let mut expect = testkit::expect::Expect::default();
        expect.file(&docs.join("compatibility-tables.md"), &format!("{before}{BEGIN}{table}{END}{after}"));
        expect.finish();
    }

    #[test]
    fn supported_fields_are_read_and_others_are_not() {
        let read = [
            include_str!("decode.rs"),
            include_str!("decode_build.rs"),
            include_str!("document.rs"),
            include_str!("locate.rs"),
            include_str!("patch.rs"),
            include_str!("profile.rs"),
            include_str!("require.rs"),
            include_str!("validate.rs"),
        ]
        .concat();
        let fields = Fields::new();
        let newest = |support: Support| {
            let all = fields.types.values().flat_map(|found| &found.fields);
            let all = all.filter(|field| field.last == fields.newest());
            all.filter(move |field| field.support == support).map(|field| field.name)
        };
        let supported: Vec<&str> = newest(Support::Supported).collect();
        for name in &supported {
            let required = fields.types.values().flat_map(|found| &found.fields).any(|f| f.name == *name && f.required);
            assert!(required || read.contains(&format!("\"{name}\"")), "{name} is marked as supported, but not read");
        }
        let refused: Vec<&str> = newest(Support::Refused).collect();
        for name in newest(Support::WithoutEffect).filter(|name| !supported.contains(name) && !refused.contains(name)) {
            let decoded = concat!(include_str!("decode.rs"), include_str!("decode_build.rs"));
            assert!(!decoded.contains(&format!("\"{name}\"")), "{name} is read, but not marked as supported");
        }
    }

    #[test]
    fn a_span_is_spelled_out() {
        let fields = Fields::new();
        assert_eq!(fields.spans("SkaffoldConfig", "manifests").as_deref(), Some("skaffold/v3alpha1 and later"));
        assert_eq!(fields.spans("KustomizeDeploy", "path").as_deref(), Some("skaffold/v1alpha4 to v2alpha2"));
        assert_eq!(fields.spans("BuildConfig", "acr").as_deref(), Some("skaffold/v1alpha5"));
        assert_eq!(fields.spans("BuildConfig", "never"), None);
    }
}
