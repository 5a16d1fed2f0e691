//! Entry points of the fuzz targets in `fuzz/`. Not for other uses.

use net::http::{HeaderMap, HeaderValue};

use crate::challenge::Challenge;
use crate::docker_config::DockerConfig;
use crate::document::Document;
use crate::platform::Platform;

/// Reads the bytes as a manifest or index, as a `WWW-Authenticate` header and as docker's credentials.
pub fn answer(bytes: &[u8]) {
    if let Ok(document) = Document::parse(bytes)
        && document.is_index()
        && let Ok(platform) = "linux/amd64".parse::<Platform>()
        && let Ok(digest) = document.choose(&platform)
    {
        assert!(document.has(&digest), "the chosen image is in the index");
    }
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        let mut headers = HeaderMap::new();
        headers.insert("www-authenticate", value.clone());
        let _ = Challenge::of(&headers);
        headers.insert("retry-after", value);
        let _ = net::retry::retry_after(&headers);
    }
    if let Ok(config) = DockerConfig::parse("config.json", bytes) {
        let _ = (config.entry("ghcr.io", "acme/cart"), config.helper_for("ghcr.io", "acme/cart"));
    }
}
