//! A service as a child process: through `ssh`, or git on this machine.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use net::InputTrust;
use net::child::{self, Purpose};

use super::channel::{Channel, Request, Service};
use super::pipe::{self, PipeReader, PipeWriter};
use super::ssh::Endpoint;
use crate::error::TransportError;
use crate::limits::IDLE_TIMEOUT;
use crate::protocol::message_lines;
use crate::remote::Remote;

/// The bytes of standard error that are kept.
const KEPT_STDERR: usize = 4000;
/// The bytes of standard error that a service may write. Then the pipe is closed, which ends it.
const MAX_STDERR: usize = 16 << 20;
/// The time for a service to end by itself, once its input has ended.
const EXIT_TIMEOUT: Duration = Duration::from_secs(5);
/// The time for a service to take the empty request of [`ProcessChannel::close`].
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

enum Program {
    Ssh { remote: Box<Remote>, endpoint: Endpoint },
    Git { path: String, trust: InputTrust },
}

/// A service as a child process.
pub(super) struct ProcessChannel {
    program: Program,
    url: String,
    /// The time without data after which a request fails.
    idle_timeout: Duration,
    running: Option<Running>,
}

/// A running service. No method waits for it without a time limit, also if a process that it started keeps its pipes open.
struct Running {
    child: Child,
    /// `None` once the input has ended.
    stdin: Option<PipeWriter>,
    stdout: PipeReader,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Disconnected when standard error has ended.
    stderr_end: Receiver<()>,
}

impl ProcessChannel {
    /// Runs the user's `ssh`, so that its configuration, agent, keys and known hosts apply.
    pub(super) fn ssh(remote: &Remote, endpoint: Endpoint) -> Self {
        let program = Program::Ssh { remote: Box::new(remote.clone()), endpoint };
        Self { program, url: remote.redacted_url(), idle_timeout: IDLE_TIMEOUT, running: None }
    }

    /// Runs the installed git on a repository on this machine.
    pub(super) fn git(path: &str, trust: InputTrust) -> Self {
        let program = Program::Git { path: path.to_owned(), trust };
        Self { program, url: path.to_owned(), idle_timeout: IDLE_TIMEOUT, running: None }
    }

    fn command(&self, service: Service) -> Command {
        match &self.program {
            Program::Ssh { remote, endpoint } => ssh_command(remote, endpoint, service),
            Program::Git { path, .. } => {
                let mut command = child::command("git", Purpose::Tool);
                command.arg(service.name().trim_start_matches("git-")).arg(path);
                command
            }
        }
    }

    fn start(&mut self, service: Service, deadline: Instant) -> Result<&mut Running, TransportError> {
        self.running = None;
        let (name, trust) = match &self.program {
            Program::Ssh { remote, .. } => ("ssh", remote.trust),
            Program::Git { trust, .. } => ("git", *trust),
        };
        trust.check_program(name).map_err(|source| TransportError::Untrusted { url: self.url.clone(), source })?;
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
        let (end, stderr_end) = mpsc::channel();
        std::thread::spawn(move || {
            keep_stderr(&mut stderr, &writer);
            drop((stderr, end));
        });
        let (stdin, stdout) = pipe::connect(stdin, stdout, self.idle_timeout, deadline);
        Ok(self.running.insert(Running { child, stdin: Some(stdin), stdout, stderr: kept, stderr_end }))
    }
}

/// Reads standard error to its end, or [`MAX_STDERR`] bytes of it, and keeps the first [`KEPT_STDERR`] bytes.
fn keep_stderr(stderr: &mut dyn Read, kept: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 4096];
    let mut total = 0;
    while let Ok(count) = stderr.read(&mut buffer) {
        total += count;
        if count == 0 || total > MAX_STDERR {
            return;
        }
        let Ok(mut kept) = kept.lock() else { return };
        let room = KEPT_STDERR.saturating_sub(kept.len()).min(count);
        kept.extend_from_slice(&buffer[..room]);
    }
}

