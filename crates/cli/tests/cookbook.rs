//! Runs the commands of the pages that teach by example, and compares their output with the page.
//!
//! Each `## ` section starts from a fresh copy of `examples/apps`, in a git repository of its own. In a section, a code block whose
//! first line is `# PATH` is a file that is written and committed, and the lines `$ COMMAND` of a `console` block are run; the lines
//! below a command are its output, stderr included. `UPDATE_EXPECT=1` writes the output into the page.
//! Commits have fixed times, so that their ids are stable.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[test]
fn the_recipes_of_the_cookbook_work() {
    let recipes = check("docs/cookbook.md");
    assert!(recipes >= 20, "{recipes} recipes");
}

#[test]
fn the_quick_start_works() {
    check("docs/quick-start.md");
}

/// Runs a page's commands and compares the page with what they print. Returns the number of sections with commands.
fn check(name: &str) -> usize {
    let path = testkit::fixtures::root().join(name);
    let page = std::fs::read_to_string(&path).unwrap();
    let mut run = Page::default();
    page.lines().for_each(|line| run.read(line));
    if run.text != page && std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &run.text).unwrap();
    } else {
        let first = run.text.lines().zip(page.lines()).find(|(now, written)| now != written);
        assert!(
            run.text == page,
            "{name} is out of date at {first:?}; run this test with UPDATE_EXPECT=1 and read the diff"
        );
    }
    run.sections
}

/// What a line of the page belongs to.
#[derive(Default)]
enum Block {
    #[default]
    Prose,
    Commands,
    /// A block whose first line has not been read.
    Opened,
    File {
        path: String,
        text: String,
    },
    Other,
}

/// The page as it is read, with the output that its commands have now.
#[derive(Default)]
struct Page {
    text: String,
    block: Block,
    folder: Option<Copy>,
    /// Whether the current section has run a command.
    has_run: bool,
    sections: usize,
}

impl Page {
    fn read(&mut self, line: &str) {
        if let Some(language) = line.strip_prefix("```") {
            self.fence(language);
        } else if line.starts_with("## ") && matches!(self.block, Block::Prose) {
            self.folder = None;
            self.has_run = false;
        } else if self.inside(line) {
            return;
        }
        self.line(line);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn fence(&mut self, language: &str) {
        let opens = |language: &str| if language == "console" { Block::Commands } else { Block::Opened };
        let next = if matches!(self.block, Block::Prose) { opens(language) } else { Block::Prose };
        if let Block::File { path, text } = std::mem::replace(&mut self.block, next) {
            self.folder.get_or_insert_with(Copy::new).write(&path, &text);
        }
    }

    /// Handles a line inside of a block. Returns whether it is output, which is not copied.
    fn inside(&mut self, line: &str) -> bool {
        match &mut self.block {
            Block::Commands => {
                let Some(command) = line.strip_prefix("$ ") else { return true };
                self.line(line);
                self.sections += usize::from(!std::mem::replace(&mut self.has_run, true));
                let output = self.folder.get_or_insert_with(Copy::new).run(command);
                self.text.push_str(&output);
                return true;
            }
            Block::Opened => {
                let name = line.strip_prefix("# ").filter(|name| !name.contains(' ') && name.contains('.'));
                let file = |name: &str| Block::File { path: name.to_owned(), text: String::new() };
                self.block = name.map_or(Block::Other, file);
            }
            Block::File { text, .. } => {
                text.push_str(line);
                text.push('\n');
            }
            Block::Prose | Block::Other => {}
        }
        false
    }
}

/// A copy of the example in a git repository.
struct Copy {
    home: tempfile::TempDir,
    work: PathBuf,
}

impl Copy {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let work = home.path().canonicalize().unwrap().join("work");
        copy(&testkit::fixtures::root().join("examples/apps"), &work);
        let copy = Copy { home, work };
        copy.sh("git init -q -b main && git remote add origin https://github.com/acme/shop.git && git add -A && git commit -q -m 'the example'");
        copy
    }

    fn write(&self, path: &str, text: &str) {
        let target = self.work.join(path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::write(target, text).unwrap();
        let output = self.sh("git add -A && git commit -q -m 'a change'");
        assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// Returns the output of a command, and a line with its exit status unless that is 0.
    fn run(&self, command: &str) -> String {
        let output = self.sh(&format!("{{ {command}\n}} 2>&1"));
        let mut text = String::from_utf8_lossy(&output.stdout).replace(self.work.to_str().unwrap(), ".");
        if !output.status.success() {
            text.push_str(&format!("# exit code {}\n", output.status.code().unwrap()));
        }
        text
    }

    fn sh(&self, line: &str) -> Output {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_hydrant"));
        let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
        Command::new("sh")
            .args(["-c", line])
            .current_dir(&self.work)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.com")
            .env("GIT_AUTHOR_DATE", "2026-11-21T10:00:00Z")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.com")
            .env("GIT_COMMITTER_DATE", "2026-11-21T10:00:00Z")
            .env("SOURCE_DATE_EPOCH", "1795255200")
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }
}

/// Copies a folder, except for repositories that a reader of the page has made in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        if name == "manifests.git" {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}
