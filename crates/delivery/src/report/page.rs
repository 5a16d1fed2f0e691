//! The content security policy of the pages that hydrant writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// The `meta` element with the policy of a page: its own style and script, by their hashes, and nothing else (CSP Level 3). `style` and
/// `script` are the whole texts between the tags; no script is run where `script` is empty.
pub(crate) fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| match text {
        "" => "'none'".to_owned(),
        text => format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes()))),
    };
    let (style, script) = (hash(style), hash(script));
    format!(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src {style}; script-src {script}; \
         img-src data:; base-uri 'none'; form-action 'none'\">"
    )
}
