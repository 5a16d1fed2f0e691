//! Images in every form, and how they are replaced. In the tables every image is pinned to one digest.

use super::{collect_text, edit, replace};
use crate::image::{Digest, ImageRef};
use crate::image_search::{Fields, Form, KeyMatcher, Pattern, Rule, ValueMatcher, built_in};
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
            digest: digest.map(Into::into),
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
fn errors_have_position_field_and_message() {
    let table = [
        ("a:\n  image: ${IMAGE}\n", "2:10|a.image|invalid image reference \"${IMAGE}\""),
        ("image: Nginx\n", "1:8|image|invalid image reference \"Nginx\": the repository name must be lower case"),
        ("image: \"ngin\\x78\"\n", "1:8|image|cannot change the image in place"),
        ("json: nope\n", "1:7|json|invalid JSON"),
        ("values: |\n  x: 1\n  image: A B\n", "3:1|values: image|invalid image reference \"A B\""),
        ("values: |\n  x: [\n", "3:1|values|"),
        ("apart: {repository: a}\n", "1:8|apart|a has no tag to append the digest to"),
        ("digested: {repository: a, tag: b}\n", "1:32|digested|cannot change the image in place"),
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
