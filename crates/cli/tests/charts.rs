//! Remote charts: repositories on loopback, the lock file, `hydrant update`, dependencies, kustomizations over charts, hooks.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use testkit::http::{Response, Server};

const TEMPLATE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\n\
    data: {version: '{{ .Chart.Version }}', replicas: '{{ .Values.replicas }}', region: '{{ .Values.region }}', list: '{{ .Values.list }}'}\n";
const HOOK: &str =
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}\n";

/// What a command did.
struct Done {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A source with a chart repository on loopback.
struct Case {
    folder: tempfile::TempDir,
    server: Server,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Case {
    fn new() -> Case {
        let folder = tempfile::tempdir().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (served, noted) = (folder.path().join("repository"), requests.clone());
        let server = Server::start(None, move |request| {
            let authorization = request.header("authorization").unwrap_or("-").to_owned();
            noted.lock().unwrap().push(format!("{} {authorization}", request.path));
            if let Some(path) = request.path.strip_prefix("/private")
                && authorization == "-"
            {
                return Response::new(401, "text/plain", path.as_bytes().to_vec());
            }
            let path = request.path.trim_start_matches("/private").trim_start_matches('/');
            match std::fs::read(served.join(path)) {
                Ok(bytes) => Response::new(200, "application/octet-stream", bytes),
                Err(_) => Response::new(404, "text/plain", "nothing here"),
            }
        });
        let case = Case { folder, server, requests };
        case.write("repository/about", "");
        case.sh("git init -q -b main src");
        case
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.address().port())
    }

    fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn command(&self, folder: &Path, line: &str) -> Done {
        let binary = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let done = Command::new("sh")
            .args(["-ec", line])
            .current_dir(folder)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        Done {
            status: done.status.code(),
            stdout: String::from_utf8_lossy(&done.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }

    fn sh(&self, line: &str) -> String {
        let done = self.command(self.path(), line);
        assert_eq!(done.status, Some(0), "{line}: {}{}", done.stdout, done.stderr);
        done.stdout
    }

    fn hydrant(&self, arguments: &str) -> Done {
        self.command(&self.source(), &format!("hydrant {arguments}"))
    }

    fn source(&self) -> PathBuf {
        self.path().join("src")
    }

    fn commit(&self) {
        self.sh("cd src && git add -A && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one");
    }

    /// The config of one service, with the fields of `helm`.
    fn config(&self, helm: &str) {
        let url = self.url();
        self.write(
            "src/hydrant.yaml",
            &format!(
                "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- service: shop\n  helm: {}\n\
                 environments:\n  staging: {{variables: {{REGION: eu}}}}\n  production: {{variables: {{REGION: us}}}}\n\
                 policy: {{images: any}}\ndestination: {{repository: ../manifests.git}}\nsource: {{repository: 'https://git.example/x'}}\n",
                helm.replace("URL", &url)
            ),
        );
        self.commit();
    }

    /// Packs a version of the chart `web` into the repository.
    fn publish(&self, version: &str, extra: &str) {
        self.write("pack/web/Chart.yaml", &format!("apiVersion: v2\nname: web\nversion: {version}\n{extra}"));
        self.write("pack/web/values.yaml", "replicas: 1\nregion: none\nlist: []\n");
        self.write("pack/web/templates/web.yaml", TEMPLATE);
        self.sh(&format!("tar -C pack -czf repository/web-{version}.tgz web"));
        self.index();
    }

    /// Writes the index of all archives.
    fn index(&self) {
        let lines = self.sh("cd repository && for f in *.tgz; do echo \"$f $(sha256sum < $f)\"; done");
        let mut index = String::from("apiVersion: v1\nentries:\n  web:\n");
        for line in lines.lines() {
            let mut parts = line.split_whitespace();
            let (file, digest) = (parts.next().unwrap(), parts.next().unwrap());
            let version = file.trim_start_matches("web-").trim_end_matches(".tgz");
            index.push_str(&format!(
                "  - digest: {digest}\n    name: web\n    urls:\n    - {file}\n    version: {version}\n"
            ));
        }
        self.write("repository/index.yaml", &index);
    }

    /// The error of a command that fails.
    fn error(&self, arguments: &str) -> String {
        let done = self.hydrant(arguments);
        assert_eq!(done.status, Some(1), "{arguments}: {}{}", done.stdout, done.stderr);
        done.stderr
    }
}

#[test]
fn a_chart_is_locked_updated_and_rendered_without_network() {
    let case = Case::new();
    case.publish("1.0.0", "");
    case.publish("1.1.0", "");
    case.publish("2.0.0", "");
    case.write("src/staging.yaml", "replicas: 2\n");
    case.write("src/production.yaml", "replicas: 3\n");
    case.config("{repository: 'URL', chart: web, version: ~1.0, values: '{environment}.yaml', set: {region: '${REGION}-{service}', list: '{a,b}'}}");
    let refused = case.error("deliver --all --locked");
    assert!(refused.contains("lock file"), "{refused}");
    assert_eq!(case.requests(), [] as [&str; 0]);

    let plan = case.hydrant("plan --all").stdout;
    assert!(plan.contains(&format!("web of {} ~1.0", case.url())) && plan.contains("hooks: keep"), "{plan}");
    let first = case.hydrant("deliver --all --lock");
    assert!(first.stdout.contains("2 units: 2 committed"), "{}{}", first.stdout, first.stderr);
    assert_eq!(case.requests(), ["/index.yaml -", "/web-1.0.0.tgz -"], "each file once");
    let manifest = case.sh("git -C manifests.git show shop/production:manifest.yaml");
    for expected in ["version: 1.0.0", "replicas: \"3\"", "region: us-shop", "list: '[a b]'"] {
        assert!(manifest.contains(expected), "{expected}: {manifest}");
    }
    case.commit();
    let again = case.hydrant("deliver --all --locked");
    assert!(again.stdout.contains("2 units: 2 unchanged"), "{}{}", again.stdout, again.stderr);
    assert_eq!(case.requests(), [] as [&str; 0]);
    assert!(case.hydrant("verify --all").stdout.contains("verified"));

    // A newer version in the range does nothing until the lock moves.
    case.publish("1.0.5", "");
    let kept = case.hydrant("deliver --all");
    assert!(kept.stdout.contains("2 units: 2 unchanged"), "{}{}", kept.stdout, kept.stderr);
    let check = case.hydrant("update --check");
    assert_eq!(check.status, Some(3), "{}{}", check.stdout, check.stderr);
    assert!(check.stdout.contains("1.0.0 (sha256:") && check.stdout.contains("-> 1.0.5"), "{}", check.stdout);
    assert!(check.stdout.contains("data.version"), "{}", check.stdout);
    assert!(case.error("update nothing").contains("no chart, image or remote base is called nothing"));
    assert_eq!(case.hydrant("update web").status, Some(0));
    assert_eq!(case.hydrant("update --check").status, Some(0));
    let changed = case.hydrant("plan --all --changed-since HEAD").stdout;
    assert!(changed.contains("staging") && changed.contains("production"), "{changed}");
    case.commit();
    assert!(case.hydrant("deliver --all").stdout.contains("2 units: 2 committed"));
}

#[test]
fn what_is_not_the_locked_chart_is_refused() {
    let case = Case::new();
    case.publish("1.0.0", "");
    case.config("{chart: 'URL/web', version: 1.x}");
    assert_eq!(case.hydrant("update").status, Some(0));
    case.commit();
    case.sh("rm -rf .cache");
    case.publish("1.0.0", "description: another one\n");
    let error = case.error("deliver --all");
    assert!(error.contains("web 1.0.0 of") && error.contains("has changed: expected sha256:"), "{error}");
    assert!(error.contains("hydrant update web"), "{error}");

    // The index has the locked digest, the archive has another content.
    let lock = std::fs::read_to_string(case.source().join("hydrant.lock")).unwrap();
    let locked = lock.rsplit("sha256:").next().unwrap().trim().to_owned();
    let index = std::fs::read_to_string(case.path().join("repository/index.yaml")).unwrap();
    let now = index.split("digest: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    case.write("repository/index.yaml", &index.replace(&now, &locked));
    assert!(case.error("deliver --all").contains("has changed: expected sha256:"));

    // The locked version is gone, and others satisfy the range.
    case.sh("rm repository/web-1.0.0.tgz");
    case.publish("1.1.0", "");
    case.publish("1.2.0", "");
    let error = case.error("deliver --all");
    assert!(error.contains("the locked version 1.0.0 of web was removed from"), "{error}");
    assert!(error.contains("1.2.0 and 1.1.0 satisfy \"1.x\""), "{error}");
    assert!(!case.path().join("manifests.git").exists(), "nothing is written");
}

#[test]
fn wrong_requests_are_named() {
    let case = Case::new();
    case.publish("1.0.0", "");
    case.publish("3.0.0", "");
    case.publish("4.0.0-rc.1", "");
    for (helm, expected) in [
        ("{repository: 'URL', chart: web, version: 2.x}", "satisfies \"2.x\": the nearest are 1.0.0 and 3.0.0"),
        ("{repository: 'URL', chart: web, version: 4.x}", "write `version: 4.0.0-rc.1`"),
        ("{repository: 'URL', chart: web, version: 'a b'}", "invalid version \"a b\" of chart web"),
        ("{repository: 'URL', chart: wib}", "chart wib not found in http://127.0.0.1"),
        ("{repository: 'URL', chart: web, version: '${NOPE}'}", "variable NOPE is not set"),
        (
            "{repository: 'URL', chart: web, values: '{environment}.yaml'}",
            "production.yaml: helm.values[0]: no such file",
        ),
        ("{repository: 'URL/none', chart: web}", "/none/index.yaml: HTTP status 404"),
        ("{repository: 'ftp://x', chart: web}", "invalid chart repository \"ftp://x\""),
        ("{repository: '@acme', chart: web}", "repository \"acme\" not found in helm's repositories.yaml"),
        ("{chart: web, version: 1.x}", "`version` requires a remote chart"),
        ("{chart: 'URL/web', tests: true, skipTests: true}", "`tests` and `skipTests` exclude each other"),
    ] {
        case.config(helm);
        let error = case.error("deliver --all");
        assert!(error.contains(expected), "{helm}: {error}");
    }
    assert!(!case.path().join("manifests.git").exists(), "nothing is written");
}

#[test]
fn credentials_go_to_their_repository_only() {
    let case = Case::new();
    case.publish("1.0.0", "");
    let other = Case::new();
    other.publish("1.0.0", "");
    // The index names an archive on another host.
    let index = std::fs::read_to_string(case.path().join("repository/index.yaml")).unwrap();
    case.sh("cp repository/web-1.0.0.tgz keep.tgz");
    std::fs::copy(case.path().join("keep.tgz"), other.path().join("repository/web-1.0.0.tgz")).unwrap();
    let host = other.url().replace("127.0.0.1", "localhost");
    case.write("repository/index.yaml", &index.replace("- web-1.0.0", &format!("- {host}/web-1.0.0")));
    let known = |more: &str| {
        let url = case.url();
        format!(
            "apiVersion: ''\nrepositories:\n- {{name: acme, url: {url}/private/, username: bob, password: secret{more}}}\n"
        )
    };
    case.write(".config/helm/repositories.yaml", &known(""));
    case.config("{repository: '@acme', chart: web}");
    let done = case.hydrant("deliver --all");
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert_eq!(case.requests(), ["/private/index.yaml Basic Ym9iOnNlY3JldA=="]);
    assert_eq!(other.requests(), ["/web-1.0.0.tgz -"]);
    case.sh("rm -rf .cache");
    case.write(".config/helm/repositories.yaml", &known(", pass_credentials_all: true"));
    assert_eq!(case.hydrant("deliver --all").status, Some(0));
    assert_eq!(other.requests(), ["/web-1.0.0.tgz Basic Ym9iOnNlY3JldA=="]);

    // An untrusted source gets neither credentials nor private addresses.
    case.requests();
    let error = case.error("--untrusted render --all");
    assert!(!error.contains("secret"), "{error}");
    assert_eq!(case.requests(), [] as [&str; 0]);
}

#[test]
fn dependencies_are_fetched_in_memory() {
    let case = Case::new();
    case.publish("1.0.0", "");
    case.publish("1.5.0", "");
    let chart = |version: &str| {
        format!(
            "apiVersion: v2\nname: shop\nversion: 0.1.0\ndependencies:\n- {{name: web, version: {version}, repository: '{}'}}\n",
            case.url()
        )
    };
    case.write("src/shop/Chart.yaml", &chart("1.x"));
    case.config("{chart: shop}");
    let done = case.hydrant("deliver --all --lock");
    assert_eq!(done.status, Some(0), "{}", done.stderr);
    assert!(case.sh("git -C manifests.git show shop/staging:manifest.yaml").contains("version: 1.5.0"));
    let lock = std::fs::read_to_string(case.source().join("hydrant.lock")).unwrap();
    assert!(lock.contains("name: web\n  range: \"1.x\"\n  version: \"1.5.0\""), "{lock}");
    case.commit();
    case.requests();
    assert_eq!(case.hydrant("deliver --all --locked").status, Some(0));
    assert_eq!(case.requests(), [] as [&str; 0]);
    assert_eq!(case.sh("ls src/shop"), "Chart.yaml\n", "nothing is written into the source");

    // A lock file of other dependencies is refused.
    case.write(
        "src/shop/Chart.lock",
        &format!("dependencies:\n- {{name: web, version: 1.0.0, repository: '{}'}}\ndigest: sha256:00\n", case.url()),
    );
    case.commit();
    let error = case.error("deliver --all");
    assert!(
        error.contains("the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml)"),
        "{error}"
    );
}

#[test]
fn hooks_and_kustomizations_over_charts() {
    let case = Case::new();
    case.write("pack/web/templates/hook.yaml", HOOK);
    case.publish("1.0.0", "");
    let rendered = |case: &Case| case.hydrant("render -s shop -e staging").stdout;
    case.config("{repo: 'URL', chart: web}");
    assert!(rendered(&case).contains("kind: Job"), "kept by default");
    case.config("{repo: 'URL', chart: web, hooks: drop}");
    assert!(!rendered(&case).contains("kind: Job"));
    case.config("{repo: 'URL', chart: web, hooks: refuse}");
    let error = case.error("deliver --all");
    assert!(error.contains("hooks are refused, and the chart has Job.batch/migrate (pre-install)"), "{error}");

    case.write(
        "src/over/kustomization.yaml",
        "namePrefix: our-\npatches:\n- target: {kind: ConfigMap}\n  patch: |-\n    - {op: add, path: /data/patched, value: 'yes'}\nresources: [more.yaml]\n",
    );
    case.write("src/over/more.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: more}\n");
    case.config("{repo: 'URL', chart: web, releaseName: store, kustomize: over}");
    let manifest = rendered(&case);
    for expected in ["name: our-store", "patched: \"yes\"", "name: our-more", "name: our-migrate"] {
        assert!(manifest.contains(expected), "{expected}: {manifest}");
    }
    // The same by `helmCharts`.
    case.write(
        "src/over/kustomization.yaml",
        &format!(
            "helmCharts:\n- {{name: web, repo: '{}', version: 1.x, releaseName: store, valuesInline: {{replicas: 5}}}}\n",
            case.url()
        ),
    );
    case.sh("sed -i 's/  helm: .*/  kustomize: {path: over, helm: true}/' src/hydrant.yaml");
    case.commit();
    let done = case.hydrant("render --all");
    assert!(done.stdout.contains("replicas: \"5\""), "{}{}", done.stdout, done.stderr);
    assert_eq!(case.sh("ls src/over"), "kustomization.yaml\nmore.yaml\n", "nothing is pulled into the source");
}
