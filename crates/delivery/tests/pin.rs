//! Files pinned through registries on loopback, with and without a lock file.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::collections::BTreeMap;

use delivery::error::Failure;
use delivery::host::disk::DiskFiles;
use delivery::images::digests::{Pinner, ResolveContext};
use delivery::images::registries::RegistryOptions;
use delivery::images::search::Search;
use delivery::lock::Lock;
use delivery::lock::{LockMode, Refresh};
use delivery::verbs::pin::{self, Input};
use testkit::registry::{Auth, Fault, Registry, Setup, faults};

fn input(name: &str, text: &str) -> Input {
    Input { name: name.to_owned(), path: None, text: text.to_owned() }
}

/// Everything `hydrant pin` does between reading and writing.
fn run(inputs: &[Input], source: &LockMode, lock: &mut Lock, now: i64) -> Result<Vec<String>, Failure> {
    let search = Search::read(&DiskFiles::default(), &[])?;
    let images = pin::find(inputs, &search)?;
    let options = RegistryOptions { attempts: 1, ..RegistryOptions::standard() };
    let resolve_ctx =
        ResolveContext { options, variables: &BTreeMap::new(), trust: Default::default(), now, progress: &|_, _| {} };
    let mut pinner = Pinner::new(source.clone(), lock.clone(), "hydrant.lock", resolve_ctx);
    let pins = pinner.resolve(&pin::wanted(&images, &search))?;
    *lock = pinner.into_lock().unwrap_or_default();
    Ok(pin::pin(inputs.to_vec(), &search, &pins)?.into_iter().map(|(input, _)| input.text).collect())
}

#[test]
fn files_are_pinned_and_every_image_is_asked_for_once() {
    let registry = Registry::open();
    let (host, digest) = (registry.host(), registry.put_image("a", "1", &[]));
    let text = format!("image: {host}/a:1 # first\n---\nb: [{{image: '{host}/a:1'}}]\n");
    let inputs = [input("one.yaml", &text), input("two.yaml", &text)];
    let pinned = run(&inputs, &LockMode::Ignore, &mut Lock::default(), 0).unwrap();
    assert_eq!(pinned, vec![text.replace("a:1", &format!("a:1@{digest}")); 2]);
    assert_eq!(registry.count("HEAD"), 1);
    let again: Vec<Input> = pinned.iter().map(|text| input("again.yaml", text)).collect();
    assert_eq!(run(&again, &LockMode::Ignore, &mut Lock::default(), 0).unwrap(), pinned);
}

#[test]
fn a_lock_is_filled_used_and_updated() {
    let registry = Registry::open();
    let (host, first) = (registry.host(), registry.put_image("a", "1", &[]));
    let inputs = [input("one.yaml", &format!("image: {host}/a:1\n"))];
    let pinned = |digest: &str| vec![format!("image: {host}/a:1@{digest}\n")];
    let mut lock = Lock::default();
    assert_eq!(run(&inputs, &LockMode::Write(Refresh::None), &mut lock, 0).unwrap(), pinned(&first));
    let entry =
        format!("- reference: {host}/a:1\n  digest: {first}\n  resolved: \"1970-01-01T00:00:00Z\"\n  from: {host}\n");
    assert!(lock.print().replace('"', "").ends_with(&entry.replace('"', "")), "{}", lock.print());

    let second = registry.put_image("a", "1", &[("new", "yes")]);
    let asked = registry.requests().len();
    assert_eq!(run(&inputs, &LockMode::Write(Refresh::None), &mut lock, 9).unwrap(), pinned(&first));
    assert_eq!(run(&inputs, &LockMode::Locked, &mut lock.clone(), 9).unwrap(), pinned(&first));
    let other = delivery::ImageRef::parse(&format!("{host}/b")).unwrap();
    assert_eq!(run(&inputs, &LockMode::Write(Refresh::Images(vec![other])), &mut lock, 9).unwrap(), pinned(&first));
    assert_eq!(registry.requests().len(), asked, "no request was sent");
    let this = delivery::ImageRef::parse(&format!("{host}/a")).unwrap();
    assert_eq!(run(&inputs, &LockMode::Write(Refresh::Images(vec![this])), &mut lock, 9).unwrap(), pinned(&second));
    assert!(lock.print().contains("1970-01-01T00:00:09Z"), "{}", lock.print());
    assert_eq!(run(&inputs, &LockMode::Write(Refresh::All), &mut lock, 99).unwrap(), pinned(&second));
    assert!(lock.print().contains("1970-01-01T00:00:09Z"), "what did not change keeps its time: {}", lock.print());
}

#[test]
fn every_failure_is_reported_with_its_location() {
    let (open, closed) =
        (Registry::open(), Registry::start(Setup { auth: Auth::Basic("u".into(), "p".into()), ..Setup::default() }));
    open.put_image("there", "1", &[]);
    let (a, b) = (open.host(), closed.host());
    let text = format!("x:\n- image: {a}/there:2\n- image: {a}/there:1\n- image: {b}/closed:1\n");
    let inputs = [input("one.yaml", &text), input("two.yaml", &format!("image: {a}/there:2\n"))];
    let failure = run(&inputs, &LockMode::Ignore, &mut Lock::default(), 0).unwrap_err();
    let message = failure.to_string();
    assert!(matches!(failure, Failure::Input(_)));
    assert_eq!(failure.errors().all().len(), 2, "{message}");
    assert!(message.contains(&format!("one.yaml:2:10: x[0].image: {a}/there:2: tag not found: ")), "{message}");
    assert!(message.contains("apply the same fix in two.yaml, line 1"), "{message}");
    assert!(
        message.contains(&format!("one.yaml:4:10: x[2].image: {b}/closed:1: authentication failed: ")),
        "{message}"
    );
    assert!(message.contains(&format!("docker login {b}")), "{message}");

    open.inject(Fault::always("/manifests/", faults::unavailable()));
    let failure = run(&inputs[1..], &LockMode::Ignore, &mut Lock::default(), 0).unwrap_err();
    assert!(matches!(failure, Failure::External(_)), "trying again may help: {failure}");
}

#[test]
fn an_unreachable_registry_is_reported_once() {
    let text: String = (0..6).map(|tag| format!("- image: 127.0.0.1:1/a:{tag}\n")).collect();
    let failure = run(&[input("one.yaml", &text)], &LockMode::Ignore, &mut Lock::default(), 0).unwrap_err();
    let message = failure.to_string();
    assert_eq!(failure.errors().all().len(), 1, "{message}");
    assert!(
        message.starts_with("one.yaml:1:10: [0].image: 127.0.0.1:1/a:0: network error: GET http://127.0.0.1:1/v2/: "),
        "{message}"
    );
    let others = "apply the same fix to 127.0.0.1:1/a:1, 127.0.0.1:1/a:2, 127.0.0.1:1/a:3, 2 more";
    assert!(message.ends_with(others), "{message}");
}
