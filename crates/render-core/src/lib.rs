//! The rendering engines: files in, Kubernetes objects out. Byte for byte what kustomize 5.8.1 and Skaffold v2.23 print.
//!
//! | module | contents |
//! | --- | --- |
//! | [`kustomize`] | `kustomize build` |
//! | [`skaffold`] | `skaffold render` |
//! | [`helm`] | `helm template` |
//! | [`files`] | the trait through which the engines read files |
//! | [`repeatable`] | random values and times of charts that are derived from a seed |
//! | [`host`] | the trait for everything else: remote repositories, downloads, programs |
//!
//! The crate does no I/O of its own: no disk, network, clock or environment. The same input gives the same bytes.
//!
//! ```
//! use render_core::files::MemoryFiles;
//! use render_core::host::NoHost;
//! use render_core::kustomize::{Options, build};
//!
//! let mut files = MemoryFiles::default();
//! files.insert("/app/kustomization.yaml", &b"namePrefix: dev-\nresources: [map.yaml]\n"[..]);
//! files.insert("/app/map.yaml", &b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"[..]);
//! let built = build(&files, &NoHost, "/app", &Options::default()).unwrap();
//! assert_eq!(built.objects[0].at_path(&["metadata", "name"]).and_then(|name| name.text()), Some("dev-settings"));
//! ```

pub mod chart_values;
pub mod files;
mod files_record;
pub mod helm;
pub mod host;
pub mod kustomize;
pub mod repeatable;
pub mod run_cache;
pub mod skaffold;
mod template_functions;
mod time;
