//! `hydrator.metadata`: the record of a delivery in Argo CD's format.
//!
//! JSON as Argo CD's commit server writes it: indented by two spaces, HTML not escaped, a newline at the end, the keys in the order
//! of [`SourceRecord`], empty ones left out. One key is ours, the last: `hydrant`, which lists the files that the delivery wrote, and says why later ones are held back.
//! Argo CD and GitOps Promoter read with Go's decoder, which passes over keys that it does not know.

use serde::{Deserialize, Serialize};

/// The file's name, in the branch's root or in a unit's folder.
pub const METADATA: &str = "hydrator.metadata";

/// Where delivered files come from.
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
    /// What makes the files again.
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
    /// Commits of other repositories that the source commit speaks of.
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

/// What is known of a referenced commit.
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

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Ours {
    files: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hold: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Whole {
    #[serde(flatten)]
    source: SourceRecord,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hydrant: Option<Ours>,
}

/// A record as it stands in a branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Where the files come from.
    pub source: SourceRecord,
    /// The files that the delivery wrote, relative to the record's folder and sorted; `None` where another tool wrote the record.
    pub files: Option<Vec<String>>,
    /// Why later deliveries stay away until they are told to release it, if they are to.
    pub hold: Option<String>,
}

impl Record {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let whole = Whole {
            source: self.source.clone(),
            hydrant: self.files.clone().map(|files| Ours { files, hold: self.hold.clone() }),
        };
        let mut bytes = serde_json::to_vec_pretty(&whole).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Reads a record, ours or another tool's.
    ///
    /// # Errors
    /// The JSON reader's words.
    pub fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let whole: Whole = serde_json::from_slice(bytes)?;
        let (files, hold) = whole.hydrant.map_or((None, None), |ours| (Some(ours.files), ours.hold));
        Ok(Self { source: whole.source, files, hold })
    }
}
