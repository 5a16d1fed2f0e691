//! `skaffold render`: a `skaffold.yaml` in, objects out.
//!
//! | module | contents |
//! | --- | --- |
//! | `model` | a config of the newest version as Rust types |
//! | `config` | from a file to the model: documents, checks, upgrades, profiles, `requires` |
//! | `build` | from the model to builds: tag policies, `--build-artifacts`, `--images`, `--default-repo` |
//! | `render` | the renderers in Skaffold's order: raw YAML, kustomize, Helm, hooks, transformers |
//! | `template` | Go templates in a config: environment variables and Sprig's functions |
//! | `inputs`, `glob`, `reference`, `remote_files` | what these share |

mod build;
mod config;
mod glob;
mod inputs;
pub mod model;
mod options;
mod reference;
mod remote_files;
mod render;
mod template;

pub use self::build::builds::{Build, from_json as read_builds};
pub use self::build::default_repo;
pub use self::build::plan::{pin, plan, references};
pub use self::build::tag::{SourceGit, Tagging};
pub use self::config::fields::versions;
pub use self::config::load::{Loaded, load};
pub use self::inputs::Inputs;
pub use self::options::{BuildArtifacts, DigestSource, SkaffoldOptions};
pub use self::render::{Rendered, RenderedConfig, render};
pub use crate::time::Now;
