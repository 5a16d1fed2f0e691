//! No URL crashes the readers of repository URLs, and what is redacted stays as it is when it is redacted again.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &str| {
    git::fuzzing::url(data);
    if let Some(remote) = render_core::kustomize::repository(data) {
        assert!(!remote.repository.url.is_empty());
    }
    let _ = (net::redact::text(data), net::redact::one_line(data));
    let _ = net::Proxies::from_variables(|_| Some(data.to_owned()));
    if let Ok(url) = net::Url::parse(data) {
        let request = net::Request::get(url);
        assert!(request.url().username().is_empty() && request.url().password().is_none());
    }
});
