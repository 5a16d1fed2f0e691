//! Questions on a terminal: one line each, with the default answer in brackets.

use std::io::BufRead;

use anyhow::anyhow;

use crate::outcome::Failure;

/// Prints questions and reads answers.
pub(crate) struct Prompt<R, S> {
    answers: R,
    print: S,
}

impl<R: BufRead, S: FnMut(&str)> Prompt<R, S> {
    /// Creates a prompt. `print` gets questions without a line break, and other lines with one.
    pub(crate) fn new(answers: R, print: S) -> Self {
        Prompt { answers, print }
    }

    /// Prints a line.
    pub(crate) fn print(&mut self, text: &str) {
        (self.print)(&format!("{text}\n"));
    }

    /// Asks until `parse` accepts the answer. An empty answer means `default`.
    ///
    /// # Errors
    /// There are no more answers.
    pub(crate) fn ask<T>(
        &mut self,
        question: &str,
        default: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            (self.print)(&format!("{question} [{default}] "));
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).map_err(|error| Failure::Input(anyhow!(error)))?;
            if read == 0 {
                (self.print)("\n");
                return Err(Failure::Input(anyhow!("no answer, nothing was written")));
            }
            let answer = line.trim();
            match parse(if answer.is_empty() { default } else { answer }) {
                Ok(value) => return Ok(value),
                Err(message) => self.print(&format!("  {message}")),
            }
        }
    }
}

/// Parses an answer that is a list of names, separated by commas or blanks.
///
/// # Errors
/// The error of the first name that `one` refuses.
pub(crate) fn list<T>(answer: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    answer.split([',', ' ']).filter(|name| !name.is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_repeated_until_the_answer_is_valid() {
        let mut printed = String::new();
        let mut prompt = Prompt::new(&b"x\n 7 \n\n"[..], |text: &str| printed.push_str(text));
        let number = |text: &str| text.parse::<u8>().map_err(|_| format!("invalid number {text:?}"));
        assert_eq!(prompt.ask("How many?", "1", number).unwrap(), 7);
        assert_eq!(prompt.ask("How many?", "1", number).unwrap(), 1);
        assert!(matches!(prompt.ask("How many?", "1", number), Err(Failure::Input(_))));
        let again = "How many? [1] ";
        assert_eq!(printed, format!("{again}  invalid number \"x\"\n{again}{again}{again}\n"));
    }

    #[test]
    fn a_list_is_separated_by_commas_or_blanks() {
        let all = |text: &str| list(text, |one| Ok::<_, String>(one.to_owned()));
        assert_eq!(all("a, b  c,").unwrap(), ["a", "b", "c"]);
        assert!(all("").unwrap().is_empty());
    }
}
