//! Executes one template a line as the NOTES.txt of a chart, for `benches/differential/functions.py`.
//!
//! Reads `{"template": BASE64}` and answers with `{"output": BASE64}` or `{"error": BASE64}`. The arguments are the chart's
//! folder, the version of helm, and the current time in seconds since 1970.

// An example is a program: it reads the chart from the disk.
#![allow(clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use render_core::files::MemoryFiles;
use render_core::helm::{Chart, Clock, Now, Offset, RenderOptions, Semantics, render, zone_offset};
use serde_json::json;

/// The time zones that the expressions name.
const ZONES: [&str; 4] = ["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"];

fn options(zones: MemoryFiles, seconds: i64) -> RenderOptions {
    let local = Offset { seconds: 0, abbreviation: "UTC".to_owned() };
    RenderOptions {
        release: "r".to_owned(),
        namespace: "default".to_owned(),
        clock: Some(Clock { now: Now { seconds, nanoseconds: 0 }, local }),
        zones: Some(Box::new(move |name, at| zone_offset(&zones, &BTreeMap::new(), name, at))),
        random: Some(Box::new(|bytes| {
            bytes.fill(7);
            Ok(())
        })),
        ..RenderOptions::default()
    }
}

fn run(files: &MemoryFiles, template: Vec<u8>, semantics: Semantics, now: i64) -> Result<Vec<u8>, String> {
    let mut files = files.clone();
    files.insert("/t/templates/NOTES.txt", template);
    let chart = Chart::load(&files, "/t", "t", semantics).map_err(|error| error.to_string())?;
    let rendered = render(&chart, options(files, now)).map_err(|error| error.to_string())?;
    Ok(rendered.notes.unwrap_or_default())
}

fn add_folder(folder: &std::path::Path, to: &str, files: &mut MemoryFiles) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{to}/{}", entry.file_name().to_string_lossy());
        match entry.file_type()?.is_dir() {
            true => add_folder(&entry.path(), &path, files)?,
            false => files.insert(&path, std::fs::read(entry.path())?),
        }
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let semantics = arguments.get(2).map_or(Ok(Semantics::default()), |name| name.parse())?;
    let now = arguments.get(3).map_or(Ok(0), |seconds| seconds.parse())?;
    let mut files = MemoryFiles::default();
    add_folder(arguments.get(1).ok_or("expected the folder of a chart")?.as_ref(), "/t", &mut files)?;
    for zone in ZONES.map(|zone| format!("/usr/share/zoneinfo/{zone}")) {
        files.insert(&zone, std::fs::read(&zone)?);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let request: serde_json::Value = serde_json::from_str(&line?)?;
        let template = STANDARD.decode(request["template"].as_str().unwrap_or_default())?;
        let answer = match run(&files, template, semantics, now) {
            Ok(output) => json!({"output": STANDARD.encode(output), "error": null}),
            Err(error) => json!({"output": null, "error": STANDARD.encode(error)}),
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
