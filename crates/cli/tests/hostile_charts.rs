//! Charts that want too much memory, time or stack: the program ends with an error, in bounded memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set up its case has failed, and the figures are its report"
)]

use std::fs;
use std::process::Command;

use testkit::hostile::{Measured, measure};

/// The memory that no chart may need, in megabytes.
const MAX_MB: u64 = 512;

const VALUES: &str = "values exceed the limit of 419430400 bytes";
const OUTPUT: &str = "output exceeds the limit of 67108864 bytes";
const NESTED: &str = "functions execute templates more than 3000 deep inside each other";
const CYCLE: &str = "{{ $d := dict }}{{ $_ := set $d \"self\" $d }}";

/// A name, a template, and what the error says; nothing where the chart renders.
type Case = (&'static str, String, &'static str);

fn render(template: &str) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    fs::write(folder.path().join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n").unwrap();
    fs::write(folder.path().join("templates/a.yaml"), template).unwrap();
    fs::write(folder.path().join("f.txt"), "{{ tpl (.Files.Get \"f.txt\") . }}").unwrap();
    measure(Command::new(env!("CARGO_BIN_EXE_hydrant")).args(["helm", "template", "r"]).arg(folder.path()))
}

fn check(cases: Vec<Case>) {
    for (name, template, message) in cases {
        let measured = render(&template);
        let stderr = measured.stderr();
        println!("{name}: {} MB, {:.1} s", measured.peak_mb, measured.time.as_secs_f64());
        let status = measured.output.status.code();
        assert_eq!(status, Some(i32::from(!message.is_empty())), "{name}: {:.400}", stderr);
        assert!(stderr.contains(message), "{name}: {message:?} is not in {stderr:.400}");
        assert!(measured.peak_mb < MAX_MB, "{name}: {} MB", measured.peak_mb);
        assert!(message.is_empty() || measured.output.stdout.is_empty(), "{name}: output beside an error");
        assert!(message.is_empty() || stderr.contains("a.yaml:1"), "{name}: no place in {stderr:.400}");
    }
}

#[test]
fn templates_that_execute_themselves() {
    let own = "rendering template has a nested reference name: x";
    check(vec![
        ("include", r#"{{ define "x" }}{{ include "x" . }}{{ end }}{{ include "x" . }}"#.into(), own),
        (
            "template",
            r#"{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}"#.into(),
            "maximum template depth",
        ),
        ("tpl", r#"{{ tpl "{{ tpl .t . }}" (dict "t" "{{ tpl .t . }}") }}"#.into(), NESTED),
        ("tpl of a file", r#"{{ tpl (.Files.Get "f.txt") . }}"#.into(), NESTED),
        ("parentheses", format!("{{{{ {}1{} }}}}", "(".repeat(100_000), ")".repeat(100_000)), "max expression depth"),
    ]);
}

#[test]
fn texts_and_lists_that_grow() {
    let grow = |start: &str, change: &str| {
        format!(
            "{{{{ $x := {start} }}}}{{{{ range until 200 }}}}{{{{ $x = {change} }}}}{{{{ end }}}}{{{{ $x | len }}}}"
        )
    };
    let text = r#""aaaaaaaa""#;
    check(vec![
        ("print", grow(text, "print $x $x"), VALUES),
        ("join", grow(text, "join $x (list $x $x)"), VALUES),
        ("b64enc", grow(text, "b64enc $x"), VALUES),
        ("concat", grow("list 1 2", "concat $x $x"), VALUES),
        ("wrapWith", grow(r#"repeat 1000 "a ""#, "wrapWith 1 $x $x"), VALUES),
        ("splitList", r#"{{ splitList "" (repeat 10000000 "a") | len }}"#.into(), VALUES),
        ("repeat", r#"{{ repeat 1000000000 "aaaaaaaaaa" }}"#.into(), "Repeat output length overflow"),
        ("indent", r#"{{ indent 100000 (repeat 100000 "\n") }}"#.into(), OUTPUT),
        ("until", "{{ until 1000000000 }}".into(), "exceeds the limit of 50000000 steps"),
        ("randAlphaNum", "{{ randAlphaNum 1000000000 }}".into(), "at most 16777216 characters"),
        ("output", r#"{{ range until 100 }}{{ repeat 1000000 "a" }}{{ end }}"#.into(), OUTPUT),
    ]);
}

#[test]
fn maps_that_contain_themselves() {
    let of = |start: &str, action: &str| format!("a: {start}{{{{ {action} }}}}");
    check(vec![
        ("toYaml", of(CYCLE, "toYaml $d | len"), ""),
        ("toYamlPretty", of(CYCLE, "toYamlPretty $d | len"), ""),
        ("mustToJson", of(CYCLE, "mustToJson $d"), "encountered a cycle"),
        ("deepCopy", of(CYCLE, "deepCopy $d | len"), "nested more than 10000 deep"),
        ("mergeOverwrite", of(CYCLE, "mergeOverwrite (dict) $d | len"), ""),
    ]);
}
