//! Delivers one file to each of many branches, for `benches/deliver.sh`: `many_branches URL BRANCHES SOURCE BYTES`.
//!
//! The file's content depends on the branch and on SOURCE / 2, so that every second source changes nothing.

use std::time::Instant;

use committer::{Message, Options, Outcome, SourceRecord, Unit, deliver};
use git::Moment;
use git::source::Ancestry;
use git::{File, FileSet, Identity, Remote};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, branches, source, bytes] = arguments.as_slice() else {
        return Err("usage: many_branches URL BRANCHES SOURCE BYTES".into());
    };
    let (branches, source, bytes): (u32, u32, usize) = (branches.parse()?, source.parse()?, bytes.parse()?);
    let units: Vec<Unit> = (0..branches).map(|number| unit(number, source, bytes)).collect();
    let ancestors = |older: &str, newer: &str| if older <= newer { Ancestry::Ancestor } else { Ancestry::NotAncestor };
    let options = Options {
        dry_run: false,
        atomic: true,
        attempts: 5,
        max_refs: None,
        push_options: Vec::new(),
        signing: None,
        repository: String::new(),
        ancestors: &ancestors,
    };
    let start = Instant::now();
    let deliveries = deliver(git::open(&Remote::new(url))?.as_mut(), &units, &options)?;
    let took = start.elapsed();
    let count = |wanted: fn(&Outcome) -> bool| deliveries.iter().filter(|delivery| wanted(&delivery.outcome)).count();
    let committed = count(|outcome| matches!(outcome, Outcome::Committed { .. }));
    let noted = count(|outcome| matches!(outcome, Outcome::NoteUpdated));
    let unchanged = count(|outcome| matches!(outcome, Outcome::Unchanged));
    let line = format!("{committed} committed, {noted} noted, {unchanged} unchanged in {:.3} s\n", took.as_secs_f64());
    std::io::Write::write_all(&mut std::io::stdout(), line.as_bytes())?;
    Ok(())
}

fn unit(number: u32, source: u32, bytes: usize) -> Unit {
    let name = format!("svc-{number}/prod");
    let who = Identity {
        name: "Bench".to_owned(),
        email: "bench@example.com".to_owned(),
        time: Moment { seconds: 1_700_000_000 + i64::from(source), offset_minutes: 0 },
    };
    Unit {
        name: name.clone(),
        branch: name,
        topic: None,
        start_from: None,
        active: None,
        folder: String::new(),
        files: FileSet::from([("manifest.yaml".to_owned(), File::regular(content(number, source / 2, bytes)))]),
        source: SourceRecord {
            repo_url: "https://example.com/acme/shop".to_owned(),
            dry_sha: format!("{source:040}"),
            ..SourceRecord::default()
        },
        images: Vec::new(),
        promoted_from: None,
        outside: Vec::new(),
        signatures: Vec::new(),
        check: None,
        assignments: Vec::new(),
        expected_assignments: None,
        kept_from: None,
        restores: None,
        message: Message::Text(format!("svc-{number}: deliver {source}\n")),
        author: who.clone(),
        committer: who,
        adopt: true,
        allow_older: false,
        hold: None,
        release: false,
        retirement: None,
    }
}

/// Lines that look like YAML and compress about as well.
fn content(number: u32, version: u32, bytes: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes + 80);
    let mut state = u64::from(number) << 32 | u64::from(version) | 1;
    while out.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.extend_from_slice(
            format!("  - name: setting-{:x}\n    value: \"{:x}\"\n", state >> 48, state >> 20).as_bytes(),
        );
    }
    out.truncate(bytes);
    out
}
