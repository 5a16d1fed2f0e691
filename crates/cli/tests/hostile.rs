//! Servers and inputs that want too much memory or time: the program ends with an error, in bounded memory.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test that cannot set up its case has failed, and the figures are its report"
)]

mod bounds;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bounds::{OBJECT, hydrant, refused};
use testkit::hostile::{
    COMMIT, HostileGit, Measured, RawServer, band_1, bytes, chain, first, forever, gzip_bomb, head, measure,
    pack_header, pack_object, packet, silence, slowly,
};

const MB: u64 = 1 << 20;

/// Builds a kustomization with a base from the server.
fn base(server: &RawServer, query: &str) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("http://{}/acme/repository.git?ref=main{query}", server.address());
    fs::write(folder.path().join("kustomization.yaml"), format!("resources:\n- {url}\n")).unwrap();
    let cache = folder.path().join("cache");
    measure(hydrant().arg("kustomize").arg(folder.path()).env("HOME", folder.path()).env("XDG_CACHE_HOME", cache))
}

#[test]
fn a_git_server_that_sends_too_much() {
    let many_refs = || forever(packet(format!("{COMMIT} refs/heads/main/{}\n", "x".repeat(40)).as_bytes()));
    let cases: [(&str, HostileGit, &str); 9] = [
        (
            "endless capabilities",
            HostileGit { advertisement: || forever(packet(b"capability\n")), ..HostileGit::default() },
            "the list of capabilities exceeds the limit of 1 MiB",
        ),
        ("endless refs", HostileGit { refs: many_refs, ..HostileGit::default() }, "more than 500000 refs"),
        (
            "endless peeled refs",
            HostileGit { refs: || forever(packet(&[b'x'; 1000])), ..HostileGit::default() },
            "invalid ref line",
        ),
        (
            "endless progress",
            HostileGit { fetch: || forever(packet(&[&[2_u8][..], &[b'x'; 900]].concat())), ..HostileGit::default() },
            "the server's messages exceeds the limit of 16 MiB",
        ),
        (
            "endless empty packets",
            HostileGit { fetch: || forever(packet(&[1])), ..HostileGit::default() },
            "the server's messages exceeds the limit of 16 MiB",
        ),
        (
            "a huge number of objects",
            HostileGit { fetch: || bytes(band_1(&pack_header(u32::MAX))), ..HostileGit::default() },
            "more than 2000000 objects in the pack",
        ),
        (
            "a huge declared size",
            HostileGit {
                fetch: || {
                    bytes(band_1(&[pack_header(1), pack_object(3, u64::MAX >> 1, b"", &mut std::io::empty())].concat()))
                },
                ..HostileGit::default()
            },
            "an object in the pack exceeds the limit of 100 MiB",
        ),
        (
            "a zlib bomb",
            HostileGit {
                fetch: || {
                    let bomb = pack_object(3, 8, b"", &mut std::io::repeat(0).take(64 * MB));
                    bytes(band_1(&[pack_header(1), bomb].concat()))
                },
                ..HostileGit::default()
            },
            "larger than its declared size",
        ),
        ("deltas that grow", HostileGit { fetch: delta_bomb, ..HostileGit::default() }, "exceeds the limit of 2 GiB"),
    ];
    for (name, server, message) in cases {
        refused(name, &base(&server.start(), ""), message, 60);
    }
}

