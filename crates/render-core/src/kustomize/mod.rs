//! `kustomize build`: a folder in, objects out, byte for byte as kustomize 5.8.1 prints them.
//!
//! | module | contents |
//! | --- | --- |
//! | `options` | the flags of a build |
//! | `kustomization` | `kustomization.yaml` as Rust types; `decode` reads them |
//! | `load` | opening what a kustomization names: files, folders, repositories |
//! | `object` | objects with their build data |
//! | `schema` | the Kubernetes schema: which lists merge, which kinds have a namespace |
//! | `selector` | the selection of objects by id, labels and annotations |
//! | `fields` | field paths and field specs |
//! | `patch` | strategic merges and JSON patches |
//! | `generate`, `transform`, `plugin` | one file for each generator, transformer and kind of plugin |
//! | `build` | the order of all steps, and the cache of bases |

mod budget;
mod build;
mod context;
mod decode;
mod fields;
mod generate;
pub mod kustomization;
mod load;
mod nearest;
mod object;
mod options;
mod patch;
mod plugin;
mod schema;
mod selector;
mod transform;

pub use self::build::base_cache::BaseCache;
pub use self::build::{Built, build, build_over, build_with_cache};
pub use self::load::reference::repository;
pub use self::options::{FlagSource, LoadRestrictor, Options, Order};
pub use self::plugin::{GENERATORS, TRANSFORMERS};

/// Whether Kubernetes itself has the kind, and its objects have a namespace.
pub fn is_builtin_with_namespace(gvk: &manifest::Gvk) -> bool {
    schema::Schema::is_builtin(gvk) && !schema::Schema::default().is_cluster_scoped(gvk)
}
