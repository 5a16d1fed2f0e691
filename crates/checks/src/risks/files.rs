//! Risks of the files that a unit is written as.

use manifest::{At, ObjectId};

use super::model::Risk;
use super::table::find;

/// What Argo CD takes at most of one folder (`--max-combined-directory-manifests-size`, its default of 10M).
pub const FOLDER_LIMIT: u64 = 10_000_000;
const SKIP: &[u8] = b"+argocd:skip-file-rendering";

/// A file of a unit.
#[derive(Clone, Copy, Debug)]
pub struct UnitFile<'a> {
    /// Its path.
    pub path: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Returns the risks of the files of one folder that Argo CD reads.
pub fn of_files(files: &[UnitFile<'_>]) -> Vec<Risk> {
    let mut risks = Vec::new();
    let mut add = |id: &str, field: &str, change: String| {
        let object = ObjectId::default();
        let field = field.to_owned();
        risks.extend(find(id).map(|rule| Risk { rule, object, field, change, at: At::default() }));
    };
    let manifests = files.iter().filter(|file| [".yaml", ".yml", ".json"].iter().any(|end| file.path.ends_with(end)));
    let sum: u64 = manifests.clone().map(|file| file.bytes.len() as u64).sum();
    if sum > FOLDER_LIMIT {
        add("folder-too-large", "", format!("its files have {sum} bytes"));
    }
    for file in manifests.filter(|file| contains(file.bytes, SKIP)) {
        add("skip-file-rendering", "", format!("{} has the text", file.path));
    }
    risks
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    // Most files have no plus sign followed by an `a`, so that a search for the first byte is enough.
    let mut rest = bytes;
    while let Some(start) = rest.iter().position(|byte| *byte == part[0]) {
        rest = &rest[start..];
        if rest.starts_with(part) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(files: &[UnitFile<'_>]) -> Vec<&'static str> {
        of_files(files).iter().map(|risk| risk.rule.id).collect()
    }

    #[test]
    fn the_text_and_the_size_of_files_are_judged() {
        let file = |path, bytes| UnitFile { path, bytes };
        assert_eq!(ids(&[file("a.yaml", b"# +argocd:skip-file-rendering\n")]), ["skip-file-rendering"]);
        assert!(ids(&[file("a.yaml", b"+argocd +argocd:skip-file"), file("README.md", SKIP)]).is_empty());
        let half = vec![b' '; 5_000_001];
        assert_eq!(ids(&[file("a.yaml", &half), file("b.json", &half)]), ["folder-too-large"]);
        assert!(ids(&[file("a.yaml", &half), file("b.txt", &half)]).is_empty());
    }
}