/// An object of 90 MiB, and deltas of a few hundred bytes that each make another one.
fn delta_bomb() -> testkit::hostile::Stream {
    let size = 90 * MB;
    let mut objects = vec![pack_object(3, size, b"", &mut std::io::repeat(0).take(size))];
    let varint = |mut left: u64| {
        let mut out = Vec::new();
        while left > 0x7f {
            out.push(u8::try_from(left & 0x7f).unwrap() | 0x80);
            left >>= 7;
        }
        out.push(u8::try_from(left).unwrap());
        out
    };
    for index in 0..30_u8 {
        // Copies of 64 KiB from the start of the base, then one byte that makes the object unique.
        let copies = usize::try_from((size - 1) / 0x1_0000).unwrap();
        let mut delta = [varint(size), varint(copies as u64 * 0x1_0000 + 1)].concat();
        delta.extend(std::iter::repeat_n(0x80, copies));
        delta.extend([1, index]);
        // The base is the object before: its distance in git's notation.
        let mut distance = objects.last().unwrap().len() as u64;
        let mut offset = vec![u8::try_from(distance & 0x7f).unwrap()];
        while distance > 0x7f {
            distance = (distance >> 7) - 1;
            offset.insert(0, u8::try_from(distance & 0x7f).unwrap() | 0x80);
        }
        objects.push(pack_object(6, delta.len() as u64, &offset, &mut delta.as_slice()));
    }
    let count = u32::try_from(objects.len()).unwrap();
    let mut pack = pack_header(count);
    pack.extend(objects.concat());
    bytes(band_1(&pack))
}

#[test]
fn a_git_server_that_takes_too_long() {
    let silent = RawServer::start(|_| silence(Duration::from_secs(100)));
    refused("no answer", &base(&silent, "&timeout=2"), "timed out", 20);
    let drip = RawServer::start(|_| slowly(Duration::from_millis(200), forever("HTTP/1.1 200 OK\r\nx: y\r\n")));
    refused("slow headers", &base(&drip, "&timeout=2s"), "timed out", 20);
    let slow_pack = HostileGit {
        fetch: || slowly(Duration::from_millis(100), forever(band_1(&pack_header(1)))),
        ..HostileGit::default()
    };
    refused("a slow pack", &base(&slow_pack.start(), "&timeout=2"), "timed out", 20);
    // Each wait ends with the time of the base, whatever is sent within it.
    let slow_refs = HostileGit {
        refs: || slowly(Duration::from_millis(100), forever(packet(format!("{COMMIT} refs/x\n").as_bytes()))),
        ..HostileGit::default()
    };
    refused("slow refs", &base(&slow_refs.start(), "&timeout=1"), "timed out", 20);
}

#[test]
fn an_http_server_that_sends_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let build = |server: &RawServer| {
        let url = format!("http://{}/all.yaml", server.address());
        fs::write(folder.path().join("kustomization.yaml"), format!("resources:\n- {url}\n")).unwrap();
        let cache = folder.path().join("cache");
        measure(hydrant().arg("kustomize").arg(folder.path()).env("HOME", folder.path()).env("XDG_CACHE_HOME", cache))
    };
    let endless_headers = RawServer::start(|_| chain(vec![bytes("HTTP/1.1 200 OK\r\n"), forever("x: yyyyyyy\r\n")]));
    refused("endless headers", &build(&endless_headers), "invalid HTTP response", 60);
    let endless_header = RawServer::start(|_| chain(vec![bytes("HTTP/1.1 200 OK\r\nx: "), forever("y")]));
    refused("an endless header", &build(&endless_header), "invalid HTTP response", 60);
    let endless_body = RawServer::start(|_| chain(vec![head("text/yaml", ""), forever("a: b\n")]));
    refused("an endless body", &build(&endless_body), "larger than", 60);
    let endless_chunks = RawServer::start(|_| {
        let head = head("text/yaml", "transfer-encoding: chunked\r\n");
        chain(vec![head, forever(format!("3e8\r\n{}\r\n", " ".repeat(1000)))])
    });
    refused("endless chunks", &build(&endless_chunks), "larger than", 60);
    let bomb =
        RawServer::start(|_| chain(vec![head("text/yaml", "content-encoding: gzip\r\n"), bytes(gzip_bomb(200 * MB))]));
    refused("a gzip bomb", &build(&bomb), "larger than", 60);
    let values = RawServer::start(|_| chain(vec![head("text/yaml", ""), bytes("["), first(40 * MB, forever("a,"))]));
    refused("a file of 20 million values", &build(&values), "more than 2000000 values in one file", 60);
}

