//! What a source must not do with the program: write outside by links, choose files outside, run programs, read the environment.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Output};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: map\n";
const CONFIG: &str = "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- kustomize: apps/{service}/{environment}\n\
                      environments: {prod: {}}\ndestination: {repository: ../manifests.git}\n";

/// A source with one unit, and a folder outside of it.
struct Stage(tempfile::TempDir);

impl Stage {
    fn new() -> Self {
        let stage = Stage(tempfile::tempdir().unwrap());
        stage.write("source/hydrant.yaml", CONFIG);
        stage.write("source/apps/cart/prod/kustomization.yaml", "resources: [map.yaml]\n");
        stage.write("source/apps/cart/prod/map.yaml", MAP);
        stage.write("outside/file", "kept");
        stage.shell("git init -q -b main && git config user.name a && git config user.email a@b");
        stage.commit();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn link(&self, name: &str, target: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(self.path(target), path).unwrap();
    }

    fn shell(&self, line: &str) {
        let mut command = Command::new("sh");
        let done = command.args(["-c", line]).current_dir(self.path("source")).output().unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
    }

    fn commit(&self) {
        self.shell("git add -A && git commit -q -m one");
    }

    /// Runs hydrant in the source with these variables besides `PATH` and `HOME`.
    fn hydrant(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hydrant"));
        command
            .args(arguments)
            .current_dir(self.path("source"))
            .env_clear()
            .env("PATH", std::env::var("PATH").unwrap());
        command.env("HOME", self.0.path()).envs(variables.iter().copied());
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// Runs hydrant, which must fail with this text on stderr.
    fn refused(&self, arguments: &[&str], expected: &str) {
        let done = self.hydrant(arguments, &[]);
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && stderr.contains(expected), "{arguments:?}: {stderr}");
    }

    /// Checks that nothing was written outside.
    fn outside_is_kept(&self) {
        assert_eq!(std::fs::read_dir(self.path("outside")).unwrap().count(), 1);
        assert_eq!(std::fs::read_to_string(self.path("outside/file")).unwrap(), "kept");
    }
}

#[test]
fn output_goes_into_the_named_folder_only() {
    let stage = Stage::new();
    let leads_out = "leads out of the output folder";
    stage.link("source/out/cart", "outside");
    stage.refused(&["render", "--all", "-o", "out"], leads_out);
    stage.link("source/file-out/cart/prod.yaml", "outside/file");
    stage.refused(&["render", "--all", "-o", "file-out"], leads_out);
    stage.link("source/objects/v1_configmap_map.yaml", "outside/new");
    stage.refused(&["kustomize", "apps/cart/prod", "-o", "objects"], leads_out);
    stage.write("source/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    stage.write("source/chart/templates/map.yaml", MAP);
    stage.link("source/charts-out/web/templates", "outside");
    stage.refused(&["helm", "template", "web", "chart", "--output-dir", "charts-out"], leads_out);
    stage.outside_is_kept();
    // A link in the folder that stays in it, and the folder itself as a link.
    stage.link("source/linked", "elsewhere");
    std::fs::create_dir_all(stage.path("elsewhere/real")).unwrap();
    symlink("real", stage.path("elsewhere/cart")).unwrap();
    assert!(stage.hydrant(&["render", "--all", "-o", "linked"], &[]).status.success());
    assert_eq!(std::fs::read_to_string(stage.path("elsewhere/real/prod.yaml")).unwrap(), MAP);
}

#[test]
fn no_file_is_created_through_a_link_of_the_source() {
    let stage = Stage::new();
    std::fs::remove_file(stage.path("source/hydrant.yaml")).unwrap();
    stage.link("source/hydrant.yaml", "outside/new");
    stage.refused(&["init", "--yes", "--repository", "../manifests.git"], "symbolic link");
    std::fs::remove_file(stage.path("source/hydrant.yaml")).unwrap();
    stage.write("source/hydrant.yaml", CONFIG);
    stage.link("source/hydrant.lock", "outside/new");
    stage.commit();
    stage.refused(&["deliver", "--all", "--lock"], "symbolic link");
    stage.outside_is_kept();
}

#[test]
fn the_config_names_files_of_the_source_only() {
    let stage = Stage::new();
    let absolute = stage.path("outside/file").display().to_string();
    stage.link("source/linked", "outside");
    for path in ["../outside/file", "../outside/new", absolute.as_str(), "linked/file", "linked/new"] {
        for field in ["lock", "rules"] {
            let value = if field == "rules" { format!("[{path}]") } else { path.to_owned() };
            stage.write("source/hydrant.yaml", &format!("{CONFIG}{field}: {value}\n"));
            stage.commit();
            stage.refused(&["deliver", "--all", "--lock"], "is outside of the source repository");
            stage.refused(&["pin", "apps", "--lock"], "is outside of the source repository");
        }
    }
    stage.outside_is_kept();
}

#[test]
fn paths_on_the_branch_are_valid_on_every_file_system() {
    let stage = Stage::new();
    for path in
        ["../x", "/x", "a/../x", ".GIT/x", "git~1/x", ".git./x", ".git::$INDEX_ALLOCATION/x", ".g\u{200c}it/x", "a\\b"]
    {
        let path = serde_json::to_string(path).unwrap();
        stage
            .write("source/hydrant.yaml", &CONFIG.replace("manifests.git}", &format!("manifests.git, path: {path}}}")));
        stage.commit();
        stage.refused(&["deliver", "--all"], "invalid path");
    }
}

#[test]
fn an_untrusted_chart_reads_no_file_outside_of_its_repository() {
    let stage = Stage::new();
    stage.write("source/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    stage.write(
        "source/chart/templates/map.yaml",
        &format!("{MAP}data: {{text: {{{{ .Files.Get \"link\" | quote }}}}}}\n"),
    );
    stage.link("source/chart/link", "outside/file");
    let template = ["helm", "template", "web", "chart"];
    let trusted = stage.hydrant(&template, &[]);
    assert!(String::from_utf8_lossy(&trusted.stdout).contains("kept"));
    for done in [
        stage.hydrant(&template, &[("HYDRANT_UNTRUSTED", "1")]),
        stage.hydrant(&[&template[..], &["--untrusted"]].concat(), &[]),
    ] {
        let text = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(1) && text.contains("--untrusted does not allow"), "{text}");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn credentials_are_written_to_no_file_and_given_to_no_program() {
    let stage = Stage::new();
    std::fs::remove_file(stage.path("source/hydrant.yaml")).unwrap();
    for url in ["https://u:hunter2@h/a.git", "https:/u:hunter2@h/a.git", "//u:hunter2@h/a", "https://h/a?token=hunter2"]
    {
        let done = stage.hydrant(&["init", "--yes", "--repository", url], &[]);
        let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        assert!(
            done.status.code() == Some(1) && text.contains("has credentials") && !text.contains("hunter2"),
            "{text}"
        );
        assert!(!stage.path("source/hydrant.yaml").exists());
    }
    for repo in ["https://u:hunter2@h/charts", "oci://u:hunter2@h/charts", "https://h/charts?token=hunter2"] {
        let chart = format!("helmCharts: [{{name: web, repo: '{repo}', version: 1.0.0, releaseName: web}}]\n");
        stage.write("source/chart/kustomization.yaml", &chart);
        let done = stage.hydrant(&["kustomize", "chart", "--enable-helm", "--helm-command", "helm"], &[]);
        let text = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success() && !text.contains("hunter2"), "{text}");
    }
}

#[test]
fn charts_write_no_control_characters() {
    let stage = Stage::new();
    stage.write("source/chart/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n");
    stage.write(
        "source/chart/templates/map.yaml",
        "{{ fail \"\\x1b]0;x\\x07\\n::error::forged\\n##vso[task.x]\\u202e\" }}\n",
    );
    let done = stage.hydrant(&["helm", "template", "web", "chart"], &[]);
    let text = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(1) && text.contains("execution error"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text}");
    assert!(!text.lines().any(|line| line.trim_start().starts_with("::") || line.contains("##vso[")), "{text}");
}

#[test]
fn no_report_shows_a_value_of_a_secret() {
    let stage = Stage::new();
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {password: VALUE}}";
    let applied = secret
        .replace(": ", "\": \"")
        .replace('{', "{\"")
        .replace('}', "\"}")
        .replace(", ", "\", \"")
        .replace("\"{", "{")
        .replace("}\"", "}");
    let objects = [
        secret.to_owned(),
        format!("{{apiVersion: template.openshift.io/v1, kind: Template, metadata: {{name: t}}, objects: [{secret}]}}"),
        format!("{{apiVersion: example.com/v1, kind: Object, metadata: {{name: o}}, spec: {{manifest: {secret}}}}}"),
        "{apiVersion: bitnami.com/v1alpha1, kind: SealedSecret, metadata: {name: s}, spec: {template: {data: {password: VALUE}}}}".to_owned(),
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c, annotations: {{kubectl.kubernetes.io/last-applied-configuration: '{applied}'}}}}}}"),
    ];
    for object in &objects {
        let stage = Stage::new();
        stage.write("source/hydrant.yaml", &format!("{CONFIG}policy: {{secrets: allow}}\n"));
        for value in ["hunter1", "hunter2"] {
            stage.write("source/apps/cart/prod/map.yaml", &object.replace("VALUE", value));
            stage.commit();
            for format in ["text", "json", "markdown", "json-patch", "unified", "html"] {
                let done = stage.hydrant(&["diff", "--format", format], &[]);
                let text = String::from_utf8_lossy(&done.stdout);
                assert!(done.status.success() && !text.contains("hunter"), "{format}: {text}");
                // Nothing but the name of the map is printed of a JSON patch that only changes values.
                let changes = text.contains("Secret")
                    || text.contains("ConfigMap")
                    || text.contains("Object")
                    || text.contains("Template");
                assert!(changes, "{format}: {text}");
            }
            assert!(stage.hydrant(&["deliver", "--all"], &[]).status.success());
        }
    }
    // Without the permission, each is refused by name.
    for object in &objects {
        stage.write("source/apps/cart/prod/map.yaml", &object.replace("VALUE", "hunter1"));
        stage.commit();
        stage.refused(&["deliver", "--all"], "policy.secrets");
    }
}

