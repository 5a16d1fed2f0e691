//! Images in every form, and how they are replaced. In the tables every image is pinned to one digest.

use super::{collect_text, edit, replace};
use crate::image::{Digest, ImageRef};
use crate::image_search::{DigestField, Fields, Form, KeyMatcher, Pattern, Rule, ValueMatcher, built_in};
use crate::yaml;

fn pin(image: &ImageRef) -> Option<ImageRef> {
    let digest = Digest::parse(&format!("sha256:{}", "a".repeat(64))).ok()?;
    (!image.is_pinned()).then(|| image.with_digest(&digest))
}

fn named(name: &str, form: Form) -> Rule {
    Rule { key: Some(KeyMatcher::Name(name.into())), value: None, form }
}

fn rules() -> Vec<Rule> {
    let path =
        vec![Pattern::Key("spec".into()), Pattern::Key("list".into()), Pattern::Every, Pattern::Key("ref".into())];
    let fields = |digest: Option<&str>| {
        Form::Fields(Fields {
            registry: Some("registry".into()),
            repository: "repository".into(),
            tag: "tag".into(),
            name: None,
            digest: digest.map_or(DigestField::InTag, |key| DigestField::Named(key.into())),
        })
    };
    let mut rules = vec![
        Rule { key: None, value: Some(ValueMatcher::Image("auto".into())), form: Form::Ignored },
        Rule { key: None, value: Some(ValueMatcher::Repository("acme/app".into())), form: Form::Whole },
        Rule { key: Some(KeyMatcher::Path(path)), value: None, form: Form::Whole },
        named("values", Form::Yaml([vec![named("values", Form::Yaml(built_in()))], built_in()].concat())),
        named("json", Form::Json(built_in())),
        named("apart", fields(None)),
        named("digested", fields(Some("digest"))),
    ];
    rules.extend(built_in());
    rules
}

#[test]
fn edit_keeps_every_other_byte() {
    // `§` stands for the digest that is added.
    let table = [
        "image: nginx§ # why\n",
        "image:   'nginx:1§'   # why\n",
        "{ \"image\": \"nginx:1§\", b: [ {image: a§}, {image: b:2§ } ] }\n",
        "a:\n- image: nginx:1§\n  x: image\r\n- image: &i nginx:2§\r\n- image: *i\n",
        "x: &base {image: nginx§}\ny: *base\nz: {<<: *base}\n",
        "image: !!str nginx§\n",
        "---\n# first\nimage: a§\n---\nimage: b§\n...\n",
        "image: auto\nother: acme/app:1§\nmore: acme/application:1\n",
        "spec: {list: [{ref: a:1§}, {ref: b§}], ref: no}\n",
        "volumes:\n- image: {reference: data:1§, pullPolicy: Always}\n",
        "image:\n",
        "image: ''\n",
        "image: {nested: {image: a§}}\n",
        "values: |\n  # kept\n  image: a:1§ # too\n\n  b:\n    image: 'c§'\n",
        "values: |2-\n    image: a§\n",
        "values: \"image: a§\\nb: 1\\n\"\n",
        "values: 'image: ''a§'''\n",
        "json: '{\"image\": \"a:1§\"}'\n",
        "json: \"{\\\"image\\\":\\\"a§\\\"}\"\n",
        "values: |\n  values: |\n    image: deep§\n",
        "apart: {registry: quay.io, repository: a/b, tag: v1§}\n",
        "apart:\n  repository: a/b # x\n  tag: \"1.2§\" # y\n",
        "digested:\n  repository: a\n  tag: 1.2\n  digest: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n",
        "digested: {repository: a, tag: b, digest: sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb}\n",
        "\u{feff}image: nginx§\n",
        "ümlaut: é\nimage: nginx§",
    ];
    let digest = format!("@sha256:{}", "a".repeat(64));
    for template in table {
        let (before, after) = (template.replace('§', ""), template.replace('§', &digest));
        let edited = edit(&before, &rules(), &pin).unwrap_or_else(|error| panic!("{before}: {error}"));
        assert_eq!(edited.text, after);
        let again = edit(&after, &rules(), &pin).unwrap();
        assert_eq!((again.text.as_str(), again.changed), (after.as_str(), 0));
        // The tree changes as the text does.
        let mut trees = yaml::read_stream(before.as_bytes()).unwrap();
        for tree in &mut trees {
            replace(tree, &rules(), &pin).unwrap();
        }
        let texts = |trees: &[crate::Node]| -> Vec<_> {
            trees.iter().map(|tree| yaml::to_json(tree, yaml::Rules::V3).unwrap()).collect()
        };
        assert_eq!(texts(&trees), texts(&yaml::read_stream(after.as_bytes()).unwrap()), "{before}");
    }
}

