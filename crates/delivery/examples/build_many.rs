//! Builds every kustomization of a corpus in one process, on all cores, and compares each with what is expected.
//!
//! usage: `build_many CORPUS`, a folder with `index.json` as `../shared/conformance/real` has it

use std::path::Path;
use std::time::Instant;

use delivery::disk::DiskFiles;
use delivery::kustomize::{Options, run_with};
use delivery::world::World;
use rayon::prelude::*;

#[expect(clippy::print_stdout, reason = "a program that measures prints its figures")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let corpus = std::env::args().nth(1).ok_or("usage: build_many CORPUS")?;
    let corpus = Path::new(&corpus);
    let index: serde_json::Value = serde_json::from_slice(&std::fs::read(corpus.join("index.json"))?)?;
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let cases: Vec<(String, String)> = index
        .as_array()
        .ok_or("index.json is no list")?
        .iter()
        .map(|case| (text(case, "dir"), text(case, "expected")))
        .collect();
    let (files, world, options) = (DiskFiles::default(), World::default(), Options::default());
    let start = Instant::now();
    let built: Vec<_> =
        cases.par_iter().map(|(folder, _)| run_with(&files, &world, &corpus.join(folder), &options)).collect();
    let elapsed = start.elapsed();
    let mut same = 0;
    for ((folder, expected), built) in cases.iter().zip(built) {
        match (built, std::fs::read_to_string(corpus.join(expected))) {
            (Ok(printed), Ok(expected)) if printed.text() == expected => same += 1,
            (Err(error), _) => println!("{folder}: {error}"),
            _ => println!("{folder}: other bytes"),
        }
    }
    println!("{same} of {} equal, built in {:.1} ms", cases.len(), elapsed.as_secs_f64() * 1000.0);
    Ok(())
}