#[test]
fn hooks_of_a_repository_need_permission() {
    let skaffold = "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests:\n  rawYaml: [map.yaml]\n  hooks:\n    before:\n    - host:\n        \
                    command: [touch, ran]\n";
    let stage = Stage::new();
    let folder = stage.path("source/apps/web").display().to_string();
    stage.write("source/apps/web/skaffold.yaml", skaffold);
    stage.write("source/apps/web/map.yaml", MAP);
    let render = ["render", "-C", folder.as_str()];
    let ran = || std::fs::remove_file(stage.path("source/apps/web/ran")).is_ok();
    std::fs::remove_file(stage.path("source/hydrant.yaml")).unwrap();
    stage.refused(&render, "exec is not allowed");
    assert!(!ran());
    assert!(stage.hydrant(&[&render[..], &["--allow-exec"]].concat(), &[]).status.success() && ran());
    // Without a repository, the hooks run as with Skaffold, but not in a CI job, and nothing else runs.
    std::fs::rename(stage.path("source/.git"), stage.path("git")).unwrap();
    assert!(stage.hydrant(&render, &[]).status.success() && ran());
    for variable in ["CI", "HYDRANT_UNTRUSTED"] {
        assert!(!stage.hydrant(&render, &[(variable, "true")]).status.success() && !ran(), "{variable}");
    }
    let template =
        "build:\n  tagPolicy: {envTemplate: {template: '{{cmd \"touch\" \"ran\"}}'}}\n  artifacts: [{image: a}]\n";
    stage.write("source/apps/web/skaffold.yaml", &format!("{}{template}", skaffold.split("  hooks").next().unwrap()));
    stage.refused(&render, "exec is not allowed");
    assert!(!ran());
}
