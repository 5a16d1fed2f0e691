//! Files that do not end or wait for ever, and builds whose fields or output grow.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set up its case has failed, and the figures are its report"
)]

mod bounds;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use bounds::{OBJECT, hydrant, refused};
use testkit::hostile::{Measured, measure};

const SKAFFOLD: &str = "apiVersion: skaffold/v4beta11\nkind: Config\nmanifests: {rawYaml: [a.yaml]}\n";
const POD: &str =
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: 'localhost:1/a:1'}]}\n";
const CONFIG: &str = "services: [a]\nenvironments: {staging: {}}\ndestination: {repository: m.git}\n";

/// Runs the program in a folder that is its home.
fn run(folder: &Path, arguments: &[&str]) -> Measured {
    let mut command = hydrant();
    measure(command.args(arguments).current_dir(folder).env("HOME", folder).env("XDG_CACHE_HOME", folder.join("cache")))
}

fn write(folder: &Path, path: &str, content: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A folder with one input of each kind.
fn inputs() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in [
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("a.yaml", OBJECT),
        ("pod.yaml", POD),
        ("skaffold.yaml", SKAFFOLD),
        ("chart/Chart.yaml", "apiVersion: v2\nname: chart\nversion: 1.0.0\n"),
        ("chart/values.yaml", "a: b\n"),
        ("chart/templates/a.yaml", OBJECT),
        ("units/hydrant.yaml", CONFIG),
        ("units/a/skaffold.yaml", SKAFFOLD),
        ("units/a/a.yaml", OBJECT),
        ("generator/kustomization.yaml", "configMapGenerator: [{name: a, files: [data]}]\n"),
        ("generator/data", "x"),
    ] {
        write(folder.path(), path, content);
    }
    folder
}

#[test]
#[cfg(unix)]
fn files_that_are_found_are_regular_ones() {
    let regular = "not a regular file";
    let irregular = "cannot load irregular file";
    let cases: [(&str, &[&str], &str); 12] = [
        // As kustomize, whose files are those that it finds.
        ("kustomization.yaml", &["kustomize", "."], "kustomization not found"),
        ("a.yaml", &["kustomize", "."], regular),
        ("skaffold.yaml", &["render"], regular),
        ("skaffold.env", &["render"], regular),
        ("a.yaml", &["render"], regular),
        ("chart/Chart.yaml", &["helm", "template", "chart"], regular),
        ("chart/values.yaml", &["helm", "template", "chart"], irregular),
        ("chart/templates/a.yaml", &["helm", "template", "chart"], irregular),
        ("chart/.helmignore", &["helm", "template", "chart"], irregular),
        ("units/hydrant.yaml", &["plan", "--all", "-C", "units"], regular),
        ("pod.yaml", &["pin", "."], regular),
        (".docker/config.json", &["pin", "pod.yaml", "--registry-deadline", "2"], regular),
    ];
    for (path, arguments, message) in cases {
        let folder = inputs();
        let place = folder.path().join(path);
        drop(fs::remove_file(&place));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        for pipe in [true, false] {
            if pipe {
                assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
            } else {
                std::os::unix::fs::symlink("/dev/zero", &place).unwrap();
            }
            let kind = if pipe { "a pipe" } else { "a link to a device" };
            refused(&format!("{path}: {kind} in {arguments:?}"), &run(folder.path(), arguments), message, 60);
            fs::remove_file(&place).unwrap();
        }
    }
    let folder = inputs();
    fs::remove_file(folder.path().join("generator/data")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.path().join("generator/data")).status().unwrap().success());
    refused("a pipe of a generator", &run(folder.path(), &["kustomize", "generator"]), regular, 60);
}

#[test]
#[cfg(unix)]
fn files_that_are_named_are_limited() {
    let message = "larger than 64 MiB";
    let cases: [&[&str]; 11] = [
        &["pin", "/dev/zero"],
        &["images", "/dev/zero"],
        &["render", "-f", "/dev/zero"],
        &["render", "-a", "/dev/zero"],
        &["render", "--set-value-file", "/dev/zero"],
        &["helm", "template", "chart", "-f", "/dev/zero"],
        &["helm", "template", "chart", "--set-file", "a=/dev/zero"],
        &["pin", "pod.yaml", "--rules", "/dev/zero"],
        &["pin", "pod.yaml", "--registry-ca", "/dev/zero"],
        &["deliver", "--all", "--dry-run", "-C", "units", "--images", "/dev/zero"],
        &["commit", "-r", "a/b", "-m", "x", "a.yaml", "--app-id", "1", "--app-key-file", "/dev/zero"],
    ];
    let folder = inputs();
    for arguments in cases {
        refused(&format!("{arguments:?}"), &run(folder.path(), arguments), message, 60);
    }
    for arguments in ["pin -", "images -", "render -f -", "render -a -", "helm template chart -f -"] {
        let mut endless = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
        let mut command = Command::new("sh");
        let line = format!("yes | exec \"$0\" {arguments}");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_hydrant")]).current_dir(folder.path());
        let output = command.output().unwrap();
        endless.kill().unwrap();
        endless.wait().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && stderr.contains(message), "{arguments}: {stderr}");
    }
    let names: Vec<String> = (0..10).map(|index| format!("large/{index}")).collect();
    for name in &names {
        write(folder.path(), name, "");
        fs::File::options().write(true).open(folder.path().join(name)).unwrap().set_len(20 << 20).unwrap();
    }
    let commit = ["commit", "-r", "a/b", "-m", "x", "large", "--token", "x", "--api", "http://127.0.0.1:1"];
    refused("files of a commit", &run(folder.path(), &commit), "larger than 128 MiB together", 60);
    // What a shell opens is read.
    let line = "\"$0\" helm template chart -f <(echo 'c: d') --set-file e=<(echo f)";
    let mut shell = Command::new("bash");
    let done = shell.args(["-c", line, env!("CARGO_BIN_EXE_hydrant")]).current_dir(folder.path()).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Builds files that are written to a folder.
