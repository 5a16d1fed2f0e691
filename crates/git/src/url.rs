//! Repository URLs as text: removal of credentials and percent-decoding.

use percent_encoding::percent_decode_str;

/// Returns `url` without the credentials that it may contain, for messages and records. The user name of an `ssh` URL is kept, as it is no secret.
pub fn without_credentials(url: &str) -> String {
    net::redact::url(url)
}

/// Decodes percent escapes (`%41` → `A`). Invalid escapes stay as they are.
pub(crate) fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