#[test]
fn a_registry_that_sends_too_much() {
    let pin = |server: &RawServer| {
        let folder = tempfile::tempdir().unwrap();
        let image = format!("{}/acme/cart:1", server.address());
        let pod = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{image: \"{image}\"}}]}}\n"
        );
        let file = folder.path().join("pod.yaml");
        fs::write(&file, pod).unwrap();
        measure(hydrant().arg("pin").arg(&file).args(["--registry-deadline", "5"]).env("HOME", folder.path()))
    };
    let index = || {
        chain(vec![
            head("application/vnd.oci.image.index.v1+json", ""),
            bytes("{\"schemaVersion\":2,\"manifests\":["),
            forever("{},"),
        ])
    };
    refused("an endless index", &pin(&RawServer::start(move |_| index())), "", 60);
    let bomb = || {
        let headers = "content-encoding: gzip\r\n";
        chain(vec![head("application/vnd.oci.image.index.v1+json", headers), bytes(gzip_bomb(200 * MB))])
    };
    refused("a gzip bomb of a registry", &pin(&RawServer::start(move |_| bomb())), "", 60);
    let challenge = RawServer::start(|_| {
        let parameters = "a=\"b\",".repeat(8000);
        bytes(format!("HTTP/1.1 401 X\r\nwww-authenticate: Bearer {parameters}\r\ncontent-length: 0\r\n\r\n"))
    });
    refused("a long challenge", &pin(&challenge), "", 60);
}

/// Builds files that are written to a folder.
fn build(files: &[(&str, &str)]) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    measure(hydrant().arg("kustomize").arg(folder.path()).env("HOME", folder.path()))
}

#[test]
fn a_build_that_grows() {
    let too_large = "the build exceeds the limit of 256 MiB of objects";
    let copies: String = (0..40).map(|index| format!("- {{op: copy, from: /spec, path: /spec/x{index}}}\n")).collect();
    let patch = "resources: [a.yaml]\npatches:\n- target: {kind: C}\n  path: p.yaml\n";
    let files = [("kustomization.yaml", patch), ("a.yaml", OBJECT), ("p.yaml", &copies)];
    refused("copies that double", &build(&files), too_large, 60);
    let replacements: String = (0..40)
        .map(|index| {
            let target = format!("{{select: {{kind: C}}, fieldPaths: [spec.x{index}], options: {{create: true}}}}");
            format!("- source: {{kind: C, fieldPath: spec}}\n  targets: [{target}]\n")
        })
        .collect();
    let kustomization = format!("resources: [a.yaml]\nreplacements:\n{replacements}");
    let files = [("kustomization.yaml", kustomization.as_str()), ("a.yaml", OBJECT)];
    refused("replacements that double", &build(&files), too_large, 60);
    let generators: String = (0..1000).map(|index| format!("- name: c{index}\n  files: [f]\n")).collect();
    let text = "0123456789".repeat(100_000);
    let kustomization = format!("configMapGenerator:\n{generators}");
    let files = [("kustomization.yaml", kustomization.as_str()), ("f", &text)];
    refused("a file in every ConfigMap", &build(&files), too_large, 60);
    let pairs: Vec<String> = (0..2000).map(|index| format!("k{index}: v")).collect();
    let objects: String =
        (0..2000).map(|index| OBJECT.replace("name: a", &format!("name: a{index}")) + "---\n").collect();
    let kustomization = format!("resources: [a.yaml]\nlabels:\n- pairs: {{{}}}\n", pairs.join(", "));
    let files = [("kustomization.yaml", kustomization.as_str()), ("a.yaml", &objects)];
    refused("labels in every object", &build(&files), too_large, 60);
}

