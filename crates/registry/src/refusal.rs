//! What a response with another status than the expected one means.

use net::BufferedResponse;
use net::redact::one_line;
use net::retry::retry_after;
use serde_json::Value;

use crate::error::ErrorKind;

/// The kind of error that a status means for a request to a registry.
pub(crate) fn kind_of(status: u16, message: &str) -> ErrorKind {
    match status {
        401 | 403 | 407 => ErrorKind::Credentials,
        404 if message.contains("NAME_UNKNOWN") => ErrorKind::MissingRepository,
        404 => ErrorKind::MissingTag,
        429 => ErrorKind::RateLimit,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Protocol,
    }
}

/// What to do about a rate limit.
pub(crate) fn rate_limit_hint(response: &BufferedResponse) -> String {
    match retry_after(response.headers()) {
        Some(wait) => format!("try again in {} s, as the registry asks for", wait.as_secs()),
        None => "log in for a higher limit, use a mirror, or try again later".to_owned(),
    }
}

/// The status and what the body says: `404 NAME_UNKNOWN: repository name not known to registry`.
pub(crate) fn status_and_message(response: &BufferedResponse) -> String {
    let (status, message) = (response.status().as_u16(), error_message(response.body()));
    let is_html = response.header("content-type").is_some_and(|media_type| media_type.contains("html"));
    match (is_html, message.is_empty()) {
        (true, _) => format!("{status} with an HTML page: {message}"),
        (false, true) => status.to_string(),
        (false, false) => format!("{status} {message}"),
    }
}

/// The codes and messages in an error's body, or the start of its text; one line, without control characters, of bounded length.
pub(crate) fn error_message(body: &[u8]) -> String {
    let parsed = serde_json::from_slice::<Value>(body).ok().and_then(|json| message_in(&json));
    one_line(&parsed.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned()))
}

/// `errors[].{code,message}` of the distribution spec; `error_description`, `error`, `details` or `message` of token servers.
fn message_in(json: &Value) -> Option<String> {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    if let Some(errors) = json.get("errors").and_then(Value::as_array) {
        let one = |error: &Value| match (text(error, "code"), text(error, "message")) {
            (Some(code), Some(message)) => Some(format!("{code}: {message}")),
            (code, message) => code.or(message),
        };
        let all: Vec<String> = errors.iter().filter_map(one).collect();
        return (!all.is_empty()).then(|| all.join("; "));
    }
    ["error_description", "details", "message", "error"].iter().find_map(|key| text(json, key))
}

#[cfg(test)]
mod tests {
    use super::error_message;

    #[test]
    fn a_body_is_shown_in_one_line() {
        let table = [
            (r#"{"errors":[{"code":"NAME_UNKNOWN","message":"repository\nname"}]}"#, "NAME_UNKNOWN: repository name"),
            (r#"{"errors":[{"code":"DENIED"},{"message":"no"}]}"#, "DENIED; no"),
            (r#"{"details":"incorrect username or password"}"#, "incorrect username or password"),
            (r#"{"errors":[]}"#, r#"{"errors":[]}"#),
            ("<html>\n\u{1b}[31m <body>x", "<html> [31m <body>x"),
            ("", ""),
        ];
        for (body, want) in table {
            assert_eq!(error_message(body.as_bytes()), want);
        }
        assert_eq!(error_message("é".repeat(1000).as_bytes()).chars().count(), 301);
    }
}
