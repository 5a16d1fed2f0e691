//! The options that say where findings go in addition to the report.

use std::path::PathBuf;

use clap::ValueEnum;
use delivery::report::findings::{UnitFinding, github, json, markdown, sarif, summary, text};

use crate::outcome::Failure;
use crate::output::{self, ReportForm};

/// Where findings go.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct FindingArguments {
    /// Write the findings of schemas and risks to this file in SARIF 2.1.0, for code scanning
    #[arg(long, value_name = "FILE", env = "HYDRANT_SARIF")]
    sarif: Option<PathBuf>,
    /// Print the findings of schemas and risks on stderr as annotations for GitHub Actions
    #[arg(long, env = "HYDRANT_ANNOTATIONS")]
    annotations: bool,
}

impl FindingArguments {
    /// Writes the findings where the options say.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn write(&self, findings: &[UnitFinding]) -> Result<(), Failure> {
        if self.annotations {
            output::annotations(&github(findings));
        }
        match &self.sarif {
            Some(path) => output::result_file(path, &format!("{:#}\n", sarif(findings, Some("hydrant.yaml")))),
            None => Ok(()),
        }
    }
}

/// The form of a list of findings on stdout.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum FindingFormat {
    /// A line a finding
    Text,
    /// One JSON document
    Json,
    /// A table for a pull request or `$GITHUB_STEP_SUMMARY`
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations for GitHub Actions
    Github,
}

impl FindingFormat {
    /// Prints findings on stdout.
    ///
    /// # Errors
    /// Stdout cannot be written to.
    pub(crate) fn print(self, findings: &[UnitFinding]) -> Result<(), Failure> {
        match self {
            FindingFormat::Text => output::report(&text(findings), ReportForm::Text),
            FindingFormat::Json => output::report(&format!("{:#}\n", json(findings)), ReportForm::Json),
            FindingFormat::Markdown if findings.is_empty() => {
                output::report(&format!("### Findings: {}\n", summary(findings)), ReportForm::Text)
            }
            FindingFormat::Markdown => output::report(&markdown(findings), ReportForm::Text),
            FindingFormat::Sarif => output::report(&format!("{:#}\n", sarif(findings, None)), ReportForm::Json),
            FindingFormat::Github => output::result(&delivery::host::redact(&github(findings))),
        }
    }
}
