//! The entries of the fields that change objects: labels, patches, images, replacements, replicas, vars, order.

use std::collections::BTreeMap;

use crate::kustomize::decode::{IdPart, decoded};

decoded! {
    /// Labels and where they go.
    pub struct Label {
        /// The labels.
        "pairs" => pairs: BTreeMap<String, String>,
        /// Whether selectors (and templates) get them.
        "includeSelectors" => include_selectors: bool,
        /// Whether templates get them.
        "includeTemplates" => include_templates: bool,
        /// Further fields that get them.
        "fields" => fields: Vec<FieldSpecArgs>,
    }
}

decoded! {
    /// A field of objects of some kind, as configurations write it.
    pub struct FieldSpecArgs {
        /// Group; any if empty.
        "group" => group: IdPart,
        /// Version; any if empty.
        "version" => version: IdPart,
        /// Kind; any if empty.
        "kind" => kind: IdPart,
        /// The path, its parts joined with `/`.
        "path" => path: String,
        /// Whether the field is made where it is missing.
        "create" => create: bool,
    }
}

decoded! {
    /// A patch: a file or inline, for the objects that its target selects or that it names itself.
    pub struct Patch {
        /// The file.
        "path" => path: String,
        /// The patch itself.
        "patch" => patch: String,
        /// The objects to patch.
        "target" => target: Option<Selector>,
        /// Changes of name and kind that the patch may make.
        "options" => options: Option<PatchOptions>,
    }
}

decoded! {
    /// Changes of name and kind that a patch may make.
    pub struct PatchOptions {
        /// Whether it may change names.
        "allowNameChange" => allow_name_change: bool,
        /// Whether it may change kinds.
        "allowKindChange" => allow_kind_change: bool,
    }
}

decoded! {
    /// Selects objects. Each part is a regular expression that must match the whole value; an empty part matches any.
    pub struct Selector {
        /// Group.
        "group" => group: IdPart,
        /// Version.
        "version" => version: IdPart,
        /// Kind.
        "kind" => kind: IdPart,
        /// Name.
        "name" => name: IdPart,
        /// Namespace.
        "namespace" => namespace: IdPart,
        /// A Kubernetes selector over annotations.
        "annotationSelector" => annotation_selector: String,
        /// A Kubernetes selector over labels.
        "labelSelector" => label_selector: String,
    }
}

decoded! {
    /// An entry of `images`.
    pub struct Image {
        /// The image's name in the objects, without tag and digest.
        "name" => name: String,
        /// Its new name.
        "newName" => new_name: String,
        /// The suffix of its tag.
        "tagSuffix" => tag_suffix: String,
        /// Its new tag.
        "newTag" => new_tag: String,
        /// Its new digest.
        "digest" => digest: String,
    }
}

decoded! {
    /// A value and the fields that get it, or the file that says so.
    pub struct Replacement {
        /// The field whose value is taken.
        "source" => source: Option<ReplacementSource>,
        /// The fields that get it.
        "targets" => targets: Option<Vec<ReplacementTarget>>,
        /// The value itself, where no source is named.
        "sourceValue" => source_value: Option<String>,
        /// A file of replacements.
        "path" => path: String,
    }
}

decoded! {
    /// The field whose value is taken.
    pub struct ReplacementSource {
        /// Group.
        "group" => group: IdPart,
        /// Version.
        "version" => version: IdPart,
        /// Kind.
        "kind" => kind: IdPart,
        /// Name.
        "name" => name: IdPart,
        /// Namespace.
        "namespace" => namespace: IdPart,
        /// The field; `metadata.name` if empty.
        "fieldPath" => field_path: String,
        /// The part of the value.
        "options" => options: Option<FieldOptions>,
    }
}

decoded! {
    /// The fields that get a value.
    pub struct ReplacementTarget {
        /// The objects.
        "select" => select: Option<Selector>,
        /// Those of them that are left out.
        "reject" => reject: Option<Vec<Selector>>,
        /// The fields in them.
        "fieldPaths" => field_paths: Option<Vec<String>>,
        /// The part of the field, and whether a missing field is created.
        "options" => options: Option<FieldOptions>,
    }
}

decoded! {
    /// The part of a value that a replacement reads or sets.
    pub struct FieldOptions {
        /// The separator of the parts.
        "delimiter" => delimiter: String,
        /// The index of the part, from 0.
        "index" => index: i64,
        /// The encoding of the value.
        "encoding" => encoding: String,
        /// Whether a missing field is created.
        "create" => create: bool,
    }
}

decoded! {
    /// A replica count.
    pub struct Replica {
        /// The object's name.
        "name" => name: String,
        /// The number of replicas.
        "count" => count: i64,
    }
}

decoded! {
    /// A value that replaces `$(NAME)`.
    pub struct Var {
        /// The name.
        "name" => name: String,
        /// The object it comes from.
        "objref" => objref: VarTarget,
        /// The field it comes from.
        "fieldref" => fieldref: VarField,
    }
}

decoded! {
    /// The object that a var comes from.
    pub struct VarTarget {
        /// Group and version, together.
        "apiVersion" => api_version: String,
        /// Group.
        "group" => group: String,
        /// Version.
        "version" => version: String,
        /// Kind.
        "kind" => kind: String,
        /// Name, as it was first.
        "name" => name: String,
        /// Namespace; any if empty.
        "namespace" => namespace: String,
    }
}

decoded! {
    /// The field that a var comes from.
    pub struct VarField {
        /// The path; `metadata.name` if empty.
        "fieldPath" => field_path: String,
    }
}

decoded! {
    /// The order of the output.
    pub struct SortOptions {
        /// `legacy` or `fifo`.
        "order" => order: String,
        /// The kinds that come first and last.
        "legacySortOptions" => legacy: Option<LegacySortOptions>,
    }
}

decoded! {
    /// The kinds that come first and last.
    pub struct LegacySortOptions {
        /// The kinds that come first, in order.
        "orderFirst" => order_first: Vec<String>,
        /// The kinds that come last, in order.
        "orderLast" => order_last: Vec<String>,
    }
}
