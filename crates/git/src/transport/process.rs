//! A service that is spawned: through `ssh`, or here.

use std::io::{self, Read, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::TransportError;
use super::channel::{Channel, Request, Service};
use super::ssh::Target;
use crate::remote::Remote;

const KEPT_WORDS: usize = 4000;

enum How {
    Ssh { remote: Box<Remote>, target: Target },
    Here { path: String },
}

/// A spawned service.
pub(super) struct Process {
    how: How,
    shown: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    said: Arc<Mutex<Vec<u8>>>,
    listener: Option<JoinHandle<()>>,
}

impl Process {
    /// Through the user's `ssh`, so that its configuration, agent, keys and known hosts hold.
    pub(super) fn ssh(remote: &Remote, target: Target) -> Self {
        Self { how: How::Ssh { remote: Box::new(remote.clone()), target }, shown: remote.shown(), running: None }
    }

    /// On this machine, by the installed git.
    pub(super) fn here(path: &str) -> Self {
        Self { how: How::Here { path: path.to_owned() }, shown: path.to_owned(), running: None }
    }

    fn command(&self, service: Service) -> Command {
        match &self.how {
            How::Ssh { remote, target } => ssh_command(remote, target, service),
            How::Here { path } => {
                let mut command = Command::new("git");
                command.arg(service.name().trim_start_matches("git-")).arg(path);
                command
            }
        }
    }

    fn start(&mut self, service: Service) -> Result<&mut Running, TransportError> {
        self.running = None;
        let mut command = self.command(service);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if service == Service::UploadPack {
            command.env("GIT_PROTOCOL", "version=2");
        } else {
            command.env_remove("GIT_PROTOCOL");
        }
        let name = command.get_program().to_string_lossy().into_owned();
        let failed = |words: String| TransportError::Unreachable { url: self.shown.clone(), words };
        let mut child = command.spawn().map_err(|error| failed(format!("{name} could not be started: {error}")))?;
        let (Some(stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(format!("{name} was started without pipes")));
        };
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let listener = std::thread::spawn(move || listen(&mut stderr, &heard));
        Ok(self.running.insert(Running { child, stdin: Some(stdin), stdout, said, listener: Some(listener) }))
    }
}

fn listen(stderr: &mut dyn Read, heard: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count) = stderr.read(&mut buffer) {
        if count == 0 {
            return;
        }
        let Ok(mut words) = heard.lock() else { return };
        let room = KEPT_WORDS.saturating_sub(words.len()).min(count);
        words.extend_from_slice(&buffer[..room]);
    }
}

fn ssh_command(remote: &Remote, target: &Target, service: Service) -> Command {
    let mut command = match &remote.ssh_command {
        Some(line) => {
            // As git runs GIT_SSH_COMMAND: by the shell, with what follows as further arguments.
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(format!("{line} \"$@\"")).arg("ssh");
            shell
        }
        None => Command::new("ssh"),
    };
    command.args(["-o", "BatchMode=yes", "-o", "SendEnv=GIT_PROTOCOL"]);
    if let Some(file) = &remote.ssh_known_hosts {
        command
            .arg("-o")
            .arg(format!("UserKnownHostsFile=\"{}\"", file.display()))
            .args(["-o", "StrictHostKeyChecking=yes"]);
    }
    if let Some(key) = &remote.ssh_key {
        command.arg("-i").arg(key).args(["-o", "IdentitiesOnly=yes"]);
    }
    if let Some(port) = target.port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg(&target.host).arg(format!("{} '{}'", service.name(), target.path.replace('\'', "'\\''")));
    command
}

impl Channel for Process {
    fn announce(&mut self, service: Service) -> Result<Box<dyn Read + '_>, TransportError> {
        let running = self.start(service)?;
        Ok(Box::new(&mut running.stdout))
    }

    fn request(&mut self, service: Service, mut request: Request) -> Result<Box<dyn Read + '_>, TransportError> {
        let shown = self.shown.clone();
        let lost = |words: String| TransportError::Unreachable { url: shown.clone(), words };
        let Some(running) = &mut self.running else { return Err(lost("the service has ended".to_owned())) };
        let Some(stdin) = &mut running.stdin else { return Err(lost("the service has ended".to_owned())) };
        // Where the other side has stopped reading, its answer says why: so a failed write is not the end.
        let written = request.reader().and_then(|mut body| io::copy(&mut body, stdin)).and_then(|_| stdin.flush());
        if service == Service::ReceivePack || written.is_err() {
            running.stdin = None;
        }
        Ok(Box::new(&mut running.stdout))
    }

    fn leave(&mut self) {
        if let Some(stdin) = self.running.as_mut().and_then(|running| running.stdin.as_mut()) {
            // The server takes a flush as "nothing to do" and ends without a complaint.
            let _ = stdin.write_all(b"0000").and_then(|()| stdin.flush());
        }
        self.running = None;
    }

    fn last_words(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        running.stdin = None;
        let _ = running.child.wait();
        if let Some(listener) = running.listener.take() {
            let _ = listener.join();
        }
        let said = running.said.lock().ok()?;
        let words = super::push::lines(&said).join("; ");
        (!words.is_empty()).then_some(words)
    }

    fn stateless(&self) -> bool {
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}
