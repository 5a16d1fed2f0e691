//! Commit messages: subject, body, trailers.

/// Puts a message together: subject, a blank line, the body, a blank line, the trailers. Empty parts are left out.
///
/// A line break inside of a trailer's value would end it, so it becomes a blank.
pub fn compose(subject: &str, body: &str, trailers: &[(String, String)]) -> String {
    let lines: Vec<String> = trailers.iter().map(|(key, value)| format!("{key}: {}", one_line(value))).collect();
    let parts = [one_line(subject), body.trim_matches('\n').trim_end().to_owned(), lines.join("\n")];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_joined_by_blank_lines() {
        let trailers = [("Image".to_owned(), "a:b\nSigned-off-by: eve".to_owned())];
        assert_eq!(
            compose("cart:  one\ntwo", "\nWhy.\n", &trailers),
            "cart: one two\n\nWhy.\n\nImage: a:b Signed-off-by: eve\n"
        );
        assert_eq!(compose("cart", "", &[]), "cart\n");
    }
}
