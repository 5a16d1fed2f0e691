//! Helm charts with the real helm: services that are charts (with a library chart, CRDs, tests and values), and `helmCharts` of a
//! kustomization, pulled from a repository on loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up its case has failed")]

use std::path::Path;
use std::process::Command;

use testkit::docker_registry::{Auth, DockerRegistry};

const FILES: [(&str, &str); 9] = [
    (
        "hydrant.yaml",
        "apiVersion: hydrant/v1\nkind: Delivery\nservices: [{path: charts/*, helm: {values: [../common.yaml, 'values-{environment}.yaml'], kubeVersion: 1.30.0}}]\n\
         environments: {prod: {namespace: shop}}\ndestination: {repository: manifests.git}\npolicy: {digests: kept}\n",
    ),
    ("charts/common.yaml", "replicas: 2\ntag: '0'\n"),
    ("charts/library/Chart.yaml", "apiVersion: v2\nname: library\nversion: 0.1.0\ntype: library\n"),
    ("charts/library/templates/_image.tpl", "{{ define \"library.image\" }}nginx:{{ . }}@sha256:DIGEST{{ end }}\n"),
    (
        "charts/web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\ndependencies: [{name: library, version: 0.1.0, repository: 'file://../library'}]\n",
    ),
    ("charts/web/values-prod.yaml", "tag: '7'\n"),
    (
        "charts/web/crds/things.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n",
    ),
    (
        "charts/web/templates/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}, annotations: {kube: '{{ .Capabilities.KubeVersion.Version }}'}}\n\
         spec:\n  replicas: {{ .Values.replicas }}\n  template: {spec: {containers: [{name: web, image: '{{ include \"library.image\" .Values.tag }}'}]}}\n",
    ),
    (
        "charts/web/templates/tests/test.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: test, annotations: {helm.sh/hook: test}}\n",
    ),
];

fn run(folder: &Path, line: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_hydrant")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let done = Command::new("sh")
        .args(["-ec", line])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(done.status.success(), "{line}: {stderr}{}", String::from_utf8_lossy(&done.stderr));
    stderr
}

#[test]
#[ignore = "needs helm"]
fn real_helm_renders_services() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in FILES {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("DIGEST", &"a".repeat(64))).unwrap();
    }
    run(folder.path(), "git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b commit -q -m one");
    run(folder.path(), "hydrant deliver --all --source-repository https://git.example/charts");
    let manifest = run(folder.path(), "git -C manifests.git show web/prod:manifest.yaml");
    let kinds: Vec<&str> = manifest.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
    assert_eq!(kinds, ["CustomResourceDefinition", "Deployment"], "{manifest}");
    for wanted in ["name: web", "namespace: shop", "kube: v1.30.0", "replicas: 2", "image: nginx:7@sha256:aaaa"] {
        assert!(manifest.contains(wanted), "{wanted}: {manifest}");
    }
    // The library chart is an input, and a revision is rendered from its own files.
    run(folder.path(), "sed -i s/nginx/caddy/ charts/library/templates/_image.tpl");
    assert!(run(folder.path(), "hydrant plan --all --changed-since HEAD").contains("web"));
    assert!(run(folder.path(), "hydrant verify --all").contains("verified"));
    assert!(run(folder.path(), "hydrant diff --all").contains("+ caddy:7"));
    let left = run(folder.path(), "git status --short");
    assert_eq!(left, " M charts/library/templates/_image.tpl\n?? manifests.git/\n", "nothing else is written");
}