#[test]
fn a_missing_digest_field_is_added_below_the_tag() {
    let before = "a:\n- digested:\n    repository: a/b\n    tag: v1 # one\n    pullPolicy: Always\n";
    let digest = format!("sha256:{}", "a".repeat(64));
    let after = before.replace("# one\n", &format!("# one\n    digest: {digest}\n"));
    assert_eq!(edit(before, &rules(), &pin).unwrap().text, after);
    assert_eq!(edit(&after, &rules(), &pin).unwrap().changed, 0);
}

#[test]
fn a_missing_digest_field_is_added_to_a_flow_mapping() {
    let before = "digested: {repository: a, tag: b}\n";
    let after = format!("digested: {{repository: a, tag: b, digest: sha256:{}}}\n", "a".repeat(64));
    assert_eq!(edit(before, &rules(), &pin).unwrap().text, after);
}

#[test]
fn errors_have_position_field_and_message() {
    let table = [
        ("a:\n  image: ${IMAGE}\n", "2:10|a.image|invalid image reference \"${IMAGE}\""),
        ("image: Nginx\n", "1:8|image|invalid image reference \"Nginx\": the repository name must be lower case"),
        ("image: \"ngin\\x78\"\n", "1:8|image|cannot change the image in place"),
        ("json: nope\n", "1:7|json|invalid JSON"),
        ("values: |\n  x: 1\n  image: A B\n", "3:1|values: image|invalid image reference \"A B\""),
        ("values: |\n  x: [\n", "3:1|values|"),
        ("apart: {repository: a}\n", "1:8|apart|a has no tag to append the digest to"),
        ("x: &x {repository: a, tag: b}\ndigested: *x\n", "1:28|digested|cannot change the image in place"),
    ];
    for (text, want) in table {
        let errors = edit(text, &rules(), &pin).unwrap_err();
        let error = &errors.all()[0];
        let shown =
            format!("{}:{}|{}|{}", error.at.line, error.at.column, error.field.as_deref().unwrap_or(""), error.message);
        assert!(shown.starts_with(want), "{text}: {shown}");
    }
    let errors = edit("image: A\n---\nb: {image: B}\n", &rules(), &pin).unwrap_err();
    assert_eq!(errors.all().len(), 2, "all of them at once");
}

#[test]
fn images_are_listed_with_object_field_and_line() {
    let text = "kind: List\napiVersion: v1\nitems:\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web, namespace: prod}\n  spec:\n    containers:\n    - image: nginx:1\n---\nkind: ConfigMap\napiVersion: v1\nmetadata: {name: c}\ndata:\n  values: |\n    a: 1\n    image: a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n";
    let (images, wrong) = collect_text(text, &rules()).unwrap();
    assert_eq!(wrong, []);
    let shown: Vec<String> =
        images.iter().map(|one| format!("{} {} {} {}", one.at.line, one.object, one.field, one.image.name())).collect();
    assert_eq!(
        shown,
        [
            "9 Deployment.apps/web in prod items[0].spec.containers[0].image nginx",
            "17 ConfigMap/c data.values: image a",
        ]
    );
}

