//! Whether the input of a run is trusted.

/// Whether the input of a run is trusted: `--untrusted` says that it is not. Everything that starts programs, sends credentials or
/// connects to servers takes this value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputTrust {
    /// Programs and credentials may be used, and every address.
    #[default]
    Trusted,
    /// No program is run, no credential is used, and only public addresses are connected to.
    Untrusted,
}

/// A program that is not run, because the run's input is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot run {program}: no program is run with --untrusted")]
pub struct ProgramRefused {
    /// The program.
    pub program: String,
}

impl InputTrust {
    /// Checks that a program may be run.
    ///
    /// # Errors
    /// Where the input is not trusted.
    pub fn check_program(self, program: &str) -> Result<(), ProgramRefused> {
        if self.is_untrusted() { Err(ProgramRefused { program: program.to_owned() }) } else { Ok(()) }
    }

    /// Whether the input is not trusted.
    pub fn is_untrusted(self) -> bool {
        self == InputTrust::Untrusted
    }

    /// The addresses that may be connected to.
    pub fn addresses(self) -> crate::Addresses {
        match self {
            InputTrust::Trusted => crate::Addresses::Any,
            InputTrust::Untrusted => crate::Addresses::Public,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untrusted_run_starts_no_program() {
        assert_eq!(InputTrust::Trusted.check_program("ssh"), Ok(()));
        let refused = InputTrust::Untrusted.check_program("ssh").unwrap_err();
        assert_eq!(refused.to_string(), "cannot run ssh: no program is run with --untrusted");
    }
}
