//! Which names an entry of a foreign tree may have.
//!
//! The rules are those of `git fsck`, for the file systems of all systems at once (git's `core.protectHFS` and `core.protectNTFS`): a name that
//! one of them takes for `.git` is refused.

use super::LINK;

/// Returns why no file or folder of a commit may have this name; `None` if it may. See the rules of `git fsck`.
pub fn invalid_name(name: &str) -> Option<&'static str> {
    refusal(name.as_bytes(), super::FOLDER)
}

/// Returns why an entry must not have this name; `None` if it may.
pub(crate) fn refusal(name: &[u8], mode: i32) -> Option<&'static str> {
    if name.is_empty() {
        return Some("the name is empty");
    }
    if name == b"." || name == b".." {
        return Some("the name leads to another folder");
    }
    if name.iter().any(|byte| matches!(byte, b'/' | b'\\')) {
        return Some("the name has a slash or a backslash");
    }
    if !may_be_special(name) {
        return None;
    }
    let visible = without_ignored(name);
    if is_windows_name(&visible, &[b".git", b"git~1"]) {
        return Some("a file system may take the name for .git");
    }
    let modules: [&[u8]; 5] = [b".gitmodules", b"gitmod~1", b"gitmod~2", b"gitmod~3", b"gitmod~4"];
    if mode == LINK && is_windows_name(&visible, &modules) {
        return Some(".gitmodules is a symbolic link");
    }
    None
}

/// Whether the name begins as one that is refused: cheap, for the names of most entries.
fn may_be_special(name: &[u8]) -> bool {
    // 0xE2 and 0xEF begin the code points that HFS+ ignores.
    matches!(name[0], b'.' | b'g' | b'G' | 0xE2 | 0xEF)
}

/// Whether NTFS takes `name` for one of `names`: without regard to case, to dots and blanks at the end, and to a stream (`:…`).
fn is_windows_name(name: &[u8], names: &[&[u8]]) -> bool {
    let front = name.split(|byte| *byte == b':').next().unwrap_or_default();
    let end = front.iter().rposition(|byte| !matches!(byte, b'.' | b' ')).map_or(0, |last| last + 1);
    names.iter().any(|known| front[..end].eq_ignore_ascii_case(known))
}

/// The name without the code points that HFS+ ignores (git's `next_hfs_char`).
fn without_ignored(name: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(name) else { return name.to_vec() };
    let ignored = |c: &char| matches!(*c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    text.chars().filter(|c| !ignored(c)).collect::<String>().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::FOLDER;

    #[test]
    fn every_spelling_of_git_is_refused() {
        let spellings: [&str; 18] = [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~1",
            ".git.",
            ".git ",
            ".git . .",
            ".git::$INDEX_ALLOCATION",
            "git~1:x",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".git\u{200d}.",
        ];
        for name in spellings {
            assert!(refusal(name.as_bytes(), FOLDER).is_some(), "{name:?}");
        }
        for name in [".gitmodules", ".GITMODULES", "gitmod~1", ".gitmodules ", ".git\u{200d}modules", ".gitmodules:x"] {
            assert!(refusal(name.as_bytes(), LINK).is_some(), "{name:?}");
            assert!(refusal(name.as_bytes(), 0o100_644).is_none(), "{name:?}");
        }
    }

    #[test]
    fn other_names_are_accepted() {
        let names: [&[u8]; 13] = [
            b".gitignore",
            b".github",
            b".gitattributes",
            b"git",
            b"git~2",
            b".git-",
            b"x.git",
            b"...",
            b"a b",
            b"g",
            b"\xff\xfe",
            b".gi",
            "\u{e9}t\u{e9}".as_bytes(),
        ];
        for name in names {
            assert_eq!(refusal(name, FOLDER), None, "{}", String::from_utf8_lossy(name));
        }
    }
}