/// Kustomizations and values with pieces moved: nothing panics, the edited text is YAML with the trees' changes, and is edited once.
#[test]
fn mutated_sources_change_as_their_trees_do() {
    let rules = [crate::image_search::source_rules(), built_in()].concat();
    let seeds = [
        "images:\n- name: a # x\n  newTag: '1'\n- {name: b, newTag: 2}\n",
        "{\"images\": [{\"name\": \"a\",\n \"newTag\": \"1\"\n}]}\n",
        "image:\r\n  repository: r/a\r\n  tag: 1.2\r\n  digest:\r\nimage: {repository: b, tag: 1, digest: ''}\r\n",
        "a: &a {repository: r/a, tag: 1, sha: ~}\nb: *a\nimage: n\ntag: x\n",
    ];
    let mut state = 11_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let mut edited = 0;
    for round in 0..20_000 {
        let mut characters: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..random(4) {
            let at = random(characters.len());
            match random(3) {
                0 => drop(characters.remove(at)),
                1 => characters.insert(at, ['\n', ' ', '\'', '"', ':', '&', '*', '{', '}', ',', '#', '-'][random(12)]),
                _ => {
                    let other = random(characters.len().min(at + 9));
                    characters.swap(at, other);
                }
            }
        }
        let text: String = characters.into_iter().collect();
        let Ok(changed) = edit(&text, &rules, &pin) else { continue };
        edited += usize::from(changed.changed > 0);
        let json = |trees: &[crate::Node]| -> Vec<_> {
            trees.iter().map(|tree| yaml::to_json(tree, yaml::Rules::V3).map_err(|error| error.to_string())).collect()
        };
        let mut trees = yaml::read_stream(text.as_bytes()).unwrap();
        for tree in &mut trees {
            replace(tree, &rules, &pin).unwrap();
        }
        let after = yaml::read_stream(changed.text.as_bytes());
        let after = after.unwrap_or_else(|error| panic!("{text:?} became {:?}: {error}", changed.text));
        assert_eq!(json(&after), json(&trees), "{text:?} became {:?}", changed.text);
        assert_eq!(edit(&changed.text, &rules, &pin).unwrap().changed, 0, "{text:?} became {:?}", changed.text);
    }
    assert!(edited > 2_000, "most texts should still hold images: {edited}");
}

/// Texts with pieces moved and bytes changed, by a fixed sequence: nothing panics, and what is edited differs from what was
/// there by digests alone.
#[test]
fn mutated_texts_lose_nothing() {
    let seeds = [
        "# c\nimage: nginx:1 # w\nb:\n- {image: 'a/b:2', \"image\": x}\n",
        "values: |\n  image: a:1\n  values: |2\n     image: b\njson: '{\"image\": \"c:1\"}'\n",
        "apart: {registry: r.io, repository: a, tag: \"1\"}\ndigested:\n  repository: a\n  tag: v\n",
        "x: &a {image: e:1}\ny: *a\nimage: &b \"f\\\"g\"\nz: {image: *b}\n---\nimage: >-\n  folded\n",
        "\u{feff}image: é\r\nvalues: \"image: a\\nb: {image: c}\\n\"\r\n",
    ];
    let digest = format!("@sha256:{}", "a".repeat(64));
    let added = format!("digest: {}", &digest[1..]);
    let mut state = 7_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below.max(1)
    };
    let mut edited = 0;
    for round in 0..20_000 {
        let mut characters: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=random(3) {
            let at = random(characters.len());
            match random(4) {
                0 => drop(characters.remove(at)),
                1 => characters
                    .insert(at, ['\n', ' ', '\'', '"', '|', ':', '&', '*', '\u{2028}', '{', '#', '-'][random(12)]),
                2 => {
                    let other = random(characters.len().min(at + 9));
                    characters.swap(at, other);
                }
                _ => characters.truncate(characters.len() - random(4)),
            }
            characters.push('\n');
        }
        let text: String = characters.into_iter().collect();
        let Ok(changed) = edit(&text, &rules(), &pin) else { continue };
        edited += usize::from(changed.changed > 0);
        let back = changed.text.replace(&digest, "");
        let lines =
            |text: &str| text.lines().filter(|line| line.trim() != added).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lines(&back), lines(&text), "{text:?} became {:?}", changed.text);
        let again = edit(&changed.text, &rules(), &pin).unwrap_or_else(|error| panic!("{:?}: {error}", changed.text));
        assert_eq!(again.changed, 0, "{text:?} became {:?}", changed.text);
    }
    assert!(edited > 2_000, "most texts should still hold images: {edited}");
}

#[test]
fn a_part_of_an_image_is_reported_and_no_error() {
    let rules = [crate::image_search::source_rules(), built_in()].concat();
    let text =
        "image:\n  repository: nginx\n  tag: \"\"\nweb:\n  image: {tag: 1.2}\nempty: {image: {pullPolicy: Always}}\n";
    let found: Vec<String> = super::incomplete_images(text, &rules)
        .iter()
        .map(|one| format!("{}:{} {}: {}", one.at.line, one.at.column, one.field.as_deref().unwrap_or(""), one.message))
        .collect();
    assert_eq!(
        found,
        [
            "2:15 image: the image \"nginx\" has no tag in this file and is not pinned",
            "5:16 web.image: the version \"1.2\" has no repository in this file and is not pinned",
        ]
    );
    assert_eq!(edit(text, &rules, &pin).unwrap().changed, 0);
    let object = format!("apiVersion: v1\nkind: X\n{text}");
    assert_eq!((super::incomplete_images(&object, &rules).len(), edit(&object, &rules, &pin).unwrap().changed), (0, 0));
}

