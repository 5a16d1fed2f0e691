//! Signed commits, checked by git itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::path::Path;
use std::process::Command;

use deliveries::{committed, deliver, options, unit};
use git::{Remote, Signing, SigningFormat};

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned() + &stderr
}

fn deliver_signed(folder: &Path, signing: Signing) -> String {
    let target = folder.join("a.git").display().to_string();
    let mut how = options();
    how.signing = Some(signing);
    committed(&deliver(&Remote::new(&target), &[unit("a", 1, &[("x", "1")])], &how).unwrap()[0]);
    how.signing = None;
    target
}

#[test]
#[ignore = "needs git and ssh-keygen"]
fn real_git_verifies_an_ssh_signature() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key").display().to_string();
    run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &key]);
    let public = std::fs::read_to_string(format!("{key}.pub")).unwrap();
    let allowed = folder.path().join("allowed").display().to_string();
    std::fs::write(&allowed, format!("deploy@example.com {public}")).unwrap();
    let source = folder.path().join("source").display().to_string();
    run("git", &["init", "-q", &source]);
    assert_eq!(Signing::from_git_config(folder.path().join("source").as_path()).unwrap(), None);
    for (name, value) in [("commit.gpgsign", "true"), ("gpg.format", "ssh"), ("user.signingkey", &key)] {
        run("git", &["-C", &source, "config", name, value]);
    }
    let signing = Signing::from_git_config(Path::new(&source)).unwrap().unwrap();
    assert_eq!((signing.format, signing.program.as_str()), (SigningFormat::Ssh, "ssh-keygen"));
    let target = deliver_signed(folder.path(), signing);
    let stderr =
        run("git", &["-C", &target, "-c", &format!("gpg.ssh.allowedSignersFile={allowed}"), "verify-commit", "a"]);
    assert!(stderr.contains("Good \"git\" signature for deploy@example.com"), "{stderr}");
    run("git", &["-C", &target, "fsck", "--strict"]);
}

#[test]
#[ignore = "needs git and gpg"]
fn real_git_verifies_a_gpg_signature() {
    let folder = tempfile::Builder::new().prefix("hg").tempdir_in("/tmp").unwrap();
    let home = folder.path().join("gnupg");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let home = home.display().to_string();
    let who = "Deploy <deploy@example.com>";
    run(
        "gpg",
        &["--homedir", &home, "--batch", "--passphrase", "", "--quick-gen-key", who, "ed25519", "sign", "never"],
    );
    // gpg finds its home by the environment, which a test may not change: a script of the program's name does.
    let script = folder.path().join("gpg");
    std::fs::write(&script, format!("#!/bin/sh\nexec gpg --homedir {home} \"$@\"\n")).unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = script.display().to_string();
    let signing =
        Signing { format: SigningFormat::OpenPgp, program: program.clone(), key: None, trust: Default::default() };
    let target = deliver_signed(folder.path(), signing);
    let stderr = run("git", &["-C", &target, "-c", &format!("gpg.program={program}"), "verify-commit", "a"]);
    assert!(stderr.contains("Good signature from \"Deploy <deploy@example.com>\""), "{stderr}");
    let unknown = Signing {
        format: SigningFormat::OpenPgp,
        program,
        key: Some("unknown@example.com".to_owned()),
        trust: Default::default(),
    };
    let mut how = options();
    how.signing = Some(unknown);
    let error = deliver(&Remote::new(&target), &[unit("b", 1, &[("x", "1")])], &how).unwrap_err().to_string();
    assert!(error.contains("made no signature") && error.contains("unknown@example.com"), "{error}");
    run("gpgconf", &["--homedir", &home, "--kill", "all"]);
}
