//! Prints the risks of replacing the objects in one file by those in another: `risks OLD NEW`. For comparisons over many revisions; what
//! cannot be read is skipped.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "a program for people, not part of the library")]

use checks::risks;
use manifest::Node;
use manifest::yaml::read_objects;

fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    for pair in paths.chunks(2) {
        let read = |path: &String| -> Option<Vec<Node>> { read_objects(&std::fs::read(path).ok()?).ok() };
        let (Some(old), Some(new)) = (read(&pair[0]), pair.get(1).and_then(read)) else { continue };
        for risk in risks::of_change(&old, &new).into_iter().chain(risks::of_objects(&new)) {
            println!("{}\t{}\t{}\t{}\t{}", risk.rule.id, risk.object, risk.field, risk.change, pair[1]);
        }
    }
}
