//! `review`: how a change reaches its branch, as a string or as a mapping with fields of the pull request.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::Template;

/// How a change gets onto its branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReviewMode {
    /// Straight onto the branch.
    #[default]
    Push,
    /// Push to a topic branch, and open a pull request.
    PullRequest,
}

/// `push`, `pull-request`, or `{pullRequest: {…}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// The mode.
    pub mode: ReviewMode,
    /// The fields of the pull request.
    pub request: Request,
}

/// The fields of pull requests (on GitLab, merge requests). Absent fields are taken from the level above.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Request {
    /// The kind of git host; detected for github.com, gitlab.com, gitea.com and codeberg.org.
    pub host: Option<Host>,
    /// GitHub's API, `https://HOST/api/v3` where absent.
    pub api: Option<String>,
    /// The topic branch; `hydrant/{service}/{environment}` where absent.
    pub branch: Option<Template>,
    /// The title; the commit's subject where absent.
    pub title: Option<Template>,
    /// Labels.
    pub labels: Option<Vec<String>>,
    /// The requested reviewers: users, and teams as `ORG/TEAM`.
    pub reviewers: Option<Vec<String>>,
    /// Merge automatically with this method when the host's rules allow it.
    pub auto_merge: Option<MergeMethod>,
    /// Open it as a draft.
    pub draft: Option<bool>,
}

/// What a git host is, as far as requests go.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// GitHub, or a GitHub Enterprise Server: by its API.
    Github,
    /// GitLab: by push options.
    Gitlab,
    /// Gitea or Forgejo: by AGit, a push to `refs/for/BRANCH`.
    Gitea,
    /// Any other: the topic branch is pushed, and no pull request is opened.
    None,
}

/// How a request is merged.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum MergeMethod {
    /// With a merge commit.
    Merge,
    /// As one commit.
    Squash,
    /// Commit by commit.
    Rebase,
}

impl Request {
    /// Every template of the fields.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        self.branch.iter().chain(&self.title)
    }

    /// This, and what it leaves open from the other.
    pub fn or(self, other: &Request) -> Request {
        let other = other.clone();
        Request {
            host: self.host.or(other.host),
            api: self.api.or(other.api),
            branch: self.branch.or(other.branch),
            title: self.title.or(other.title),
            labels: self.labels.or(other.labels),
            reviewers: self.reviewers.or(other.reviewers),
            auto_merge: self.auto_merge.or(other.auto_merge),
            draft: self.draft.or(other.draft),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Mapping {
    /// Push to a topic branch, and open a pull request with these fields.
    pull_request: Request,
}

impl<'de> Deserialize<'de> for Review {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReviewVisitor;

        impl<'de> Visitor<'de> for ReviewVisitor {
            type Value = Review;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`push`, `pull-request`, or a mapping `pullRequest: {…}`")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Review, E> {
                let mode = match text {
                    "push" => ReviewMode::Push,
                    "pull-request" => ReviewMode::PullRequest,
                    _ => return Err(E::unknown_variant(text, &["push", "pull-request"])),
                };
                Ok(Review { mode, ..Review::default() })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Review, A::Error> {
                let Mapping { pull_request } = Mapping::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Review { mode: ReviewMode::PullRequest, request: pull_request })
            }
        }

        deserializer.deserialize_any(ReviewVisitor)
    }
}

impl JsonSchema for Review {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Review".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mapping = generator.subschema_for::<Mapping>();
        json_schema!({ "oneOf": [{ "type": "string", "enum": ["push", "pull-request"] }, mapping] })
    }
}
