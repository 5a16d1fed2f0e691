//! git's commit-graph files: the parents of commits, without a read of the commits themselves.
//!
//! Read as gitformat-commit-graph describes version 1, single files and chains. libgit2 1.9 has a reader too, but a walk with it was as slow
//! with a file of git 2.39 as without one (docs/scale.md).

use std::path::Path;

use git2::{Oid, Repository};

const ID_LENGTH: usize = 20;
const ENTRY_LENGTH: usize = ID_LENGTH + 16;
/// Instead of a parent: there is none.
const NO_PARENT: u32 = 0x7000_0000;
/// In the second parent: the others are a list in the chunk of extra edges. There: the last one of a list.
const FLAG: u32 = 0x8000_0000;

/// The commit-graph files of a repository, the base of the chain first.
pub(super) struct CommitGraph {
    layers: Vec<Layer>,
    length: u32,
}

struct Layer {
    bytes: Vec<u8>,
    /// The position of the first commit.
    start: u32,
    length: u32,
    ids: usize,
    entries: usize,
    /// Zero where there is no such chunk.
    edges: usize,
}

impl CommitGraph {
    /// Reads the files; `None` where there are none, where git would not use them, or where they are not in the known form.
    pub(super) fn read(repository: &Repository) -> Option<Self> {
        let configured = repository.config().and_then(|config| config.get_bool("core.commitGraph"));
        let has_grafts = repository.commondir().join("info/grafts").exists();
        if repository.is_shallow() || has_grafts || configured.is_ok_and(|used| !used) {
            return None;
        }
        let folder = repository.commondir().join("objects/info");
        let chain = std::fs::read_to_string(folder.join("commit-graphs/commit-graph-chain")).unwrap_or_default();
        let names: Vec<String> = match chain.is_empty() {
            true => vec!["commit-graph".to_owned()],
            false => chain.lines().map(|hash| format!("commit-graphs/graph-{hash}.graph")).collect(),
        };
        let mut graph = CommitGraph { layers: Vec::new(), length: 0 };
        for name in names {
            let layer = Layer::read(&folder.join(name), graph.length)?;
            graph.length = graph.length.checked_add(layer.length)?;
            graph.layers.push(layer);
        }
        Some(graph)
    }

    /// The number of commits.
    pub(super) fn len(&self) -> usize {
        self.length as usize
    }

    /// The position of a commit.
    pub(super) fn position(&self, commit: Oid) -> Option<u32> {
        self.layers.iter().find_map(|layer| layer.position(commit.as_bytes()))
    }

    /// The positions of a commit's parents; `None` where the file is damaged.
    pub(super) fn parents(&self, position: u32) -> Option<Vec<u32>> {
        let layer = self.layers.iter().rfind(|layer| layer.start <= position)?;
        let parents = layer.parents(position - layer.start)?;
        parents.iter().all(|parent| *parent < self.length).then_some(parents)
    }
}

impl Layer {
    fn read(path: &Path, start: u32) -> Option<Self> {
        let bytes = std::fs::read(path).ok()?;
        // Signature, version 1, SHA-1.
        if bytes.get(..6)? != b"CGPH\x01\x01" {
            return None;
        }
        let chunks = usize::from(*bytes.get(6)?);
        let chunk = |name: &[u8]| {
            let entries = (0..chunks).filter_map(|index| bytes.get(8 + index * 12..20 + index * 12));
            let found = entries.into_iter().find(|entry| entry.starts_with(name))?;
            usize::try_from(u64::from_be_bytes(found[4..].try_into().ok()?)).ok()
        };
        let (fanout, ids, entries) = (chunk(b"OIDF")?, chunk(b"OIDL")?, chunk(b"CDAT")?);
        let edges = chunk(b"EDGE").unwrap_or_default();
        let length = number(&bytes, fanout.checked_add(255 * 4)?)?;
        let ends = [(ids, ID_LENGTH), (entries, ENTRY_LENGTH)].map(|(at, size)| at.checked_add(length as usize * size));
        let complete = ends.iter().all(|end| end.is_some_and(|end| end <= bytes.len()));
        complete.then_some(Layer { bytes, start, length, ids, entries, edges })
    }

    fn position(&self, id: &[u8]) -> Option<u32> {
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            let at = self.ids + middle as usize * ID_LENGTH;
            match self.bytes.get(at..at + ID_LENGTH)?.cmp(id) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(self.start + middle),
            }
        }
        None
    }

    fn parents(&self, index: u32) -> Option<Vec<u32>> {
        let at = self.entries + index as usize * ENTRY_LENGTH + ID_LENGTH;
        let (first, second) = (number(&self.bytes, at)?, number(&self.bytes, at + 4)?);
        let mut parents: Vec<u32> = [first].into_iter().filter(|parent| *parent != NO_PARENT).collect();
        if second & FLAG == 0 {
            parents.extend([second].into_iter().filter(|parent| *parent != NO_PARENT));
            return Some(parents);
        }
        let mut edge = self.edges + (second & !FLAG) as usize * 4;
        loop {
            let parent = number(&self.bytes, edge).filter(|_| self.edges > 0)?;
            parents.push(parent & !FLAG);
            if parent & FLAG != 0 {
                return Some(parents);
            }
            edge += 4;
        }
    }
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}
