//! 500 images in 50 repositories on a registry on loopback: `hydrant pin` beside `curl --parallel` with the bare HEADs, with and
//! without 20 ms of latency; how many requests came, and how memory grows with the count.
//!
//!     cargo run --release --manifest-path benches/registry/Cargo.toml -- target/release/hydrant
//!
//! Without a binary the resolver runs by itself, in a process of its own as well.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testkit::registry::{Auth, Registry, Setup, Tokens};

const ROUNDS: usize = 7;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let hydrant = arguments.next();
    if let (Some("resolve"), Some(file)) = (hydrant.as_deref(), arguments.next()) {
        return resolve(&file);
    }
    let hydrant = hydrant.unwrap_or_default();
    let folder = std::env::temp_dir().join(format!("registry-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    for latency in [0, 20] {
        compare(&hydrant, &folder, Duration::from_millis(latency));
    }
    requests(&hydrant, &folder);
    memory(&hydrant, &folder);
    std::fs::remove_dir_all(&folder).expect("the folder can be removed");
}

/// Puts so many images of ten tags a repository in and returns a file that names them.
fn fill(registry: &Registry, folder: &Path, count: usize) -> String {
    let mut text = String::new();
    for index in 0..count {
        let (repository, tag) = (format!("team/app{}", index / 10), format!("v{}", index % 10));
        registry.put_image(&repository, &tag, &[]);
        writeln!(text, "- image: {}/{repository}:{tag}", registry.host()).expect("a String takes everything");
    }
    let file = folder.join("images.yaml");
    std::fs::write(&file, text).expect("the folder can be written to");
    file.display().to_string()
}

fn compare(hydrant: &str, folder: &Path, latency: Duration) {
    let registry = Registry::start(Setup { latency, ..Setup::default() });
    let file = fill(&registry, folder, 500);
    let accept = "Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";
    let config = folder.join("curl.conf");
    let text = std::fs::read_to_string(&file).expect("it was just written");
    let urls = text.lines().map(|line| {
        let (name, tag) = line.trim_start_matches("- image: ").rsplit_once(':').expect("every image has a tag");
        let (host, repository) = name.split_once('/').expect("every image has a registry");
        format!("url = \"http://{host}/v2/{repository}/manifests/{tag}\"\noutput = \"/dev/null\"\n")
    });
    let head = format!("head\nheader = \"{accept}\"\n");
    std::fs::write(&config, head + &urls.collect::<String>()).expect("the folder can be written to");
    let config = config.display().to_string();
    let ours = ours(hydrant, &file);
    let theirs = [
        "curl",
        "--silent",
        "--no-progress-meter",
        "--fail",
        "--parallel",
        "--parallel-max",
        "50",
        "--config",
        &config,
    ]
    .map(str::to_owned);
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        our_times.push(time(&ours));
        their_times.push(time(&theirs));
    }
    let (our, their) = (median(our_times), median(their_times));
    println!(
        "500 images in 50 repositories, {latency:?} latency: hydrant {our:.1?}, curl --parallel {their:.1?}: {:.2} times (median of {ROUNDS})",
        our.as_secs_f64() / their.as_secs_f64()
    );
}

fn requests(hydrant: &str, folder: &Path) {
    let tokens = Tokens { anonymous: true, ..Tokens::default() };
    let registry = Registry::start(Setup { auth: Auth::Tokens(tokens), ..Setup::default() });
    let file = fill(&registry, folder, 500);
    let taken = time(&ours(hydrant, &file));
    println!(
        "with a token server: {} HEAD, {} tokens, {} pings, {} requests in all, {taken:.1?}",
        registry.count("HEAD"),
        registry.count("GET token"),
        registry.count("GET /v2/"),
        registry.requests().len()
    );
}

/// Peak memory, as GNU time reports it.
fn memory(hydrant: &str, folder: &Path) {
    for count in [50, 500, 5000] {
        let registry = Registry::start(Setup::default());
        let file = fill(&registry, folder, count);
        let mut run = Command::new("/usr/bin/time");
        run.args(["-f", "%M"]).args(ours(hydrant, &file)).stdout(Stdio::null());
        let stderr = run.output().map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
        let peak = stderr.lines().last().and_then(|line| line.parse::<f64>().ok());
        match peak {
            Some(peak) => println!("{count} images: peak memory {:.1} MB", peak / 1024.0),
            None => println!("{count} images: peak memory unknown (GNU time is not installed)"),
        }
    }
}

/// What is measured: `hydrant pin`, or this program's own client.
fn ours(hydrant: &str, file: &str) -> Vec<String> {
    let own = || std::env::current_exe().expect("a running program has a path").display().to_string();
    match hydrant {
        "" => vec![own(), "resolve".to_owned(), file.to_owned()],
        binary => vec![binary.to_owned(), "pin".to_owned(), "--stdout".to_owned(), file.to_owned()],
    }
}

/// Resolves the images that a file lists.
fn resolve(file: &str) {
    let text = std::fs::read_to_string(file).expect("the file can be read");
    let images = text.lines().map(|line| line.trim_start_matches("- image: ").parse().expect("every line is an image"));
    let images: Vec<manifest::ImageRef> = images.collect();
    let resolver = registry::RegistryClient::new(registry::RegistryOptions::standard(), registry::Credentials::none());
    let found = resolver.expect("nothing has to be read").resolve(&images).expect("every image is there");
    assert_eq!(found.iter().count(), images.len());
}

fn time(command: &[String]) -> Duration {
    let begun = Instant::now();
    let status = Command::new(&command[0]).args(&command[1..]).stdout(Stdio::null()).stderr(Stdio::inherit()).status();
    assert!(status.is_ok_and(|status| status.success()), "{command:?} failed");
    begun.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
