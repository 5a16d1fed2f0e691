//! Rules and overrides as kbld and imgpkg write them.

use super::read;
use crate::ImageRef;
use crate::image_search::{Form, KeyMatcher, Pattern};

const RULES: &str = "
apiVersion: kbld.k14s.io/v1alpha1
kind: Config
minimumRequiredVersion: 0.30.0
searchRules:
- keyMatcher: {name: sidecarImage}
- keyMatcher: {path: [spec, images, {allIndexes: true}, {index: 0}]}
  valueMatcher: {imageRepo: acme/app}
  updateStrategy: {entireValue: {}}
- keyMatcher: {name: config}
  updateStrategy: {yaml: {searchRules: [{keyMatcher: {name: img}}]}}
- valueMatcher: {image: auto}
  updateStrategy: {none: {}}
- keyMatcher: {name: chart}
  updateStrategy: {fields: {repository: repository, tag: tag}}
overrides:
- image: nginx
  newImage: docker.io/library/nginx@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
  preresolved: true
- imageRepo: acme/app
  newImage: registry.example/app:2
---
apiVersion: imgpkg.carvel.dev/v1alpha1
kind: ImagesLock
images:
- image: mirror.example/redis@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
  annotations: {kbld.carvel.dev/id: \"redis:7\", kbld.carvel.dev/origins: \"- resolved: {}\"}
";

#[test]
fn rules_and_overrides_of_all_documents_are_read() {
    let config = read("kbld.yaml", RULES).unwrap();
    assert_eq!(config.rules.len(), 5);
    assert_eq!(config.rules[0].key, Some(KeyMatcher::Name("sidecarImage".into())));
    let path = vec![Pattern::Key("spec".into()), Pattern::Key("images".into()), Pattern::Every, Pattern::Index(0)];
    assert_eq!(config.rules[1].key, Some(KeyMatcher::Path(path)));
    assert_eq!(config.rules[3].form, Form::Ignored);
    let table = [
        ("nginx", Some(format!("nginx@sha256:{}", "a".repeat(64)))),
        ("nginx:1", None),
        ("acme/app:1", Some("registry.example/app:2".to_owned())),
        ("redis:7", Some(format!("mirror.example/redis@sha256:{}", "b".repeat(64)))),
    ];
    for (image, want) in table {
        let got = config.replacement(&ImageRef::parse(image).unwrap()).map(|image| image.as_str().to_owned());
        assert_eq!(got, want, "{image}");
    }
}

#[test]
fn unsupported_and_invalid_fields_are_errors_with_their_path() {
    let table = [
        ("sources: [{image: a, path: .}]", "k:1:1: sources: building and relocating images is not supported"),
        (
            "overrides: [{image: a, newImage: b, tagSelection: {}}]",
            "k:1:1: overrides[0].tagSelection: selecting tags and platforms is not supported",
        ),
        ("overrides: [{image: a, newImage: B}]", "k:1:1: overrides[0].newImage: invalid image reference \"B\""),
        ("searchRules: [{}]", "k:1:1: searchRules[0]: missing field \"keyMatcher\" or \"valueMatcher\""),
        ("searchRules: [{keyMatcher: {}}]", "k:1:1: searchRules[0].keyMatcher: missing field \"name\" or \"path\""),
        ("searchRules: [{keyMatcher: {path: [{}]}}]", "k:1:1: searchRules[0].path[0]: expected a key, {index: N}"),
        (
            "searchRules: [{keyMatcher: {name: a}, updateStrategy: {}}]",
            "k:1:1: searchRules[0].updateStrategy: expected exactly one of none",
        ),
        ("surprise: 1", "k:1:1: unknown field \"surprise\""),
    ];
    for (text, want) in table {
        let text = format!("apiVersion: kbld.k14s.io/v1alpha1\nkind: Config\n{text}\n");
        let shown = read("k", &text).unwrap_err().to_string();
        assert!(shown.starts_with(want), "{shown}");
    }
    assert!(
        read("k", "kind: ConfigMap\napiVersion: v1\n")
            .unwrap_err()
            .to_string()
            .contains("expected a kbld Config or an imgpkg ImagesLock, found v1 ConfigMap")
    );
}
