//! Templates of charts that want too much memory, time or stack, from a file: each ends with an error of its template or renders, in bounded
//! memory and time.
//!
//! The cases that take long without optimization are ignored. `.ci/run` runs them with the release build, which the variable
//! `HYDRANT_BINARY` names.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set up its case has failed, and the figures are its report"
)]

use std::ffi::OsString;
use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;
use testkit::hostile::measure;

const CASES: &str = include_str!("hostile_templates/cases.json");

/// The memory that no chart may need, in megabytes.
const MAX_MB: u64 = 512;

/// The time that no chart may need on a loaded machine.
const MAX_TIME: Duration = Duration::from_secs(180);

/// Returns the program that is tested.
fn program() -> OsString {
    std::env::var_os("HYDRANT_BINARY").unwrap_or_else(|| env!("CARGO_BIN_EXE_hydrant").into())
}

/// Returns the text of a case: parts, each with the number of its repetitions, in which `⟦i⟧` and `⟦i+1⟧` are numbers that count them.
fn text_of(case: &Value) -> String {
    let parts =
        case["text"].as_array().unwrap().iter().map(|part| (part[0].as_u64().unwrap(), part[1].as_str().unwrap()));
    let repeated = |(count, text): (u64, &str)| -> String {
        if !text.contains('⟦') {
            return text.repeat(usize::try_from(count).unwrap());
        }
        let numbered =
            |number: u64| text.replace("⟦i⟧", &number.to_string()).replace("⟦i+1⟧", &(number + 1).to_string());
        (0..count).map(numbered).collect()
    };
    parts.map(repeated).collect()
}

fn check(case: &Value) {
    let name = case["name"].as_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("templates")).unwrap();
    fs::write(folder.path().join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n").unwrap();
    fs::write(folder.path().join("templates/a.yaml"), text_of(case)).unwrap();
    fs::write(folder.path().join("f.txt"), "{{ tpl (.Files.Get \"f.txt\") . }}").unwrap();
    let measured = measure(Command::new(program()).args(["helm", "template", "r"]).arg(folder.path()));
    let stderr = measured.stderr();
    println!("{name}: {} MB, {:.1} s", measured.peak_mb, measured.time.as_secs_f64());
    let status = i64::from(measured.output.status.code().unwrap_or(-1));
    assert_eq!(status, case["status"].as_i64().unwrap(), "{name}: {stderr:.400}");
    let message = case["error"].as_str().unwrap_or_default();
    assert!(stderr.contains(message), "{name}: {message:?} is not in {stderr:.400}");
    assert!(status == 0 || stderr.contains("a.yaml"), "{name}: no place in {stderr:.400}");
    assert!(status == 0 || measured.output.stdout.is_empty(), "{name}: output beside an error");
    assert!(measured.peak_mb < MAX_MB, "{name}: {} MB", measured.peak_mb);
    assert!(measured.time < MAX_TIME, "{name}: {:?}", measured.time);
}

fn check_all(slow: bool) {
    let cases: Value = serde_json::from_str(CASES).unwrap();
    let cases = cases.as_array().unwrap().iter().filter(|case| case["slow"].as_bool().unwrap_or_default() == slow);
    let count = cases.map(check).count();
    assert!(count > 10, "{count} cases");
}

#[test]
fn templates_end_in_bounded_memory_and_time() {
    check_all(false);
}

#[test]
#[ignore = "takes minutes without optimization"]
fn slow_templates_end_in_bounded_memory_and_time() {
    check_all(true);
}
