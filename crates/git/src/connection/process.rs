//! A service as a child process: through `ssh`, or git on this machine.

use std::io::{self, Read, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use super::channel::{Channel, Request, Service};
use super::ssh::Endpoint;
use crate::error::TransportError;
use crate::protocol::message_lines;
use crate::remote::Remote;

/// The bytes of standard error that are kept.
const MAX_STDERR: usize = 4000;

enum Program {
    Ssh { remote: Box<Remote>, endpoint: Endpoint },
    Git { path: String },
}

/// A service as a child process.
pub(super) struct ProcessChannel {
    program: Program,
    url: String,
    running: Option<Running>,
}

struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Arc<Mutex<Vec<u8>>>,
    stderr_reader: Option<JoinHandle<()>>,
}

impl ProcessChannel {
    /// Runs the user's `ssh`, so that its configuration, agent, keys and known hosts apply.
    pub(super) fn ssh(remote: &Remote, endpoint: Endpoint) -> Self {
        let program = Program::Ssh { remote: Box::new(remote.clone()), endpoint };
        Self { program, url: remote.redacted_url(), running: None }
    }

    /// Runs the installed git on a repository on this machine.
    pub(super) fn git(path: &str) -> Self {
        Self { program: Program::Git { path: path.to_owned() }, url: path.to_owned(), running: None }
    }

    fn command(&self, service: Service) -> Command {
        match &self.program {
            Program::Ssh { remote, endpoint } => ssh_command(remote, endpoint, service),
            Program::Git { path } => {
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
        let failed = |message: String| TransportError::unreachable(&self.url, message);
        let mut child = command.spawn().map_err(|error| failed(format!("cannot run {name}: {error}")))?;
        let (Some(stdin), Some(stdout), Some(mut stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(failed(format!("{name} has no pipes")));
        };
        let kept = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&kept);
        let stderr_reader = Some(std::thread::spawn(move || keep_stderr(&mut stderr, &writer)));
        Ok(self.running.insert(Running { child, stdin: Some(stdin), stdout, stderr: kept, stderr_reader }))
    }
}

/// Reads standard error to its end and keeps the first [`MAX_STDERR`] bytes.
fn keep_stderr(stderr: &mut dyn Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 1024];
    while let Ok(count) = stderr.read(&mut buffer) {
        if count == 0 {
            return;
        }
        let Ok(mut kept) = kept.lock() else { return };
        let room = MAX_STDERR.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(&buffer[..room]);
    }
}

fn ssh_command(remote: &Remote, endpoint: &Endpoint, service: Service) -> Command {
    let mut command = match &remote.ssh_command {
        Some(line) => {
            // git runs GIT_SSH_COMMAND in a shell and appends the arguments.
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
    if let Some(port) = endpoint.port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg(&endpoint.host).arg(format!("{} '{}'", service.name(), endpoint.path.replace('\'', "'\\''")));
    command
}

impl Channel for ProcessChannel {
    fn advertisement(&mut self, service: Service) -> Result<Box<dyn Read + '_>, TransportError> {
        let running = self.start(service)?;
        Ok(Box::new(&mut running.stdout))
    }

    fn request(&mut self, service: Service, mut request: Request) -> Result<Box<dyn Read + '_>, TransportError> {
        let url = self.url.clone();
        let ended = || TransportError::unreachable(&url, "the service has ended");
        let Some(running) = &mut self.running else { return Err(ended()) };
        let Some(stdin) = &mut running.stdin else { return Err(ended()) };
        // A failed write is not an error: the response says why the service stopped reading.
        let written = request.reader().and_then(|mut body| io::copy(&mut body, stdin)).and_then(|_| stdin.flush());
        if service == Service::ReceivePack || written.is_err() {
            running.stdin = None;
        }
        Ok(Box::new(&mut running.stdout))
    }

    fn close(&mut self) {
        if let Some(stdin) = self.running.as_mut().and_then(|running| running.stdin.as_mut()) {
            // The server takes a flush packet for an empty request and ends normally.
            let _ = stdin.write_all(b"0000").and_then(|()| stdin.flush());
        }
        self.running = None;
    }

    fn stderr(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        running.stdin = None;
        let _ = running.child.wait();
        if let Some(reader) = running.stderr_reader.take() {
            let _ = reader.join();
        }
        let kept = running.stderr.lock().ok()?;
        let message = message_lines(&kept).join("; ");
        (!message.is_empty()).then_some(message)
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
        if let Some(reader) = self.stderr_reader.take() {
            let _ = reader.join();
        }
    }
}
