//! The reader and the printer, on text.

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
    let (documents, dropped) = read_configuration(b"a: 1\nb: 2\na: 3\nb: 4\na: 5\n").unwrap();
    let json = to_json(&documents[0], Rules::V2).unwrap();
    assert_eq!(json.to_string(), r#"{"b":4,"a":5}"#);
    assert_eq!(dropped.len(), 3);
    assert!(read_stream(b"a: 1\na: 3\n").is_err());
}

#[test]
fn deep_trees_are_refused_and_not_fatal() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert!(read_objects(text.as_bytes()).is_err());
    }
}

#[test]
fn spans_tell_the_bytes_of_every_value() {
    let text = "\u{FEFF}# é\r\na: &x 'it''s' # c\r\nb:\n- *x\n- !!str \"q\"\n- k: |  # c\n    one\n    two\n\n  l:\n---\n? [p, q]\n: v\n";
    let spans = scalar_spans(text.as_bytes()).unwrap();
    let found: Vec<String> = spans
        .iter()
        .map(|span| {
            let path: Vec<String> = span.path.iter().map(Step::to_string).collect();
            format!(
                "{} {} {:?} {:?}",
                span.document,
                path.join("."),
                span.scalar.text.as_str(),
                &text[span.range.clone()]
            )
        })
        .collect();
    let expected = [
        r#"0 a "it's" "'it''s'""#,
        r#"0 b.[0] "it's" "*x""#,
        r#"0 b.[1] "q" "\"q\"""#,
        r#"0 b.[2].k "one\ntwo\n" "    one\n    two\n\n""#,
        r#"0 b.[2].l "" """#,
        r#"1  "v" "v""#,
    ];
    assert_eq!(found, expected);
    assert!(spans[1].alias);
}

#[test]
fn json_has_the_values_of_the_rules() {
    let objects =
        read_stream(b"{a: yes, b: 1.0, c: 0o17, d: 2020-01-01, e: 1e20, f: ~, g: 18446744073709551615}").unwrap();
    let json = |rules| to_json(&objects[0], rules).unwrap().to_string();
    let v3 = r#"{"a":"yes","b":1,"c":15,"d":"2020-01-01T00:00:00Z","e":1e+20,"f":null,"g":18446744073709551615}"#;
    assert_eq!(json(Rules::V3), v3);
    assert_eq!(json(Rules::V2), v3.replace("\"yes\"", "true").replace("T00:00:00Z", ""));
}

#[test]
fn keys_that_would_be_printed_with_one_text_are_refused() {
    for keys in ["~: 2, \"null\": 4", "0x1: 2, \"1\": 4", "~: 2, null: 4", "True: 1, \"true\": 2"] {
        let objects = read_objects(format!("spec: {{{keys}}}\n").as_bytes()).unwrap();
        let refused = write_skaffold(&objects[0], &mut String::new()).unwrap_err();
        assert!(refused.message.contains("in another spelling"), "{keys}: {refused}");
    }
}

/// Prints an object `depth` deep on a thread with so much stack and returns the length, or the reader's message.
fn nested(depth: usize, stack: usize, block: bool) -> Result<usize, String> {
    let inner = if block { "- ".repeat(depth) + "x" } else { "[".repeat(depth) + &"]".repeat(depth) };
    let text = format!("spec:\n  {inner}\n");
    let work = move || {
        let objects = read_objects(text.as_bytes()).map_err(|error| error.message)?;
        let mut out = String::new();
        write_kustomize(&objects[0].clone(), &mut out).map_err(|error| error.message)?;
        write_skaffold(&objects[0], &mut String::new()).map_err(|error| error.message)?;
        Ok(out.len())
    };
    std::thread::Builder::new().stack_size(stack).spawn(work).unwrap().join().unwrap()
}

#[test]
fn trees_are_as_deep_as_go_yaml_reads_them_where_the_stack_has_room() {
    let (small, large) = (1 << 20, 128 << 20);
    for block in [false, true] {
        assert!(nested(490, small, block).is_ok());
        assert_eq!(nested(510, small, block), Err("nested deeper than 500 levels".to_owned()));
        assert!(nested(9_990, large, block).is_ok());
        assert_eq!(nested(10_001, large, block), Err("nested deeper than 10000 levels".to_owned()));
    }
}
