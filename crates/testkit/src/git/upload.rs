//! `git-upload-pack`: the refs, and packs of objects.

use std::collections::BTreeSet;

use git2::{ObjectType, Oid, Repository, Tree};

use super::Abilities;
use super::pkt::{self, Line};

/// The announcement of either version.
pub(super) fn announce(repository: &Repository, abilities: &Abilities, version_2: bool) -> Vec<u8> {
    let mut out = Vec::new();
    if version_2 {
        let fetch = if abilities.filter { "fetch=shallow filter" } else { "fetch=shallow" };
        for line in ["version 2", "agent=testkit", "ls-refs=unborn", fetch, "object-format=sha1"] {
            pkt::text(&mut out, line);
        }
    } else {
        refs(repository, "side-band-64k ofs-delta shallow no-progress agent=testkit", &mut out);
    }
    pkt::flush(&mut out);
    out
}

/// The refs as version 0 announces them.
pub(super) fn refs(repository: &Repository, capabilities: &str, out: &mut Vec<u8>) {
    let found = listed(repository);
    if found.is_empty() {
        pkt::data(out, format!("{} capabilities^{{}}\0{capabilities}\n", Oid::ZERO_SHA1).as_bytes());
    }
    for (index, (name, id)) in found.iter().enumerate() {
        let tail = if index == 0 { format!("\0{capabilities}") } else { String::new() };
        pkt::data(out, format!("{id} {name}{tail}\n").as_bytes());
    }
}

fn listed(repository: &Repository) -> Vec<(String, Oid)> {
    let Ok(references) = repository.references() else { return Vec::new() };
    let found = references.flatten().filter_map(|reference| {
        Some((String::from_utf8_lossy(reference.name_bytes()).into_owned(), reference.target()?))
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

#[derive(Default)]
struct Asked {
    command: String,
    wants: Vec<Oid>,
    haves: Vec<Oid>,
    done: bool,
    no_trees: bool,
    prefixes: Vec<String>,
    depth: usize,
    no_blobs: bool,
}

/// The answer to a request; `None` for one that cannot be read.
pub(super) fn answer(repository: &Repository, abilities: &Abilities, version_2: bool, body: &[u8]) -> Option<Vec<u8>> {
    let mut asked = Asked::default();
    let mut rest = body;
    while !rest.is_empty() {
        let line = pkt::take(&mut rest)?;
        let Some(text) = line.text() else {
            if line == Line::Mark(0) && version_2 {
                break;
            }
            continue;
        };
        let (word, value) = text.split_once([' ', '=']).unwrap_or((text, ""));
        match word {
            "command" => value.clone_into(&mut asked.command),
            "want" => asked.wants.push(Oid::from_str(value.split(' ').next()?).ok()?),
            "ref-prefix" => asked.prefixes.push(value.to_owned()),
            "deepen" => asked.depth = value.parse().ok()?,
            "have" => asked.haves.push(Oid::from_str(value).ok()?),
            "done" => asked.done = true,
            "filter" => {
                asked.no_trees = abilities.filter && value == "tree:0";
                asked.no_blobs = asked.no_trees || abilities.filter && value == "blob:none";
            }
            _ => {}
        }
    }
    let mut out = Vec::new();
    if asked.command == "ls-refs" {
        for (name, id) in listed(repository) {
            if asked.prefixes.is_empty() || asked.prefixes.iter().any(|prefix| name.starts_with(prefix)) {
                pkt::text(&mut out, &format!("{id} {name}"));
            }
        }
        pkt::flush(&mut out);
        return Some(out);
    }
    fetch(repository, &asked, version_2, &mut out);
    Some(out)
}

fn fetch(repository: &Repository, asked: &Asked, version_2: bool, out: &mut Vec<u8>) {
    let known = |id: &&Oid| repository.find_commit(**id).is_ok();
    let common: Vec<Oid> = asked.haves.iter().filter(known).copied().collect();
    if version_2 && !asked.done && !asked.haves.is_empty() {
        pkt::text(out, "acknowledgments");
        common.iter().for_each(|id| pkt::text(out, &format!("ACK {id}")));
        if common.is_empty() {
            pkt::text(out, "NAK");
        }
        pkt::flush(out);
        return;
    }
    let mut gathered = Gathered::default();
    for &have in &common {
        let everything = Asked::default();
        gathered.want(repository, have, &everything);
    }
    let theirs = std::mem::take(&mut gathered.objects);
    for &want in &asked.wants {
        if gathered.want(repository, want, asked).is_none() {
            pkt::data(out, format!("ERR upload-pack: not our ref {want}").as_bytes());
            return;
        }
    }
    gathered.objects.retain(|id| !theirs.contains(id));
    let shallow: Vec<String> = gathered.shallow.iter().map(|id| format!("shallow {id}")).collect();
    if version_2 && !shallow.is_empty() {
        pkt::text(out, "shallow-info");
    }
    if asked.depth > 0 {
        shallow.iter().for_each(|line| pkt::text(out, line));
        if !version_2 {
            pkt::flush(out);
        } else if !shallow.is_empty() {
            out.extend_from_slice(b"0001");
        }
    }
    match common.first().filter(|_| !version_2) {
        Some(id) => pkt::text(out, &format!("ACK {id}")),
        None => pkt::text(out, if version_2 { "packfile" } else { "NAK" }),
    }
    pkt::band(out, 2, b"Enumerating objects\n");
    pkt::band(out, 1, &gathered.pack(repository).unwrap_or_default());
    pkt::flush(out);
}

#[derive(Default)]
struct Gathered {
    objects: BTreeSet<Oid>,
    shallow: Vec<Oid>,
}

impl Gathered {
    fn want(&mut self, repository: &Repository, id: Oid, asked: &Asked) -> Option<()> {
        let object = repository.find_object(id, None).ok()?;
        let Some(commit) = object.as_commit() else {
            match object.as_tree() {
                Some(tree) => self.tree(repository, tree, asked),
                None => {
                    self.objects.insert(id);
                }
            }
            return Some(());
        };
        let mut level = vec![commit.clone()];
        let mut left = if asked.depth == 0 { usize::MAX } else { asked.depth };
        while !level.is_empty() && left > 0 {
            left -= 1;
            let mut next = Vec::new();
            for commit in level {
                if self.objects.insert(commit.id()) {
                    self.tree(repository, &commit.tree().ok()?, asked);
                    if left == 0 && commit.parent_count() > 0 {
                        self.shallow.push(commit.id());
                    }
                    next.extend(commit.parents());
                }
            }
            level = next;
        }
        Some(())
    }

    fn tree(&mut self, repository: &Repository, tree: &Tree<'_>, asked: &Asked) {
        if asked.no_trees {
            return;
        }
        self.objects.insert(tree.id());
        for entry in tree {
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    if let Ok(below) = repository.find_tree(entry.id()) {
                        self.tree(repository, &below, asked);
                    }
                }
                Some(ObjectType::Blob) if !asked.no_blobs => {
                    self.objects.insert(entry.id());
                }
                _ => {}
            }
        }
    }

    fn pack(&self, repository: &Repository) -> Result<Vec<u8>, git2::Error> {
        let mut builder = repository.packbuilder()?;
        for &id in &self.objects {
            builder.insert_object(id, None)?;
        }
        let mut buffer = git2::Buf::new();
        builder.write_buf(&mut buffer)?;
        Ok(buffer.to_vec())
    }
}
