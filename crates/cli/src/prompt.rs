//! Questions to a person at a terminal: one line each, with the answer that Enter gives in brackets.

use std::io::BufRead;

use anyhow::anyhow;

use crate::outcome::Failure;

/// Asks on one side and reads on the other.
pub(crate) struct Prompt<R, S> {
    answers: R,
    say: S,
}

impl<R: BufRead, S: FnMut(&str)> Prompt<R, S> {
    /// `say` gets each question without a line's end, and whole lines with one.
    pub(crate) fn new(answers: R, say: S) -> Self {
        Prompt { answers, say }
    }

    /// Tells something.
    pub(crate) fn tell(&mut self, text: &str) {
        (self.say)(&format!("{text}\n"));
    }

    /// Asks until `understand` takes the answer; an empty one stands for `otherwise`.
    ///
    /// # Errors
    /// Where there are no more answers.
    pub(crate) fn ask<T>(
        &mut self,
        question: &str,
        otherwise: &str,
        understand: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, Failure> {
        loop {
            (self.say)(&format!("{question} [{otherwise}] "));
            let mut line = String::new();
            let read = self.answers.read_line(&mut line).map_err(|error| Failure::Input(anyhow!(error)))?;
            if read == 0 {
                (self.say)("\n");
                return Err(Failure::Input(anyhow!("no answer came, so nothing was written")));
            }
            let answer = line.trim();
            match understand(if answer.is_empty() { otherwise } else { answer }) {
                Ok(understood) => return Ok(understood),
                Err(words) => self.tell(&format!("  {words}")),
            }
        }
    }
}

/// An answer that is a list: names with commas or blanks between them.
///
/// # Errors
/// The first name that `one` refuses.
pub(crate) fn list<T>(answer: &str, one: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    answer.split([',', ' ']).filter(|name| !name.is_empty()).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_asked_until_the_answer_is_understood() {
        let mut said = String::new();
        let mut asker = Prompt::new(&b"x\n 7 \n\n"[..], |text: &str| said.push_str(text));
        let number = |text: &str| text.parse::<u8>().map_err(|_| format!("`{text}` is no number"));
        assert_eq!(asker.ask("How many?", "1", number).unwrap(), 7);
        assert_eq!(asker.ask("How many?", "1", number).unwrap(), 1);
        assert!(matches!(asker.ask("How many?", "1", number), Err(Failure::Input(_))));
        let again = "How many? [1] ";
        assert_eq!(said, format!("{again}  `x` is no number\n{again}{again}{again}\n"));
    }

    #[test]
    fn a_list_has_commas_or_blanks() {
        let all = |text: &str| list(text, |one| Ok::<_, String>(one.to_owned()));
        assert_eq!(all("a, b  c,").unwrap(), ["a", "b", "c"]);
        assert!(all("").unwrap().is_empty());
    }
}
