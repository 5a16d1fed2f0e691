//! `git-receive-pack`: pushes, each ref with its expected old value.

use std::io::Write as _;

use git2::{Oid, Repository};

use super::pkt;
use super::{Abilities, Fault};

/// The announcement.
pub(super) fn announce(repository: &Repository, abilities: &Abilities) -> Vec<u8> {
    let mut capabilities =
        "report-status side-band-64k quiet ofs-delta object-format=sha1 agent=git/2.47.0-testkit".to_owned();
    if abilities.atomic {
        capabilities.push_str(" atomic");
    }
    if abilities.push_options {
        capabilities.push_str(" push-options");
    }
    let mut out = Vec::new();
    super::upload::refs(repository, &capabilities, &mut out);
    pkt::flush(&mut out);
    out
}

struct Command {
    old: Oid,
    new: Oid,
    name: String,
}

/// The report and the push options; `None` for a push that cannot be read.
pub(super) fn answer(repository: &Repository, faults: &[Fault], body: &[u8]) -> Option<(Vec<u8>, Vec<String>)> {
    let mut rest = body;
    let (mut commands, mut capabilities) = (Vec::new(), String::new());
    while let Some(text) = pkt::take(&mut rest)?.text() {
        let (line, list) = text.split_once('\0').unwrap_or((text, ""));
        if !list.is_empty() {
            list.clone_into(&mut capabilities);
        }
        let mut parts = line.split(' ');
        let (old, new) = (Oid::from_str(parts.next()?).ok()?, Oid::from_str(parts.next()?).ok()?);
        commands.push(Command { old, new, name: parts.next()?.to_owned() });
    }
    let has = |name: &str| capabilities.split(' ').any(|found| found == name);
    let mut options = Vec::new();
    if has("push-options") {
        while let Some(text) = pkt::take(&mut rest)?.text() {
            options.push(text.to_owned());
        }
    }
    let mut progress = Vec::new();
    let unpacked = unpack(repository, rest);
    let results = match (&unpacked, hook(faults)) {
        (Err(_), _) => commands.iter().map(|_| Err("unpacker error".to_owned())).collect(),
        (Ok(()), Some(message)) => {
            progress.extend_from_slice(format!("{message}\n").as_bytes());
            commands.iter().map(|_| Err("pre-receive hook declined".to_owned())).collect()
        }
        (Ok(()), None) => update(repository, faults, &commands, has("atomic")),
    };
    let mut report = Vec::new();
    pkt::text(&mut report, &format!("unpack {}", unpacked.err().unwrap_or_else(|| "ok".to_owned())));
    for (command, result) in commands.iter().zip(&results) {
        match result {
            Ok(()) => pkt::text(&mut report, &format!("ok {}", command.name)),
            Err(reason) => pkt::text(&mut report, &format!("ng {} {reason}", command.name)),
        }
    }
    pkt::flush(&mut report);
    let mut out = Vec::new();
    if has("side-band-64k") {
        pkt::band(&mut out, 2, &progress);
        pkt::band(&mut out, 1, &report);
        pkt::flush(&mut out);
    } else {
        out = report;
    }
    Some((out, options))
}

fn unpack(repository: &Repository, pack: &[u8]) -> Result<(), String> {
    let message = |error: &git2::Error| error.message().replace('\n', " ");
    let odb = repository.odb().map_err(|error| message(&error))?;
    let mut writer = odb.packwriter().map_err(|error| message(&error))?;
    writer.write_all(pack).map_err(|error| error.to_string())?;
    writer.commit().map_err(|error| message(&error))?;
    Ok(())
}

fn hook(faults: &[Fault]) -> Option<&str> {
    faults.iter().find_map(|fault| match fault {
        Fault::Hook(message) => Some(message.as_str()),
        _ => None,
    })
}

fn update(repository: &Repository, faults: &[Fault], commands: &[Command], atomic: bool) -> Vec<Result<(), String>> {
    let mut checked: Vec<Result<(), String>> =
        commands.iter().map(|command| check(repository, faults, command)).collect();
    let unnamed = faults.iter().any(|fault| matches!(fault, Fault::UnnamedRace));
    if atomic && unnamed && checked.iter().any(Result::is_err) {
        return commands.iter().map(|_| Err("atomic transaction failed".to_owned())).collect();
    }
    if atomic && checked.iter().any(Result::is_err) {
        for result in &mut checked {
            if result.is_ok() {
                *result = Err("atomic push failure".to_owned());
            }
        }
    }
    let results = commands.iter().zip(checked).map(|(command, checked)| {
        checked?;
        let written = repository.reference(&command.name, command.new, true, "push");
        written.map(|_| ()).map_err(|error| format!("failed to update ref: {}", error.message()))
    });
    results.collect()
}

fn check(repository: &Repository, faults: &[Fault], command: &Command) -> Result<(), String> {
    let rejected = faults.iter().find_map(|fault| match fault {
        Fault::Reject(name, message) if *name == command.name => Some(message.clone()),
        _ => None,
    });
    if let Some(message) = rejected {
        return Err(message);
    }
    let now = repository.refname_to_id(&command.name).unwrap_or(Oid::ZERO_SHA1);
    if now != command.old {
        return Err(format!("cannot lock ref '{}': is at {now} but expected {}", command.name, command.old));
    }
    complete(repository, command.new).map_err(|_| "missing necessary objects".to_owned())
}

/// Whether the commit, its tree and its parents are all here.
fn complete(repository: &Repository, commit: Oid) -> Result<(), git2::Error> {
    let commit = repository.find_commit(commit)?;
    for parent in commit.parent_ids() {
        repository.find_commit(parent)?;
    }
    let mut missing = None;
    commit.tree()?.walk(git2::TreeWalkMode::PreOrder, |_, entry| {
        if repository.find_object(entry.id(), None).is_err() {
            missing = Some(entry.id());
            return git2::TreeWalkResult::Abort;
        }
        git2::TreeWalkResult::Ok
    })?;
    match missing {
        Some(id) => repository.find_object(id, None).map(|_| ()),
        None => Ok(()),
    }
}