#[test]
#[ignore = "needs helm and kubectl"]
fn real_helm_pulls_charts_for_kustomizations() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.3\n");
    write("web/values.yaml", "replicas: 1\nnested: {a: 1, b: 1}\n");
    write(
        "web/crds/things.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n",
    );
    write(
        "web/templates/web.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }}}\n\
         spec: {replicas: {{ .Values.replicas }}, nested: {{ .Values.nested | toJson }}, more: {{ .Values.more | quote }}}\n---\n\
         apiVersion: v1\nkind: Pod\nmetadata: {name: hook, annotations: {helm.sh/hook: test}}\n",
    );
    run(folder.path(), "helm package web -d repository && helm repo index repository");
    let served = folder.path().join("repository");
    let server = testkit::http::Server::start(None, move |request| {
        match std::fs::read(served.join(request.path.trim_start_matches('/'))) {
            Ok(bytes) => testkit::http::Response::new(200, "application/octet-stream", bytes),
            Err(_) => testkit::http::Response::new(404, "text/plain", "nothing here"),
        }
    });
    let chart = format!("repo: http://127.0.0.1:{}\n  version: 1.2.3\n  releaseName: shop\n", server.address().port());
    write("app/more.yaml", "more: 'yes'\n");
    write(
        "app/kustomization.yaml",
        &format!(
            "namespace: shop\nnamePrefix: our-\nhelmCharts:\n- name: web\n  {chart}  includeCRDs: true\n  valuesInline: {{replicas: 3, nested: {{b: 2}}}}\n  \
             additionalValuesFiles: [more.yaml]\n"
        ),
    );
    write(
        "skip/kustomization.yaml",
        &format!("helmCharts:\n- name: web\n  {chart}  skipTests: true\n  kubeVersion: 1.30.0\n"),
    );
    for app in ["app", "skip"] {
        let ours = run(folder.path(), &format!("hydrant kustomize {app} --enable-helm"));
        assert!(ours.contains("kind: Deployment"), "{ours}");
        // hydrant writes nothing; kubectl pulls the chart into the folder, from which hydrant then reads it.
        assert!(!folder.path().join(app).join("charts").exists());
        assert_eq!(ours, run(folder.path(), &format!("kubectl kustomize {app} --enable-helm")));
        assert_eq!(ours, run(folder.path(), &format!("hydrant kustomize {app} --enable-helm")));
    }
    write("gone/kustomization.yaml", &format!("helmCharts:\n- name: gone\n  {chart}"));
    let stderr = run(folder.path(), "! hydrant kustomize gone --enable-helm 2>&1");
    assert!(stderr.contains("helmCharts[0]") && stderr.contains("gone"), "{stderr}");
}

/// Charts that helm has packaged and pushed give the output of `helm template`, from a repository and from a registry with a login.
#[test]
#[ignore = "needs helm and docker-registry"]
fn real_helm_charts_of_repositories_and_registries() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    run(folder.path(), "mkdir packed && helm create web >/dev/null");
    for version in ["1.0.0", "1.2.0+build.1", "2.0.0-rc.1"] {
        run(folder.path(), &format!("helm package web --version {version} -d packed && helm repo index packed"));
    }
    let served = folder.path().join("packed");
    let server = testkit::http::Server::start(None, move |request| {
        match std::fs::read(served.join(request.path.trim_start_matches('/'))) {
            Ok(bytes) => testkit::http::Response::new(200, "application/octet-stream", bytes),
            Err(_) => testkit::http::Response::new(404, "text/plain", "nothing here"),
        }
    });
    let registry = DockerRegistry::start(Auth::Htpasswd, None);
    let host = registry.host();
    // What `helm registry login` writes.
    write(".config/helm/registry/config.json", &registry.config_json());
    run(folder.path(), &format!("for f in packed/*.tgz; do helm push $f oci://{host}/charts --plain-http; done"));
    let repository = format!("http://127.0.0.1:{}", server.address().port());
    write(
        "src/hydrant.yaml",
        &format!(
            "apiVersion: hydrant/v1\nkind: Delivery\nservices:\n- service: one\n  helm: {{repository: '{repository}', chart: web, version: 1.x, \
             values: v.yaml, semantics: 3.17}}\n- service: two\n  helm: {{chart: 'oci://{host}/charts/web', version: ^1, values: v.yaml, semantics: 3.17}}\n\
             environments: {{prod: {{namespace: shop}}}}\npolicy: {{images: any}}\ndestination: {{repository: ../manifests.git}}\n"
        ),
    );
    write("src/v.yaml", "replicaCount: 3\ningress: {enabled: true}\n");
    let commit = "cd src && git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b commit -q -m one";
    run(folder.path(), commit);
    run(folder.path(), "cd src && hydrant update");
    for name in ["one", "two"] {
        let helm = format!(
            "helm template {name} packed/web-1.2.0+build.1.tgz -f src/v.yaml -n shop --include-crds --skip-tests"
        );
        let ours = run(
            folder.path(),
            &format!(
                "cd src && hydrant helm template {name} {} -f v.yaml -n shop --include-crds --skip-tests --semantics 3.17",
                if name == "one" {
                    format!("web --repo {repository} --version 1.x")
                } else {
                    format!("oci://{host}/charts/web --version ^1")
                }
            ),
        );
        assert_eq!(ours, run(folder.path(), &helm), "{name}");
    }
    let lock = std::fs::read_to_string(folder.path().join("src/hydrant.lock")).unwrap();
    assert_eq!(lock.matches("version: \"1.2.0+build.1\"").count(), 2, "{lock}");
    // Without the servers, the lock file and the cache are enough.
    drop((server, registry));
    run(folder.path(), "cd src && git add -A && git -c user.name=a -c user.email=a@b commit -q -m two");
    let delivered =
        run(folder.path(), "cd src && hydrant deliver --all --locked --source-repository https://git.example/x");
    assert!(delivered.contains("2 units: 2 committed"), "{delivered}");
}
