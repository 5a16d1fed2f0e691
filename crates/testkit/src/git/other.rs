//! Git servers that are other implementations than git, as programs on loopback. For tests that are named `real_…` and ignored by
//! default: `.ci/servers` installs the programs.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// An implementation of git's protocol with a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Implementation {
    /// Eclipse JGit, which Gerrit is built on: versions 2 and 0, atomic pushes.
    JGit,
    /// dulwich, in Python: version 0 only. It advertises atomic pushes, and makes none.
    Dulwich,
}

/// A running server, stopped when dropped, and the folder of its repositories. A repository is created by the first request for it.
pub struct OtherServer {
    child: Child,
    /// The program ends with its input.
    input: Option<ChildStdin>,
    port: u16,
    folder: tempfile::TempDir,
}

impl OtherServer {
    /// Starts the program and waits until it prints its port.
    ///
    /// # Panics
    /// If the program is not installed or does not start.
    pub fn start(implementation: Implementation) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let mut command = command(implementation);
        command.arg(folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(if std::env::var_os("HYDRANT_SERVER_LOG").is_some() { Stdio::inherit() } else { Stdio::null() });
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{implementation:?}: {error}"));
        let mut line = String::new();
        let stdout = child.stdout.take().expect("the output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the output can be read");
        let port = line.trim().parse().unwrap_or_else(|_| panic!("{implementation:?} did not start: run .ci/servers"));
        Self { input: child.stdin.take(), child, port, folder }
    }

    /// The URL of a repository.
    pub fn url(&self, name: &str) -> String {
        format!("http://127.0.0.1:{}/{name}", self.port)
    }

    /// The folder of a repository.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for OtherServer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(implementation: Implementation) -> Command {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("servers");
    let installed = installed();
    match implementation {
        Implementation::JGit => {
            let mut command = Command::new("java");
            command.args(["-Xmx300m", "-cp"]).arg(installed.join("jgit/*")).arg(sources.join("jgit/JGitServer.java"));
            command
        }
        Implementation::Dulwich => {
            let mut command = Command::new("python3");
            command.env("PYTHONPATH", installed.join("dulwich")).arg(sources.join("dulwich/server.py"));
            command
        }
    }
}

/// The folder `servers` in cargo's target folder, which holds the running test.
fn installed() -> PathBuf {
    let test = std::env::current_exe().expect("a process has a path");
    let folders = test.ancestors().map(|folder| folder.join("servers"));
    folders.into_iter().find(|folder| folder.is_dir()).expect("run .ci/servers to install the servers")
}
