//! What git's configuration says about remotes, against testkit's git server: helpers, headers, programs that ask, other addresses.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod deliveries;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use deliveries::{committed, deliver, options, unit};
use git::GitConfig;
use git::{Credentials, Remote};
use testkit::git::{Abilities, GitServer};

/// A user's `.gitconfig` and what the programs in it leave behind.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) -> String {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.path(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    /// Creates a credential helper that logs its input and has one password.
    fn helper(&self, name: &str, password: &str) -> String {
        let log = self.path(&format!("{name}.log")).display().to_string();
        self.program(name, &format!("echo \"$1\" >>{log}; sed 's/^/  /' >>{log}\n[ \"$1\" = get ] && printf 'username=ci\\npassword={password}\\n'; exit 0"))
    }

    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(&format!("{name}.log"))).unwrap_or_default()
    }

    /// git's configuration with `config` as the user's file.
    fn config(&self, config: &str, more: &[(&str, &str)]) -> Configured {
        let file = self.path("gitconfig");
        std::fs::write(&file, config).unwrap();
        let base = [("GIT_CONFIG_GLOBAL", file.to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1")];
        let variables = base.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Configured(GitConfig::load(self.folder.path(), &variables.collect::<BTreeMap<_, _>>()))
    }
}

/// git's configuration of a test.
struct Configured(GitConfig);

impl Configured {
    fn remote(&self, url: &str) -> Remote {
        Remote::configured(url, &self.0)
    }
}

fn server() -> GitServer {
    let login = Some(("ci".to_owned(), "hunter2".to_owned()));
    GitServer::start(Abilities { login, ..Abilities::default() })
}

fn host(server: &GitServer) -> String {
    server.url().split_once("://").unwrap().1.trim_end_matches("/repository.git").to_owned()
}

fn works(remote: &Remote, source: u32) {
    committed(&deliver(remote, &[unit("a", source, &[("x", &source.to_string())])], &options()).unwrap()[0]);
}

fn fails(remote: &Remote) -> String {
    let error = deliver(remote, &[unit("a", 1, &[("x", "1")])], &options()).unwrap_err();
    let shown = format!("{error} {error:?} {remote:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("wrong-secret"), "{shown}");
    error.to_string()
}

#[test]
fn a_helper_is_asked_when_the_server_requires_credentials_and_stores_accepted_ones() {
    let (home, server) = (Home::new(), server());
    let knows = home.helper("knows", "hunter2");
    let configured = home.config(&format!("[credential \"http://{}\"]\n\thelper = {knows}\n", host(&server)), &[]);
    works(&configured.remote(&server.url()), 1);
    let asked = format!("get\n  protocol=http\n  host={}\n  \n", host(&server));
    let stored = format!("store\n  protocol=http\n  host={}\n  username=ci\n  password=hunter2\n  \n", host(&server));
    assert_eq!(home.log("knows"), format!("{asked}{stored}"));
    // The same server under another name is another host.
    assert!(fails(&configured.remote(&server.other_url())).contains("401"));
    // A server that wants nothing is given nothing.
    let open = GitServer::start(Abilities::default());
    let everywhere = home.config(&format!("[credential]\n\thelper = {}\n", home.helper("unasked", "hunter2")), &[]);
    works(&everywhere.remote(&open.url()), 1);
    assert_eq!(home.log("unasked"), "");
    // What the environment gives goes first.
    let mut given = configured.remote(&server.url());
    given.credentials = Some(Credentials { username: "ci".to_owned(), password: "wrong-secret".to_owned() });
    assert!(fails(&given).contains("401"));
}

#[test]
fn a_helper_that_was_wrong_is_told_so_and_the_next_one_is_asked_where_one_knows_nothing() {
    let (home, server) = (Home::new(), server());
    let wrong = home.helper("wrong", "wrong-secret");
    let configured = home.config(&format!("[credential]\n\thelper = {wrong}\n"), &[]);
    assert!(fails(&configured.remote(&server.url())).contains("401"));
    assert!(home.log("wrong").contains("erase\n") && home.log("wrong").contains("password=wrong-secret"));
    let silent = home.program("silent", "exit 1");
    let shell = "!f() { test \"$1\" = get && echo password=hunter2; }; f";
    let config = format!(
        "[credential]\n\thelper = {wrong}\n\thelper =\n\thelper = {silent}\n\thelper = \"{}\"\n\tusername = ci\n\tuseHttpPath = true\n",
        shell.replace('"', "\\\"")
    );
    works(&home.config(&config, &[]).remote(&server.url()), 1);
    let quits = home.program("quits", "echo quit=1");
    let error = fails(
        &home.config(&format!("[credential]\n\thelper = {quits}\n\thelper = {wrong}\n"), &[]).remote(&server.url()),
    );
    assert!(error.contains("ended the lookup"), "{error}");
}

#[test]
fn a_program_is_asked_last() {
    let (home, server) = (Home::new(), server());
    let log = home.path("asked").display().to_string();
    let ask = home.program("ask", &format!("echo \"$1\" >>{log}; case $1 in User*) echo ci;; *) echo hunter2;; esac"));
    works(&home.config("", &[("GIT_ASKPASS", &ask)]).remote(&server.url()), 1);
    let expected = format!("Username for 'http://{0}': \nPassword for 'http://ci@{0}': \n", host(&server));
    assert_eq!(std::fs::read_to_string(&log).unwrap(), expected);
}

#[test]
fn headers_go_to_their_host_alone() {
    let (home, server) = (Home::new(), server());
    // As actions/checkout writes it: `ci:hunter2` in base64.
    let config =
        format!("[http \"http://{}/\"]\n\textraheader = AUTHORIZATION: basic Y2k6aHVudGVyMg==\n", host(&server));
    let configured = home.config(&config, &[]);
    works(&configured.remote(&server.url()), 1);
    assert!(fails(&configured.remote(&server.other_url())).contains("401"));
    let open = GitServer::start(Abilities::default());
    let elsewhere = testkit::http::Server::start(None, {
        let to = server.other_url();
        move |request| {
            testkit::http::Response::empty(301).header("location", format!("{to}/info/refs?{}", request.query))
        }
    });
    let here = format!("localhost:{}", elsewhere.address().port());
    let config = config.replace(&host(&server), &here);
    let error = fails(&home.config(&config, &[]).remote(&format!("http://{here}/old.git")));
    assert!(error.contains("401"), "a redirect took the header to another host: {error}");
    works(&configured.remote(&open.url()), 1);
}

#[test]
fn another_address_and_another_program_are_used() {
    let (home, server) = (Home::new(), server());
    let config = format!(
        "[url \"http://ci:hunter2@{}/\"]\n\tinsteadOf = short:\n[core]\n\tsshCommand = ssh -v\n",
        host(&server)
    );
    let configured = home.config(&config, &[]);
    let remote = configured.remote("short:repository.git");
    assert_eq!(remote.redacted_url(), server.url());
    works(&remote, 1);
    assert_eq!(configured.remote("git@host:a").ssh_command.as_deref(), Some("ssh -v"));
    let other = home.config(&config, &[("GIT_SSH_COMMAND", "ssh -q")]);
    assert_eq!(other.remote("git@host:a").ssh_command.as_deref(), Some("ssh -q"));
    assert_eq!(
        home.config("", &[("GIT_SSH", "/opt/my ssh")]).remote("h:a").ssh_command.as_deref(),
        Some("'/opt/my ssh'")
    );
}

#[test]
fn a_proxy_and_an_authority_are_taken_from_the_configuration_and_the_proxy_learns_nothing() {
    let home = Home::new();
    let identity = testkit::tls::Identity::generate();
    let login = Some(("ci".to_owned(), "hunter2".to_owned()));
    let server = GitServer::start_tls(Abilities { login, ..Abilities::default() }, &identity);
    let port: u16 = host(&server).rsplit(':').next().unwrap().parse().unwrap();
    let proxy = testkit::proxy::Proxy::start(([127, 0, 0, 1], port).into());
    let authority = home.path("ca.pem");
    std::fs::write(&authority, identity.authority()).unwrap();
    let config = format!(
        "[http]\n\tproxy = {}\n\tsslCAInfo = {}\n[credential]\n\thelper = {}\n",
        proxy.url(),
        authority.display(),
        home.helper("knows", "hunter2")
    );
    // A loopback address would be reached without the proxy.
    let url = server.url().replace("localhost", "registry.test");
    works(&home.config(&config, &[]).remote(&url), 1);
    let seen = proxy.requests();
    assert!(!seen.is_empty() && seen.iter().all(|request| request.starts_with("CONNECT registry.test:")), "{seen:?}");
    assert!(seen.iter().all(|request| !request.contains("authorization")), "{seen:?}");
    let wrong = home.config("[http]\n\tproxy = http://127.0.0.1:1\n", &[]);
    assert!(deliver(&wrong.remote(&url), &[unit("a", 2, &[("x", "2")])], &options()).unwrap_err().is_outside());
}

#[test]
#[ignore = "needs git"]
fn real_git_credential_store_is_asked_and_told() {
    let (home, server) = (Home::new(), server());
    let file = home.path("credentials");
    std::fs::write(&file, format!("http://ci:hunter2@{}\n", host(&server).replace(':', "%3a"))).unwrap();
    let config = format!("[credential]\n\thelper = store --file {}\n", file.display());
    works(&home.config(&config, &[]).remote(&server.url()), 1);
    std::fs::write(&file, format!("http://ci:wrong-secret@{}\n", host(&server).replace(':', "%3a"))).unwrap();
    assert!(fails(&home.config(&config, &[]).remote(&server.url())).contains("401"));
    assert!(std::fs::read_to_string(&file).unwrap().is_empty(), "git's own helper forgets what was wrong");
    assert!(Path::new(&file).exists());
}
