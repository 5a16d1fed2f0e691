//! The options that say what the input of a run may do.

use clap::builder::FalseyValueParser;
use delivery::host::InputTrust;

/// The option of every verb for input that is not trusted.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct TrustArguments {
    /// Run no program, read no environment variable in a template, use no credential and connect to public addresses only
    #[arg(long, global = true, env = "HYDRANT_UNTRUSTED", value_parser = FalseyValueParser::new())]
    untrusted: bool,
}

impl TrustArguments {
    /// Whether the run's input is trusted.
    pub(crate) fn trust(&self) -> InputTrust {
        if self.untrusted { InputTrust::Untrusted } else { InputTrust::Trusted }
    }
}

/// The option that allows programs which the source configures.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct ExecArguments {
    /// Run programs that the source configures: exec functions, hooks, commands in templates [default: trust.exec of hydrant.yaml]
    #[arg(long, env = "HYDRANT_ALLOW_EXEC", value_parser = FalseyValueParser::new())]
    pub(crate) allow_exec: bool,
}
