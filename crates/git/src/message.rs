//! Commit messages as git stores them.

/// Returns the message as git stores it: without NUL, which a commit cannot hold, without blanks at the ends of lines, with one newline at the end.
pub fn normalize_message(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    let text = lines.join("\n").replace('\0', "");
    format!("{}\n", text.trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_blanks_and_nul_are_removed() {
        assert_eq!(normalize_message("a \n\nb\0\n\n\n"), "a\n\nb\n");
    }
}
