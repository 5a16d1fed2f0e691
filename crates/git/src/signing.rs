//! Signatures on commits, made as git makes them: by the program that git's configuration names.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use git2::Config;

/// Which kind of signature (`gpg.format`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// By `gpg`.
    #[default]
    OpenPgp,
    /// By `gpgsm`.
    X509,
    /// By `ssh-keygen`.
    Ssh,
}

/// How to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// The kind.
    pub format: Format,
    /// The program (`gpg.program`, `gpg.<format>.program`).
    pub program: String,
    /// The key (`user.signingKey`): an id for gpg, for ssh a file or the public key itself. Without one, gpg takes the committer's.
    pub key: Option<String>,
}

/// Why a commit could not be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// git's configuration cannot be read or says something that git does not know.
    #[error("git's configuration: {0}: correct it with `git config`")]
    Config(String),
    /// The program could not be started.
    #[error("{program}: {words}: install it, or set gpg.program")]
    Program {
        /// The program.
        program: String,
        /// The system's words.
        words: String,
    },
    /// The program made no signature.
    #[error(
        "{program}: made no signature: {words}: check user.signingKey, and that the key can be used without a question"
    )]
    NoSignature {
        /// The program.
        program: String,
        /// Its words.
        words: String,
    },
    /// ssh needs a key.
    #[error("gpg.format is ssh and no key is named: set user.signingKey to the key's file")]
    NoKey,
}

impl Signing {
    /// What git's configuration in `dir` says (or, without a repository there, the user's): `None` unless `commit.gpgSign` is true.
    ///
    /// # Errors
    /// A configuration that cannot be read or that git would refuse.
    pub fn from_git_config(dir: &Path) -> Result<Option<Self>, SigningError> {
        let config = match git2::Repository::discover(dir) {
            Ok(repository) => repository.config(),
            Err(_) => Config::open_default(),
        };
        let config = config.map_err(|error| SigningError::Config(error.message().to_owned()))?;
        match config.get_bool("commit.gpgsign") {
            Ok(true) => Self::configured(&config).map(Some),
            Ok(false) => Ok(None),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(error) => Err(SigningError::Config(error.message().to_owned())),
        }
    }

    fn configured(config: &Config) -> Result<Self, SigningError> {
        let value = |name: &str| config.get_string(name).ok().filter(|value| !value.is_empty());
        let (format, name, usual) = match value("gpg.format").as_deref() {
            None | Some("openpgp") => (Format::OpenPgp, "openpgp", "gpg"),
            Some("x509") => (Format::X509, "x509", "gpgsm"),
            Some("ssh") => (Format::Ssh, "ssh", "ssh-keygen"),
            Some(other) => {
                return Err(SigningError::Config(format!("gpg.format {other:?} is neither openpgp, x509 nor ssh")));
            }
        };
        let old = (format == Format::OpenPgp).then(|| value("gpg.program")).flatten();
        let program = value(&format!("gpg.{name}.program")).or(old).unwrap_or_else(|| usual.to_owned());
        Ok(Self { format, program, key: value("user.signingkey") })
    }

    /// The signature on these bytes, as it goes into the commit's `gpgsig`. `committer` (`Name <mail>`) chooses gpg's key where none is named.
    pub fn sign(&self, bytes: &[u8], committer: &str) -> Result<String, SigningError> {
        let signature = match self.format {
            Format::OpenPgp | Format::X509 => self.by_gpg(bytes, committer)?,
            Format::Ssh => self.by_ssh(bytes)?,
        };
        Ok(signature.replace("\r\n", "\n").trim_end_matches('\n').to_owned())
    }

    fn by_gpg(&self, bytes: &[u8], committer: &str) -> Result<String, SigningError> {
        let mut command = Command::new(&self.program);
        command.args(["--status-fd=2", "-bsau"]).arg(self.key.as_deref().unwrap_or(committer));
        let (out, words) = self.run(command, bytes)?;
        if out.is_empty() || !words.contains("[GNUPG:] SIG_CREATED ") {
            return Err(self.no_signature(&words));
        }
        Ok(out)
    }

    /// `ssh-keygen` signs a file and writes the signature beside it. A public key given itself means that the agent holds the other half.
    fn by_ssh(&self, bytes: &[u8]) -> Result<String, SigningError> {
        let key = self.key.as_deref().ok_or(SigningError::NoKey)?;
        let failed =
            |error: std::io::Error| SigningError::Program { program: self.program.clone(), words: error.to_string() };
        let folder = tempfile::Builder::new().prefix("hydrant-sign-").tempdir().map_err(failed)?;
        let payload = folder.path().join("commit");
        std::fs::write(&payload, bytes).map_err(failed)?;
        let mut command = Command::new(&self.program);
        command.args(["-Y", "sign", "-n", "git", "-f"]);
        match key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key)) {
            Some(public) => {
                let file = folder.path().join("key.pub");
                std::fs::write(&file, format!("{public}\n")).map_err(failed)?;
                command.arg(file).arg("-U");
            }
            None => {
                command.arg(home(key));
            }
        }
        command.arg(&payload);
        let (_, words) = self.run(command, &[])?;
        std::fs::read_to_string(payload.with_extension("sig")).map_err(|_| self.no_signature(&words))
    }

    fn run(&self, mut command: Command, bytes: &[u8]) -> Result<(String, String), SigningError> {
        let failed =
            |error: std::io::Error| SigningError::Program { program: self.program.clone(), words: error.to_string() };
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let listener = std::thread::spawn(move || {
            let mut words = String::new();
            if let Some(mut stderr) = stderr {
                let _ = stderr.read_to_string(&mut words);
            }
            words
        });
        if let Some(mut stdin) = stdin {
            // A program that stops reading says why on stderr.
            let _ = stdin.write_all(bytes);
        }
        let output = child.wait_with_output().map_err(failed)?;
        let words = listener.join().unwrap_or_default();
        if !output.status.success() {
            return Err(self.no_signature(&words));
        }
        Ok((String::from_utf8_lossy(&output.stdout).into_owned(), words))
    }

    fn no_signature(&self, words: &str) -> SigningError {
        let words: Vec<&str> = words.lines().filter(|line| !line.starts_with("[GNUPG:]")).map(str::trim).collect();
        SigningError::NoSignature { program: self.program.clone(), words: words.join("; ") }
    }
}

fn home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
