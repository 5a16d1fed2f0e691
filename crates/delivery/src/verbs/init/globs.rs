//! Folders as globs.

use std::collections::BTreeMap;

/// The folders as the entries of `services`: one glob for several siblings, and one entry for a folder without siblings or
/// where the glob would find more than them. `marked` folders are found by a file in them, so a glob finds no other.
pub(super) fn globs(folders: &[&str], marked: bool, known: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let above = |folder: &str| folder.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
    let mut globs: Vec<String> = Vec::new();
    for folder in folders {
        let parent = above(folder);
        let siblings = folders.iter().filter(|other| above(other) == parent && !other.is_empty()).count();
        let all = known.get(&parent).map_or(0, Vec::len);
        let one = siblings < 2 || folder.is_empty() || !(marked || siblings == all);
        let glob = match (one, parent.as_str()) {
            (true, _) if folder.is_empty() => ".".to_owned(),
            (true, _) => (*folder).to_owned(),
            (false, "") => "*".to_owned(),
            (false, parent) => format!("{parent}/*"),
        };
        if !globs.contains(&glob) {
            globs.push(glob);
        }
    }
    globs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_finds_what_was_found_and_nothing_else() {
        let known = |names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            BTreeMap::from([("apps".to_owned(), names)])
        };
        let check = |folders: &[&str], marked: bool, names: &[&str], want: &[&str]| {
            assert_eq!(globs(folders, marked, &known(names)), want, "{folders:?} {marked}");
        };
        check(&["apps/a", "apps/b"], false, &["a", "b"], &["apps/*"]);
        check(&["apps/a", "apps/b"], false, &["a", "b", "c"], &["apps/a", "apps/b"]);
        check(&["apps/a", "apps/b"], true, &["a", "b", "c"], &["apps/*"]);
        check(&["apps/a"], true, &["a"], &["apps/a"]);
        check(&["", "apps/a"], true, &["a"], &[".", "apps/a"]);
    }
}
