//! Reads objects from standard input and prints them as a tool does: `reprint kustomize`, `reprint skaffold`.
//!
//! `reprint time` measures instead. `benches/differential/yaml.py` compares its output with the real tool's. With `reprint many`, the input is several
//! files after one another, each ending with a line that holds only `\x01`, and each answer ends with such a line.

use std::io::{Read, Write};

use manifest::yaml;

fn reprint(input: &[u8], tool: &str) -> Result<String, String> {
    let objects = yaml::read_objects(input).map_err(|error| error.to_string())?;
    let mut out = String::new();
    for object in &objects {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        let written = match tool {
            "skaffold" => yaml::write_skaffold(object, &mut out),
            _ => yaml::write_kustomize(object, &mut out),
        };
        written.map_err(|error| error.to_string())?;
    }
    Ok(out)
}

/// Prints how fast the input is read and printed.
#[expect(clippy::disallowed_methods, reason = "a measurement needs a clock")]
fn time(input: &[u8]) -> std::io::Result<()> {
    let start = std::time::Instant::now();
    let objects = yaml::read_objects(input).map_err(std::io::Error::other)?;
    let read = start.elapsed().as_secs_f64();
    let mut text = String::new();
    for object in &objects {
        yaml::write_kustomize(object, &mut text).map_err(std::io::Error::other)?;
    }
    let printed = start.elapsed().as_secs_f64() - read;
    let speed = |bytes: usize, seconds: f64| bytes as f64 / 1e6 / seconds;
    let (read, printed) = (speed(input.len(), read), speed(text.len(), printed));
    writeln!(std::io::stdout(), "{} objects: read {read:.0} MB/s, print {printed:.0} MB/s", objects.len())
}

fn main() -> std::io::Result<()> {
    let mut input = Vec::new();
    std::io::stdin().read_to_end(&mut input)?;
    let tool = std::env::args().nth(1).unwrap_or_default();
    let mut out = std::io::stdout().lock();
    if tool == "time" {
        return time(&input);
    }
    if tool != "many" {
        let text = reprint(&input, &tool).map_err(std::io::Error::other)?;
        return out.write_all(text.as_bytes());
    }
    for file in input.split(|byte| *byte == 1) {
        match reprint(file.strip_prefix(b"\n").unwrap_or(file), "kustomize") {
            Ok(text) => out.write_all(text.as_bytes())?,
            Err(error) => writeln!(out, "\x02{error}")?,
        }
        out.write_all(b"\x01\n")?;
    }
    Ok(())
}
