//! When a cached base may be used.

use manifest::yaml::write_kustomize;
use render_core::files::MemoryFiles;
use render_core::host::NoHost;
use render_core::kustomize::{BaseCache, Options, build, build_with_cache};

fn built(files: &MemoryFiles, folder: &str, base_cache: Option<&BaseCache>) -> Result<String, String> {
    let options = Options::default();
    let built = match base_cache {
        Some(base_cache) => build_with_cache(base_cache, files, &NoHost, folder, &options),
        None => build(files, &NoHost, folder, &options),
    };
    let mut text = String::new();
    for object in built.map_err(|errors| errors.to_string())?.objects {
        write_kustomize(&object, &mut text).map_err(|error| error.to_string())?;
    }
    Ok(text)
}

#[test]
fn a_cached_base_is_not_used_after_one_of_its_files_has_changed() {
    let mut files = MemoryFiles::default();
    let map = |value: &str| {
        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: {value}\n").into_bytes()
    };
    files.insert("/base/kustomization.yaml", &b"resources: [a.yaml]\n"[..]);
    files.insert("/base/a.yaml", map("one"));
    files.insert("/top/kustomization.yaml", &b"resources: [../base]\nnamePrefix: x-\n"[..]);
    let base_cache = BaseCache::default();
    let first = built(&files, "/top", Some(&base_cache));
    files.insert("/base/a.yaml", map("two"));
    let second = built(&files, "/top", Some(&base_cache));
    assert!(first.is_ok_and(|text| text.contains("key: one")));
    assert!(second.is_ok_and(|text| text.contains("key: two")));
}

#[test]
fn a_cached_base_that_contains_its_user_is_a_cycle() {
    let mut files = MemoryFiles::default();
    files.insert("/all/kustomization.yaml", &b"resources: [leaf]\n"[..]);
    files.insert("/all/leaf/kustomization.yaml", &b"namePrefix: leaf-\n"[..]);
    files.insert("/base/kustomization.yaml", &b"resources: [../all]\n"[..]);
    files.insert("/apart/kustomization.yaml", &b"resources: [../base]\n"[..]);
    // `all` contains `inside`, so `base` may not be built for it, though it is in the cache by then.
    files.insert("/all/inside/kustomization.yaml", &b"resources: [../../base]\n"[..]);
    let base_cache = BaseCache::default();
    for folder in ["/apart", "/all/inside"] {
        assert_eq!(built(&files, folder, Some(&base_cache)), built(&files, folder, None), "{folder}");
    }
    assert!(built(&files, "/all/inside", Some(&base_cache)).is_err_and(|error| error.contains("cycle")));
}