/// The texts of files that are rendered, with `§` for an added digest and `¶` for an added field `digest`.
#[test]
fn images_of_kustomizations_and_values_are_pinned_in_place() {
    let rules = [crate::image_search::source_rules(), built_in()].concat();
    let digest = format!("sha256:{}", "a".repeat(64));
    let table = [
        // kustomize
        "images:\n- name: nginx\n  newTag: '1.25' # why¶\n- newName: r/cart # x\n  newTag: v1¶\n  name: cart\n",
        "images:\r\n  - name: nginx\r\n    newTag: 1.25¶\r\nresources: [a.yaml]\r\n",
        "images:\n- {name: nginx, newTag: \"1.25\", digest: §}\n- name: only\n  newName: renamed\n",
        "images:\n- {newTag: '1.25', digest: §, name: nginx} # one\n",
        "{\"images\": [{\"name\": \"nginx\", \"newTag\": \"1.25\", \"digest\": \"§\"}]}\n",
        "{\n  \"images\": [\n    {\n      \"name\": \"nginx\",\n      \"newTag\": \"1.25\",\n      \"digest\": \"§\"\n    }\n  ]\n}\n",
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nimages:\n- name: a\n  newTag: v¶\n",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  images:\n  - name: a\n    newTag: v1¶\n",
        // values
        "image: nginx:1.25@§\n",
        "image: nginx # x\ntag: \"1.25@§\"\nsidecar:\n  image: envoy:2@§\n",
        "image:\n  registry: docker.io\n  repository: bitnami/nginx\n  tag: 1.25\n  digest: \"§\" # x\n  pullPolicy: Always\n",
        "image:\n  repository: nginx\n  tag: 1.25\n  digest: §\n",
        "image:\n  repository: nginx\n  tag: 1.25@§\nimages: {web: {repository: r/web, tag: '2@§'}}\n",
        "controller:\n  image:\n    registry: registry.k8s.io\n    image: ingress/controller\n    tag: v1\n    digest: §\n",
        "image: {repository: grafana, tag: '10', sha: \"§\"}\nold: {image: nginx, imageTag: 1@§}\n",
        "webImage: {name: nginx, tag: 1@§}\nport: {name: http, tag: x}\n",
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image: {repository: nginx, tag: '1@§'}\n",
        "source: {repository: 'https://github.com/a/b', tag: v1}\n",
    ];
    for template in table {
        let is_bare = template.contains("sha: ");
        let shown = digest.trim_start_matches(if is_bare { "sha256:" } else { "" });
        let after = if is_bare {
            template.replacen('§', shown, 1).replace('§', &digest)
        } else {
            template.replace('§', &digest)
        };
        let line_break = if after.contains('\r') { "\r\n" } else { "\n" };
        let indent = if template.contains("    newTag") { "    " } else { "  " };
        let after = after.replace('¶', &format!("{line_break}{indent}digest: {digest}"));
        let before = template
            .replace(", digest: §", "")
            .replace(", \"digest\": \"§\"", "")
            .replace(",\n      \"digest\": \"§\"", "")
            .replace("@§", "");
        let before = before.replace(" digest: §\n", " digest:\n").replace(['§', '¶'], "");
        let edited = edit(&before, &rules, &pin).unwrap_or_else(|error| panic!("{before}: {error}"));
        assert_eq!(edited.text, after);
        assert_eq!(edit(&after, &rules, &pin).unwrap().changed, 0, "{after}");
        let texts = |text: &str| -> Vec<_> {
            let trees = yaml::read_stream(text.as_bytes()).unwrap();
            trees.iter().map(|tree| yaml::to_json(tree, yaml::Rules::V3).unwrap()).collect()
        };
        let mut trees = yaml::read_stream(before.as_bytes()).unwrap();
        for tree in &mut trees {
            replace(tree, &rules, &pin).unwrap();
        }
        let replaced: Vec<_> = trees.iter().map(|tree| yaml::to_json(tree, yaml::Rules::V3).unwrap()).collect();
        assert_eq!(replaced, texts(&after), "{before}");
    }
}
