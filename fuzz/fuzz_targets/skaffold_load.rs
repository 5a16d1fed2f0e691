//! No `skaffold.yaml` crashes the reader, and the same one is read the same way twice.
//!
//! The input is a line with names of profiles, then the file. A config may require `b/skaffold.yaml`, which is the same.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use manifest::{Node, yaml};
use render_core::files::MemoryFiles;
use render_core::host::NoHost;
use render_core::skaffold::{Inputs, SkaffoldOptions, load};

fn loaded(files: &MemoryFiles, profiles: &[String]) -> Result<String, String> {
    let options = SkaffoldOptions {
        file: "skaffold.yaml".to_owned(),
        optional_profiles: profiles.to_vec(),
        auto_activation: true,
        propagate_profiles: true,
        ..SkaffoldOptions::default()
    };
    let inputs = Inputs {
        files,
        host: &NoHost,
        working_dir: "/work",
        environment: &BTreeMap::new(),
        hides_environment: false,
        options: &options,
        base_cache: None,
    };
    let loaded = load(&inputs).map_err(|errors| errors.to_string())?;
    let mut text = String::new();
    for document in loaded.documents {
        yaml::write_skaffold(&Node::from(document), &mut text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fuzz_target!(|data: &[u8]| {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let profiles = String::from_utf8_lossy(&data[..end]);
    let profiles: Vec<String> = profiles.split_whitespace().map(str::to_owned).collect();
    let mut files = MemoryFiles::default();
    for path in ["/work/skaffold.yaml", "/work/b/skaffold.yaml"] {
        files.insert(path, data.get(end + 1..).unwrap_or_default());
    }
    assert_eq!(loaded(&files, &profiles), loaded(&files, &profiles));
});