fn build(files: &[(&str, &str)]) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        write(folder.path(), path, content);
    }
    run(folder.path(), &["kustomize", "."])
}

#[test]
fn fields_that_grow() {
    let too_large = "the build exceeds the limit of 256 MiB of objects";
    let long = "x".repeat(1_000_000);
    let many = |count: usize, object: &str| -> String {
        (0..count).map(|index| object.replace("name: a", &format!("name: a{index}")) + "---\n").collect()
    };
    let containers = "{name: c, image: i},".repeat(1000);
    let pods =
        many(3, &format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{containers}]}}\n"));
    let volumes = "{name: v, configMap: {name: m}},".repeat(1000);
    let references = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: \
         {{volumes: [{volumes}]}}\n"
    );
    let subjects = "{kind: ServiceAccount, name: default},".repeat(1000);
    let binding = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: a}}\nsubjects: [{subjects}]\n"
    );
    let objects = many(1000, OBJECT);
    let cases = [
        ("namespaces", format!("namespace: {long}\n"), &objects),
        ("namespaces of subjects", format!("namespace: {long}\n"), &binding),
        ("images", format!("images: [{{name: i, newName: {long}}}]\n"), &pods),
        ("references", format!("namePrefix: {long}-\n"), &references),
        ("prefixes", format!("namePrefix: {long}-\n"), &objects),
        ("annotations", format!("commonAnnotations: {{a: {long}}}\n"), &objects),
        ("templates", format!("labels: [{{pairs: {{a: {long}}}, includeTemplates: true}}]\n"), &objects),
    ];
    for (name, fields, content) in cases {
        let kustomization = format!("resources: [a.yaml]\n{fields}");
        let files = [("kustomization.yaml", kustomization.as_str()), ("a.yaml", content)];
        refused(name, &build(&files), too_large, 60);
    }
}

#[test]
fn files_and_output_that_grow() {
    let lines: String = (0..5_000_000).map(|index| format!("k{index}=v\n")).collect();
    let generator = "configMapGenerator: [{name: a, envs: [env]}]\n";
    refused(
        "lines of a file",
        &build(&[("kustomization.yaml", generator), ("env", &lines)]),
        "more than 500000 lines",
        60,
    );
    let text = "x".repeat(60 << 20);
    let generators: String = (0..5).map(|index| format!("- {{name: a{index}, files: [f]}}\n")).collect();
    let kustomization = format!("configMapGenerator:\n{generators}");
    let files = [("kustomization.yaml", kustomization.as_str()), ("f", &text)];
    refused("large files", &build(&files), "the build exceeds the limit of 256 MiB of objects", 60);
    // Each of these files has 300 times its size in memory.
    let nodes = format!("apiVersion: v1\nkind: C\nmetadata: {{name: a}}\nspec: [{}]\n", "a,".repeat(400_000));
    let names: Vec<String> = (0..300).map(|_| "a.yaml".to_owned()).collect();
    let kustomization = format!("resources: [{}]\n", names.join(", "));
    let files = [("kustomization.yaml", kustomization.as_str()), ("a.yaml", &nodes)];
    refused("files that are read ahead", &build(&files), "a.yaml", 120);
    let object = |open: &str, content: &str, close: &str| {
        format!(
            "apiVersion: v1\nkind: C\nmetadata: {{name: a}}\nspec: {}{content}{}\n",
            open.repeat(5000),
            close.repeat(5000)
        )
    };
    let indented = [
        ("items", object("{a: ", &format!("[{}]", "x,".repeat(1_000_000)), "}")),
        ("lines", object("{a: ", &format!("\"{}\"", "x\\n".repeat(1_000_000)), "}")),
        ("blanks", object("{a: ", &format!("\"{}\"", "' \\t ".repeat(1_000_000)), "}")),
    ];
    for (name, content) in indented {
        let files = [("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", content.as_str())];
        refused(name, &build(&files), "the output exceeds the limit of 128 MiB", 120);
    }
}
