//! `hydrator.metadata`: the record of a delivery in Argo CD's format.
//!
//! JSON as Argo CD's commit server writes it: indented by two spaces, HTML not escaped, a newline at the end, the keys in the order
//! of [`SourceRecord`], empty ones left out. The last key, `hydrant`, is an extension: the files that the delivery wrote, a hash over them, their
//! images, and a hold. It is in the file and not only in the commit's message because a merge or squash drops that message. Argo CD and GitOps
//! Promoter read the file with Go's decoder, which ignores unknown keys.

use git2::{ObjectType, Oid};
use serde::{Deserialize, Serialize};

/// The file's name, in the branch's root or in a unit's folder.
pub const METADATA: &str = "hydrator.metadata";

/// The source of delivered files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceRecord {
    /// The source repository.
    #[serde(
        rename = "repoURL",
        default,
        alias = "repoUrl",
        alias = "repourl",
        skip_serializing_if = "String::is_empty"
    )]
    pub repo_url: String,
    /// The full id of the source commit.
    #[serde(default, alias = "drySHA", alias = "drysha", skip_serializing_if = "String::is_empty")]
    pub dry_sha: String,
    /// The commands that render the files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// The source commit's author, `Name <mail>`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// The source commit's author date, RFC 3339.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// The source commit's subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The source commit's body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// Commits of other repositories that the source commit refers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// Another repository's commit (for instance the application's, where the source only changed an image).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// The commit.
    #[serde(default)]
    pub commit: ReferencedCommit,
}

/// A referenced commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferencedCommit {
    /// `Name <mail>`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// RFC 3339.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub date: String,
    /// The subject.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The body.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sha: String,
    /// The repository.
    #[serde(rename = "repoUrl", default, alias = "repoURL", skip_serializing_if = "String::is_empty")]
    pub repo_url: String,
}

/// An image assignment: in this unit, the image of this name is the reference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// The image's name in the rendered source, without tag and digest.
    pub image: String,
    /// What it is.
    pub reference: String,
    /// The references that the source had when the assignment was made, sorted; empty if they are unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<String>,
    /// Who made it.
    pub by: AssignedBy,
    /// The environment that was promoted; empty for other assignments.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// The source commit that was delivered with it first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub commit: String,
    /// The page of the CI run that made it; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub run: String,
    /// When it was made, RFC 3339; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    /// What a unit with charts was changed in to run the image; absent for other units, and where nothing had to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<AppliedTo>,
    /// The values of charts that were set (`image.tag`), sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

/// What is changed in a unit with charts to run an assigned image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AppliedTo {
    /// Values of the charts, so that everything that templates derive from them follows.
    #[serde(rename = "values")]
    Values,
    /// The rendered objects, since the values cannot express the image.
    #[serde(rename = "output")]
    Output,
    /// Values, and objects that do not follow them.
    #[serde(rename = "values and output")]
    ValuesAndOutput,
}

impl AppliedTo {
    /// Whether values of charts were set.
    #[must_use]
    pub fn has_values(self) -> bool {
        self != AppliedTo::Output
    }
}

/// Who made an assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssignedBy {
    /// An image that the command was given.
    Image,
    /// A promotion.
    Promotion,
    /// The source, for an environment whose images are promoted: this image was new there.
    Source,
}

/// The key `hydrant`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HydrantFields {
    files: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    images: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    promoted_from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    assignments: Vec<Assignment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restores: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outside: Vec<OutsideFolder>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    signatures: Vec<ImageSignature>,
}

/// A signature or an attestation of an image that was verified before the delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageSignature {
    /// The image as it is in the files, with its digest.
    pub image: String,
    /// Who signed: `sha256:…` of a public key, or the subject of an identity.
    pub signer: String,
    /// Who vouches for the identity; empty for a key.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub issuer: String,
    /// The predicate type of an attestation; empty for a signature.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub attestation: String,
    /// The builder that the attestation names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub builder: String,
    /// The source repository that the attestation names.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
}

/// A folder outside of the source repository from which files were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutsideFolder {
    /// The folder, as seen from the source repository's root.
    pub path: String,
    /// `sha256:…` of a line `SHA256  PATH` per file that was read, sorted by path, with the path as seen from the folder.
    pub digest: String,
}

/// The file's JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RecordFile {
    #[serde(flatten)]
    source: SourceRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hydrant: Option<HydrantFields>,
}

/// The record in a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The source of the files.
    pub source: SourceRecord,
    /// The files that the delivery wrote, relative to the record's folder and sorted; `None` if another tool wrote the record.
    pub files: Option<Vec<String>>,
    /// The hash over those files, 40 hex digits: git's blob hash of a line `MODE ID PATH` per file; `None` if another
    /// tool or an older hydrant wrote the record.
    pub content: Option<String>,
    /// The images in the files, sorted, as they are written there.
    pub images: Vec<String>,
    /// The environment that the images were promoted from, if any.
    pub promoted_from: Option<String>,
    /// For a reviewed change: the hash over what the target held of the unit when the change was proposed.
    pub base: Option<String>,
    /// The reason of a hold, which prevents later deliveries.
    pub hold: Option<String>,
    /// The image assignments that the files were rendered with, sorted by image.
    pub assignments: Vec<Assignment>,
    /// For a rollback: the commit of the branch whose content it restored.
    pub restores: Option<String>,
    /// Whether this is the record of a branch that units share, in its root: it has the newest source of any of them and lists no files.
    pub shared: bool,
    /// The folders outside of the source repository from which the files were rendered, sorted.
    pub outside: Vec<OutsideFolder>,
    /// The signatures of images that were verified, sorted.
    pub signatures: Vec<ImageSignature>,
}

impl Record {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let fields = |files| HydrantFields {
            files,
            content: self.content.clone(),
            images: self.images.clone(),
            promoted_from: self.promoted_from.clone(),
            base: self.base.clone(),
            hold: self.hold.clone(),
            assignments: self.assignments.clone(),
            restores: self.restores.clone(),
            shared: self.shared,
            outside: self.outside.clone(),
            signatures: self.signatures.clone(),
        };
        let file = RecordFile { source: self.source.clone(), hydrant: self.files.clone().map(fields) };
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a record, ours or another tool's.
    ///
    /// # Errors
    /// The bytes are not a JSON record.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let file: RecordFile = serde_json::from_slice(bytes)?;
        let source = file.source;
        Ok(match file.hydrant {
            None => Self { source, ..Self::default() },
            Some(fields) => Self {
                source,
                files: Some(fields.files),
                content: fields.content,
                images: fields.images,
                promoted_from: fields.promoted_from,
                base: fields.base,
                hold: fields.hold,
                assignments: fields.assignments,
                restores: fields.restores,
                shared: fields.shared,
                outside: fields.outside,
                signatures: fields.signatures,
            },
        })
    }
}

/// A file as git stores it.
pub(crate) struct TreeFile {
    /// The path that goes into the hash.
    pub path: String,
    /// The blob.
    pub id: Oid,
    /// git's mode.
    pub mode: i32,
}

/// The hash over files: git's blob hash of a line `MODE ID PATH` per file, in the given order. It needs no file's bytes where a tree is available.
pub(crate) fn content_hash<'a>(files: impl IntoIterator<Item = &'a TreeFile>) -> Result<String, git2::Error> {
    let lines: String =
        files.into_iter().map(|TreeFile { path, id, mode }| format!("{mode:06o} {id} {path}\n")).collect();
    Ok(Oid::hash_object(ObjectType::Blob, lines.as_bytes())?.to_string())
}
