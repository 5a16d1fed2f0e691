//! No folder of files crashes a build, the same folder is built the same way twice, and no base that builds share changes
//! anything.
//!
//! The input is several files behind one another, each ending with `\x01`: a line with its path, then its content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use manifest::yaml;
use render_core::files::MemoryFiles;
use render_core::kustomize::{Options, BaseCache, build, build_with_cache};
use render_core::host::NoHost;

fn built(files: &MemoryFiles, folder: &str, base_cache: Option<&BaseCache>) -> Result<String, String> {
    let built = match base_cache {
        Some(base_cache) => build_with_cache(base_cache, files, &NoHost, folder, &Options::default()),
        None => build(files, &NoHost, folder, &Options::default()),
    };
    let built = built.map_err(|errors| errors.to_string())?;
    let mut text = String::new();
    for object in &built.objects {
        yaml::write_kustomize(object, &mut text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

fuzz_target!(|data: &[u8]| {
    let mut files = MemoryFiles::default();
    for file in data.split(|byte| *byte == 1) {
        let end = file.iter().position(|byte| *byte == b'\n').unwrap_or(file.len());
        let Ok(path) = std::str::from_utf8(&file[..end]) else { continue };
        let path = render_core::files::join("/", path);
        files.insert(&path, file.get(end + 1..).unwrap_or_default());
    }
    let base_cache = BaseCache::default();
    for folder in ["/", "/a", "/b", "/"] {
        assert_eq!(built(&files, folder, None), built(&files, folder, Some(&base_cache)));
    }
});