fn ssh_command(remote: &Remote, endpoint: &Endpoint, service: Service) -> Command {
    let mut command = match &remote.ssh_command {
        Some(line) => {
            // git runs GIT_SSH_COMMAND in a shell and appends the arguments.
            let mut shell = child::command("sh", Purpose::Tool);
            shell.arg("-c").arg(format!("{line} \"$@\"")).arg("ssh");
            shell
        }
        None => child::command("ssh", Purpose::Tool),
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
    fn advertisement(&mut self, service: Service, deadline: Instant) -> Result<Box<dyn Read + '_>, TransportError> {
        let running = self.start(service, deadline)?;
        Ok(Box::new(&mut running.stdout))
    }

    fn request(
        &mut self,
        service: Service,
        request: Request,
        deadline: Instant,
    ) -> Result<Box<dyn Read + '_>, TransportError> {
        let ended = || TransportError::unreachable(&self.url, "the service has ended");
        let Some(running) = &mut self.running else { return Err(ended()) };
        let sent = running.stdin.as_ref().is_some_and(|stdin| stdin.send(request));
        running.stdout.set_deadline(deadline);
        if service == Service::ReceivePack {
            running.stdin = None;
        }
        if sent { Ok(Box::new(&mut running.stdout)) } else { Err(ended()) }
    }

    fn close(&mut self) {
        if let Some(running) = &mut self.running
            && let Some(stdin) = running.stdin.take()
        {
            // The server takes a flush packet for an empty request and ends normally.
            stdin.send(Request::lines(b"0000".to_vec()));
            drop(stdin);
            running.wait(CLOSE_TIMEOUT);
        }
        self.running = None;
    }

    fn stderr(&mut self) -> Option<String> {
        let running = self.running.as_mut()?;
        running.stdin = None;
        running.wait(EXIT_TIMEOUT);
        let _ = running.stderr_end.recv_timeout(EXIT_TIMEOUT);
        let kept = running.stderr.lock().ok()?;
        let message = message_lines(&kept).join("; ");
        (!message.is_empty()).then_some(message)
    }

    fn stateless(&self) -> bool {
        false
    }
}

impl Running {
    /// Waits until the process has ended, and kills it after `limit`.
    fn wait(&mut self, limit: Duration) {
        let start = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if start.elapsed() >= limit {
                let _ = self.child.kill();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::connection::session::Session;
    use crate::transport::Transport as _;

    /// The error of a service that runs this command line, and how long it took.
    fn failure(line: &str) -> (String, Duration) {
        failure_within(line, Duration::from_millis(300))
    }

    fn failure_within(line: &str, idle_timeout: Duration) -> (String, Duration) {
        let mut remote = Remote::new("ssh://host/repository.git");
        remote.ssh_command = Some(format!("{line} #"));
        let endpoint = Endpoint { host: "host".to_owned(), port: None, path: "/repository.git".to_owned() };
        let mut channel = ProcessChannel::ssh(&remote, endpoint);
        channel.idle_timeout = idle_timeout;
        let start = Instant::now();
        let mut session = Session::new(channel, remote.redacted_url(), None);
        let result = session.list_refs(&["refs/heads/main".to_owned()]);
        drop(session);
        (result.err().map(|error| error.to_string()).unwrap_or_default(), start.elapsed())
    }

    #[test]
    fn a_service_that_sends_nothing_fails_after_a_time() {
        for line in [
            "exec sleep 30",
            // The time limit holds also if another process keeps the pipes open.
            "sleep 30; true",
            // The advertisement has no end.
            "printf 000eversion 2; exec sleep 30",
            // The advertisement is complete, and no request is answered.
            "printf '000eversion 2\\n000cls-refs\\n0000'; exec sleep 30",
        ] {
            let (error, time) = failure(line);
            assert!(error.contains("no data for 0.3 s"), "{line}: {error}");
            assert!(time < Duration::from_secs(15), "{line}: {time:?}");
        }
    }

    #[test]
    fn a_service_that_writes_errors_without_end_is_ended() {
        for line in ["exec yes flood >&2", "yes flood >&2; true"] {
            let (error, time) = failure_within(line, Duration::from_secs(60));
            assert!(error.contains("flood"), "{line}: {error}");
            assert!(time < Duration::from_secs(30), "{line}: {time:?}");
        }
    }

    #[test]
    fn a_service_that_ends_early_fails_with_its_message() {
        let (error, _) = failure("echo no such host >&2; exit 255");
        assert!(error.contains("no such host"), "{error}");
        // The output has ended, the process has not.
        let (error, time) = failure("echo waiting >&2; exec sleep 30 >/dev/null");
        assert!(error.contains("waiting"), "{error}");
        assert!(time < Duration::from_secs(20), "{time:?}");
    }
}