#[test]
fn bases_that_repeat() {
    let visits = "the build visits more than 10000 bases";
    let write = |folder: &Path, path: String, content: String| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    };
    for (name, leaf) in [("a diamond", "resources: [a.yaml]\n"), ("an empty diamond", "resources: []\n")] {
        let folder = tempfile::tempdir().unwrap();
        for level in 0..30 {
            let both = format!("resources: [../{level}a, ../{level}b]\n");
            write(folder.path(), format!("{level}/kustomization.yaml"), both);
            for side in ["a", "b"] {
                let next = format!("namePrefix: {side}-\nresources: [../{}]\n", level + 1);
                write(folder.path(), format!("{level}{side}/kustomization.yaml"), next);
            }
        }
        write(folder.path(), "30/kustomization.yaml".to_owned(), leaf.to_owned());
        write(folder.path(), "30/a.yaml".to_owned(), OBJECT.to_owned());
        refused(name, &measure(hydrant().arg("kustomize").arg(folder.path().join("0"))), visits, 120);
    }
    let folder = tempfile::tempdir().unwrap();
    let component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    for level in 0..30 {
        let twice = format!("{component}components: [../{0}, ../{0}/.]\n", level + 1);
        write(folder.path(), format!("{level}/kustomization.yaml"), twice);
    }
    write(folder.path(), "30/kustomization.yaml".to_owned(), format!("{component}commonAnnotations: {{a: b}}\n"));
    write(folder.path(), "top/kustomization.yaml".to_owned(), "resources: [a.yaml]\ncomponents: [../0]\n".to_owned());
    write(folder.path(), "top/a.yaml".to_owned(), OBJECT.to_owned());
    refused("components", &measure(hydrant().arg("kustomize").arg(folder.path().join("top"))), visits, 120);
}

#[test]
fn text_that_nests_or_repeats() {
    let object = |spec: &str| format!("apiVersion: v1\nkind: C\nmetadata: {{name: a}}\nspec: {spec}\n");
    let load = |text: &str| build(&[("kustomization.yaml", "resources: [a.yaml]\n"), ("a.yaml", text)]);
    let deep = object(&format!("{}{}", "[".repeat(200_000), "]".repeat(200_000)));
    refused("deep YAML", &load(&deep), "nested deeper than", 60);
    let deep = object(&"{a: ".repeat(200_000));
    refused("deep mappings", &load(&deep), "nested deeper than", 60);
    let deep: String = (0..3000).map(|level| format!("{}a:\n", " ".repeat(level))).collect();
    let measured = load(&deep);
    assert!(measured.output.status.code().is_some(), "deep blocks: {:?}", measured.output.status);
    let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..12 {
        let all = vec![format!("*a{}", level - 1); 9].join(",");
        aliases.push_str(&format!("a{level}: &a{level} [{all}]\n"));
    }
    refused("aliases", &load(&aliases), "excessive aliasing", 60);
    let maps = object(&format!("[{}]", "{a},".repeat(1_000_000)));
    refused("many small mappings", &load(&maps), "more than 2000000 values in one file", 60);
    let sparse = tempfile::tempdir().unwrap();
    fs::write(sparse.path().join("kustomization.yaml"), "resources: [a.yaml]\n").unwrap();
    fs::File::create(sparse.path().join("a.yaml")).unwrap().set_len(10 << 30).unwrap();
    refused("a file of 10 GiB", &measure(hydrant().arg("kustomize").arg(sparse.path())), "larger than 64 MiB", 60);
    let patch = format!("[{{\"op\": \"add\", \"path\": \"/x\", \"value\": {}", "[".repeat(100_000));
    let kustomization = "resources: [a.yaml]\npatches: [{target: {kind: C}, path: p.json}]\n";
    let files = [("kustomization.yaml", kustomization), ("a.yaml", OBJECT), ("p.json", &patch)];
    refused("a deep JSON patch", &build(&files), "recursion limit exceeded", 60);
}

