//! Units for the tests, and what became of them.

#![allow(dead_code, unreachable_pub, reason = "each test file uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

use committer::{DeliverError, Message, Options, Outcome, Refusal, SourceRecord, Unit, UnitResult};
use git::Moment;
use git::source::Ancestry;
use git::{File, FileSet, Identity, Remote};

/// [`committer::deliver`] over a transport that is opened for it.
pub fn deliver(remote: &Remote, units: &[Unit], options: &Options<'_>) -> Result<Vec<UnitResult>, DeliverError> {
    committer::deliver(git::open(remote)?.as_mut(), units, options)
}

/// Source commits in the tests are numbers: the larger one is the newer one, and those above 900 are on another line.
pub fn sha(number: u32) -> String {
    format!("{number:040}")
}

fn number(sha: &str) -> u32 {
    sha.parse().unwrap()
}

/// See [`sha`].
pub fn ancestors(older: &str, newer: &str) -> Ancestry {
    match (number(older), number(newer)) {
        (666, _) => Ancestry::Unknown("lost".to_owned()),
        (older, newer) if older <= newer && older < 900 => Ancestry::Ancestor,
        _ => Ancestry::NotAncestor,
    }
}

/// A unit at the root of a branch.
pub fn unit(branch: &str, source: u32, files: &[(&str, &str)]) -> Unit {
    let who = Identity {
        name: "Deploy".to_owned(),
        email: "deploy@example.com".to_owned(),
        time: Moment { seconds: 1_700_000_000 + i64::from(source), offset_minutes: 0 },
    };
    let files: FileSet =
        files.iter().map(|(path, text)| ((*path).to_owned(), File::regular(text.as_bytes()))).collect();
    Unit {
        name: branch.to_owned(),
        branch: branch.to_owned(),
        topic: None,
        start_from: None,
        active: None,
        folder: String::new(),
        files,
        source: SourceRecord {
            repo_url: "https://example.com/acme/shop.git".to_owned(),
            dry_sha: sha(source),
            commands: vec!["hydrant deliver".to_owned()],
            author: "Ada <ada@example.com>".to_owned(),
            date: "2023-11-14T22:13:20Z".to_owned(),
            subject: format!("change {source}"),
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
        message: Message::Text(format!("{branch}: deliver {source}\n\nHydrant-Source: {source}\n")),
        author: who.clone(),
        committer: who,
        adopt: false,
        allow_older: false,
        hold: None,
        release: false,
        retirement: None,
    }
}

/// The old and the new commit; panics for any other outcome.
pub fn committed(delivery: &UnitResult) -> (Option<String>, String) {
    match &delivery.outcome {
        Outcome::Committed { old, new } => (old.clone(), new.clone()),
        other => panic!("{other:?}"),
    }
}

/// Why not; panics for any other outcome.
pub fn refused(delivery: &UnitResult) -> Refusal {
    match &delivery.outcome {
        Outcome::Refused(refusal) => refusal.clone(),
        other => panic!("{other:?}"),
    }
}

/// The options that most tests use.
pub fn options() -> Options<'static> {
    Options {
        dry_run: false,
        atomic: false,
        attempts: 5,
        max_refs: None,
        push_options: Vec::new(),
        signing: None,
        repository: String::new(),
        ancestors: &ancestors,
    }
}
