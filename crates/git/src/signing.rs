//! Signatures of commits, made by the program that git's configuration names.

use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use git2::Config;
use net::child::{self, Purpose};
use net::{InputTrust, ProgramRefused};

use crate::config::expand_home;
use crate::discover::discover;

/// The bytes of a program's output that are read, each of its streams.
const MAX_OUTPUT: u64 = 1 << 20;

/// The format of a signature (`gpg.format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SigningFormat {
    /// OpenPGP, by `gpg`.
    #[default]
    OpenPgp,
    /// X.509, by `gpgsm`.
    X509,
    /// SSH, by `ssh-keygen`.
    Ssh,
}

/// How commits are signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The format.
    pub format: SigningFormat,
    /// The program (`gpg.program`, `gpg.<format>.program`).
    pub program: String,
    /// The key (`user.signingKey`): an id for gpg, a file or a public key for ssh. If absent, gpg uses the committer's key.
    pub key: Option<String>,
    /// Whether the program may be run.
    pub trust: InputTrust,
}

/// Why a commit could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// git's configuration cannot be read.
    #[error("cannot read git's configuration: {}", .0.message())]
    Config(#[source] git2::Error),
    /// `gpg.format` has an invalid value.
    #[error("invalid gpg.format {0:?}: expected openpgp, x509 or ssh")]
    InvalidFormat(String),
    /// The program cannot be run.
    #[error("cannot run {program}: {source}")]
    Run {
        /// The program.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// The run's input is not trusted.
    #[error(transparent)]
    Untrusted(ProgramRefused),
    /// The program wrote no signature.
    #[error("{program} made no signature: {stderr}")]
    NoSignature {
        /// The program.
        program: String,
        /// What it wrote to its standard error.
        stderr: String,
    },
    /// `gpg.format` is `ssh`, and `user.signingKey` is not set.
    #[error("gpg.format is ssh and user.signingKey is not set")]
    NoKey,
}

impl SigningError {
    /// Returns what to do about the error, as an imperative sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Config(_) | Self::InvalidFormat(_) => "correct the configuration with `git config`",
            Self::Untrusted(_) => "unset commit.gpgSign, or run without `--untrusted`",
            Self::Run { .. } => "install the program, or set gpg.program",
            Self::NoSignature { .. } => {
                "check user.signingKey, and that the key can be used without a passphrase prompt"
            }
            Self::NoKey => "set user.signingKey to the file of the key",
        };
        Some(hint.to_owned())
    }
}

/// What a program wrote.
struct Output {
    stdout: String,
    stderr: String,
}

impl Signing {
    /// Reads git's configuration in `dir`, or the user's if there is no repository. `None` unless `commit.gpgSign` is true.
    ///
    /// # Errors
    /// A configuration that cannot be read or is invalid.
    pub fn from_git_config(dir: &Path) -> Result<Option<Self>, SigningError> {
        let config = match discover(dir) {
            Ok(repository) => repository.config(),
            Err(_) => Config::open_default(),
        };
        let config = config.map_err(SigningError::Config)?;
        match config.get_bool("commit.gpgsign") {
            Ok(true) => Self::configured(&config).map(Some),
            Ok(false) => Ok(None),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(SigningError::Config(error)),
        }
    }

    fn configured(config: &Config) -> Result<Self, SigningError> {
        let value = |name: &str| config.get_string(name).ok().filter(|value| !value.is_empty());
        let (format, name, default) = match value("gpg.format").as_deref() {
            None | Some("openpgp") => (SigningFormat::OpenPgp, "openpgp", "gpg"),
            Some("x509") => (SigningFormat::X509, "x509", "gpgsm"),
            Some("ssh") => (SigningFormat::Ssh, "ssh", "ssh-keygen"),
            Some(other) => return Err(SigningError::InvalidFormat(other.to_owned())),
        };
        let old = (format == SigningFormat::OpenPgp).then(|| value("gpg.program")).flatten();
        let program = value(&format!("gpg.{name}.program")).or(old).unwrap_or_else(|| default.to_owned());
        Ok(Self { format, program, key: value("user.signingkey"), trust: InputTrust::Trusted })
    }

    /// Returns the signature of `bytes`, for the commit's `gpgsig` header. `committer` (`Name <email>`) selects gpg's key if none is configured.
    ///
    /// # Errors
    /// A program that cannot be run or makes no signature, and a missing ssh key.
    pub fn sign(&self, bytes: &[u8], committer: &str) -> Result<String, SigningError> {
        self.trust.check_program(&self.program).map_err(SigningError::Untrusted)?;
        let signature = match self.format {
            SigningFormat::OpenPgp | SigningFormat::X509 => self.gpg(bytes, committer)?,
            SigningFormat::Ssh => self.ssh(bytes)?,
        };
        Ok(signature.replace("\r\n", "\n").trim_end_matches('\n').to_owned())
    }

    fn gpg(&self, bytes: &[u8], committer: &str) -> Result<String, SigningError> {
        let mut command = child::command(&self.program, Purpose::Tool);
        command.args(["--status-fd=2", "-bsau"]).arg(self.key.as_deref().unwrap_or(committer));
        let output = self.run(command, bytes)?;
        if output.stdout.is_empty() || !output.stderr.contains("[GNUPG:] SIG_CREATED ") {
            return Err(self.no_signature(&output.stderr));
        }
        Ok(output.stdout)
    }

    /// `ssh-keygen` signs a file and writes the signature next to it. With a public key, the agent has the private key.
    fn ssh(&self, bytes: &[u8]) -> Result<String, SigningError> {
        let key = self.key.as_deref().ok_or(SigningError::NoKey)?;
        let failed = |source: io::Error| SigningError::Run { program: self.program.clone(), source };
        let folder = tempfile::Builder::new().prefix("hydrant-sign-").tempdir().map_err(failed)?;
        let payload = folder.path().join("commit");
        std::fs::write(&payload, bytes).map_err(failed)?;
        let mut command = child::command(&self.program, Purpose::Tool);
        command.args(["-Y", "sign", "-n", "git", "-f"]);
        match key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key)) {
            Some(public) => {
                let file = folder.path().join("key.pub");
                std::fs::write(&file, format!("{public}\n")).map_err(failed)?;
                command.arg(file).arg("-U");
            }
            None => {
                command.arg(expand_home(key));
            }
        }
        command.arg(&payload);
        let output = self.run(command, &[])?;
        std::fs::read_to_string(payload.with_extension("sig")).map_err(|_| self.no_signature(&output.stderr))
    }

    fn run(&self, mut command: Command, input: &[u8]) -> Result<Output, SigningError> {
        let failed = |source: io::Error| SigningError::Run { program: self.program.clone(), source };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (stdout, stderr) = (start_reader(stdout), start_reader(stderr));
        if let Some(mut stdin) = stdin {
            // If the program stops reading, its standard error says why.
            let _ = stdin.write_all(input);
        }
        let status = child.wait().map_err(failed)?;
        let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
        if !status.success() {
            return Err(self.no_signature(&stderr));
        }
        Ok(Output { stdout, stderr })
    }

    fn no_signature(&self, stderr: &str) -> SigningError {
        let lines: Vec<&str> = stderr.lines().filter(|line| !line.starts_with("[GNUPG:]")).map(str::trim).collect();
        SigningError::NoSignature { program: self.program.clone(), stderr: lines.join("; ") }
    }
}
/// Reads a pipe on a thread, at most [`MAX_OUTPUT`]. A program that prints more finds the pipe closed.
fn start_reader(pipe: Option<impl io::Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error counts.
            let _ = pipe.take(MAX_OUTPUT).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
