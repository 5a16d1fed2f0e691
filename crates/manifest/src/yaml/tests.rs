use super::*;

fn print(text: &str) -> String {
    let mut out = String::new();
    for object in read_objects(text.as_bytes()).unwrap() {
        write_kustomize(&object, &mut out).unwrap();
    }
    out
}

#[test]
fn objects_come_out_as_kustomize_prints_them() {
    let text = "b: &x {k: yes, n: 0x1F, f: 1.0}\n# c\na: [*x, {<<: *x, k: 'no'}]\nc: >\n  a\n   b\n  c\n";
    let printed = "a:\n- f: 1\n  k: \"yes\"\n  \"n\": 31\n- f: 1\n  k: \"no\"\n  \"n\": 31\nb:\n  f: 1\n  k: \"yes\"\n  \"n\": 31\nc: |\n  a\n\n   b\n  c\n";
    assert_eq!(print(text), printed);
}

#[test]
fn a_configuration_keeps_the_last_of_two_keys_and_says_so() {
    let (documents, dropped) = read_configuration(b"a: 1\nb: 2\na: 3\n").unwrap();
    assert_eq!(documents[0].get("a").and_then(Node::text), Some("3"));
    assert_eq!(dropped.len(), 1);
    assert!(read_stream(b"a: 1\na: 3\n").is_err());
}

#[test]
fn deep_trees_are_refused_and_not_fatal() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(read_objects(text.as_bytes()).is_err());
    }
}
