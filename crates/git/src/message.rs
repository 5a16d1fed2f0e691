//! Commit messages as git stores them.

/// The message as git stores it: no NUL (git's objects cannot hold one there), no blanks at the ends of lines, one newline at the end.
pub fn normal(message: &str) -> String {
    let lines: Vec<&str> = message.lines().map(str::trim_end).collect();
    let text = lines.join("\n").replace('\0', "");
    format!("{}\n", text.trim_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_nul_go() {
        assert_eq!(normal("a \n\nb\0\n\n\n"), "a\n\nb\n");
    }
}
