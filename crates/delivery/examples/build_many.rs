//! Builds every kustomization of a corpus in one process, on all cores, and compares each with what is expected.
//!
//! usage: `build_many CORPUS [--alone]`, a folder with `index.json` as `../shared/conformance/real` has it; `--alone` builds each as
//! if it were the only one

use std::path::Path;
use std::time::Instant;

use delivery::verbs::kustomize::{Options, Together, run, run_beside};
use rayon::prelude::*;

#[expect(clippy::print_stdout, reason = "a program that measures prints its figures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = std::env::args().nth(1).ok_or("usage: build_many CORPUS [--alone]")?;
    let alone = std::env::args().nth(2).is_some_and(|flag| flag == "--alone");
    let corpus = Path::new(&corpus);
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(corpus.join("index.json"))?)?;
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let cases: Vec<(String, String)> = index
        .as_array()
        .ok_or("index.json is no list")?
        .iter()
        .map(|case| (text(case, "dir"), text(case, "expected")))
        .collect();
    let (together, options) = (Together::default(), Options::default());
    let one = |folder: &str| {
        let folder = corpus.join(folder);
        if alone { run(&folder, &options) } else { run_beside(&together, &folder, &options) }
    };
    let start = Instant::now();
    let built: Vec<_> = cases.par_iter().map(|(folder, _)| one(folder)).collect();
    let elapsed = start.elapsed();
    let (mut same, mut bytes) = (0, 0);
    for ((folder, expected), built) in cases.iter().zip(built) {
        bytes += built.as_ref().map_or(0, |printed| printed.text().len());
        if expected.is_empty() {
            continue;
        }
        match (built, std::fs::read_to_string(corpus.join(expected))) {
            (Ok(printed), Ok(expected)) if printed.text() == expected => same += 1,
            (Err(error), _) => println!("{folder}: {error}"),
            _ => println!("{folder}: other bytes"),
        }
    }
    println!("{same} of {} equal, {bytes} bytes built in {:.1} ms", cases.len(), elapsed.as_secs_f64() * 1000.0);
    Ok(())
}