#[test]
fn globs_and_braces_that_nest() {
    let folder = tempfile::tempdir().unwrap();
    let deep = |open: &str, close: &str| format!("{}b{}", open.repeat(5000), close.repeat(5000));
    let patterns = [deep("{a,", ""), deep("{a,", "}"), deep("[", "]"), deep("{", "}"), deep("*", ""), deep("**/", "")];
    for pattern in &patterns {
        let fields = [
            format!("services: \"{pattern}\"\nenvironments: {{staging: {{}}}}\n"),
            format!("services: [{{kustomize: \"{pattern}\"}}]\nenvironments: {{staging: {{}}}}\n"),
            format!("services: [{{manifests: \"{pattern}\", service: a}}]\nenvironments: {{staging: {{}}}}\n"),
            format!("services: [a]\nenvironments: {{\"{pattern}*\": {{}}}}\n"),
            format!(
                "services: [a]\nenvironments: {{staging: {{}}}}\noverrides: [{{match: {{service: \"{pattern}\"}}}}]\n"
            ),
            format!(
                "services: [a]\nenvironments: {{staging: {{}}}}\ndestination: {{branch: \"{pattern}\", repository: x}}\n"
            ),
        ];
        for field in fields {
            let config = format!("apiVersion: hydrant/v1\nkind: Delivery\n{field}");
            fs::write(folder.path().join("hydrant.yaml"), config).unwrap();
            let measured = measure(hydrant().arg("plan").arg("-C").arg(folder.path()).env("HOME", folder.path()));
            let name = &field[..field.len().min(60)];
            refused(name, &measured, "error: ", 60);
        }
        for flag in ["-s", "-e"] {
            fs::write(folder.path().join("hydrant.yaml"), "services: [a]\nenvironments: {staging: {}}\n").unwrap();
            let measured = measure(hydrant().args(["plan", flag, pattern, "-C"]).arg(folder.path()));
            assert!(matches!(measured.output.status.code(), Some(1 | 2)), "{flag}: {}", measured.stderr());
        }
    }
}

#[test]
fn numbers_of_every_size() {
    let folder = tempfile::tempdir().unwrap();
    let pod = folder.path().join("pod.yaml");
    fs::write(&pod, "a: b\n").unwrap();
    let config = |field: &str| {
        let text = format!("services: [a]\nenvironments: {{staging: {{}}}}\n{field}\n");
        fs::write(folder.path().join("hydrant.yaml"), text).unwrap();
    };
    let numbers =
        ["18446744073709551615", "18446744073709551616", "9223372036854775807", "4294967295", "0", "-1", "1e308"];
    for number in numbers {
        let run = |arguments: &[&str]| {
            let measured = measure(hydrant().args(arguments).current_dir(folder.path()).env("HOME", folder.path()));
            let code = measured.output.status.code();
            assert!(matches!(code, Some(0..=4)), "{arguments:?}: {code:?} {}", measured.stderr());
        };
        config("");
        run(&["pin", "pod.yaml", &format!("--registry-deadline={number}")]);
        run(&["pin", "pod.yaml", &format!("--registry-concurrency={number}")]);
        run(&["deliver", "--all", "--dry-run", &format!("--attempts={number}")]);
        run(&["deliver", "--all", "--dry-run", "--shard", &format!("{number}/{number}")]);
        run(&["deliver", "--all", "--dry-run", "--shard", &format!("1/{number}")]);
        run(&["diff", "--all", &format!("--limit={number}")]);
        run(&["status", &format!("--history={number}")]);
        run(&["rollback", "-s", "a", "-e", "staging", "--dry-run", &format!("--steps={number}")]);
        for field in ["deadline", "concurrency"] {
            config(&format!("registry: {{{field}: {number}}}"));
            run(&["pin", "pod.yaml"]);
        }
        let kustomization = format!("resources: [\"https://127.0.0.1:1/a/b.git?timeout={number}\"]\n");
        fs::write(folder.path().join("kustomization.yaml"), kustomization).unwrap();
        run(&["kustomize", "."]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_limited_address_space() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("kustomization.yaml"), "resources: [a.yaml]\n").unwrap();
    fs::write(folder.path().join("a.yaml"), OBJECT).unwrap();
    let run = |kilobytes: u64| {
        let line = format!("ulimit -c 0; ulimit -v {kilobytes}; exec \"$0\" kustomize \"$1\"");
        let program = env!("CARGO_BIN_EXE_hydrant");
        Command::new("bash").args(["-c", &line, program]).arg(folder.path()).output().unwrap()
    };
    // Without optimization the program needs more than 100 MB for itself.
    for kilobytes in [150_000, 200_000] {
        let output = run(kilobytes);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{kilobytes}: {stderr}");
        assert!(stderr.contains("the address space is limited to"), "{stderr}");
    }
    for kilobytes in [300_000, 1_000_000, 3_000_000] {
        let output = run(kilobytes);
        assert_eq!(output.status.code(), Some(0), "{kilobytes}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
