//! The inputs of a rendering in addition to the config: files, host, folder, environment, and flags.

use std::collections::BTreeMap;

use manifest::{Diagnostic, Errors};

use crate::files::{Files, join};
use crate::host::Host;
use crate::kustomize::BaseCache;
use crate::skaffold::model::{Config, LocatedText};
use crate::skaffold::options::SkaffoldOptions;
use crate::skaffold::template::{HIDDEN, Missing, Templates};
use crate::template_functions::hidden_variable;

/// Everything that a rendering depends on, as values and the traits `Files` and `Host`.
#[derive(Clone, Copy)]
pub struct Inputs<'a> {
    /// The file system.
    pub files: &'a dyn Files,
    /// The host, which runs programs and downloads files.
    pub host: &'a dyn Host,
    /// The working directory, absolute: the root config's paths are relative to it.
    pub working_dir: &'a str,
    /// The environment's variables.
    pub environment: &'a BTreeMap<String, String>,
    /// Whether the variables of the process are hidden, so that reading a name that `environment` lacks is an error.
    pub hides_environment: bool,
    /// The command line options.
    pub options: &'a SkaffoldOptions,
    /// The cache of bases that kustomizations share, also with other renderings; `None` for a single kustomization.
    pub base_cache: Option<&'a BaseCache>,
}

/// The hint for a variable that is not set.
pub(super) const UNSET: &str = "set it in the environment, or write `{{default \"value\" .NAME}}`";

impl<'a> Inputs<'a> {
    /// A variable of the environment; empty where it is not set.
    ///
    /// # Errors
    /// A variable that is not set where the variables of the process are hidden.
    pub(super) fn variable(&self, name: &str) -> Result<&'a str, Diagnostic> {
        match self.environment.get(name) {
            Some(value) => Ok(value),
            None if self.hides_environment => Err(Diagnostic::new(hidden_variable(name)).hint(HIDDEN)),
            None => Ok(""),
        }
    }

    /// Templates with the environment.
    pub fn templates(&self) -> Templates<'a> {
        Templates {
            environment: self.environment,
            hides_environment: self.hides_environment,
            host: self.host,
            folder: self.working_dir,
            clock: None,
        }
    }

    /// A string of the config, its template filled in.
    ///
    /// # Errors
    /// As `Templates::expand`, with the string's position in errors.
    pub fn expand(
        &self,
        config: &Config,
        field: &str,
        text: &LocatedText,
        missing: Missing,
    ) -> Result<String, Diagnostic> {
        if !text.contains("{{") {
            return Ok(text.text.clone());
        }
        let expanded = self.templates().expand(text, &BTreeMap::new(), missing);
        expanded.map_err(|error| error.in_file(&config.file).at(text.at).field(field))
    }

    /// A path of the config, its template filled in. (Skaffold looks for a path with `<no value>` in it.)
    ///
    /// # Errors
    /// As [`Inputs::expand`], and where a variable is not set.
    pub fn expand_path(&self, config: &Config, field: &str, path: &LocatedText) -> Result<String, Diagnostic> {
        let expanded = self.expand(config, field, path, Missing::NoValue)?;
        if expanded.contains("<no value>") && !path.contains("<no value>") {
            let found = format!("a variable of {:?} is not set", path.text);
            return Err(config.diagnostic(path.at, field, found).hint(UNSET));
        }
        Ok(expanded)
    }

    /// A path as people see it: relative to the working directory where it lies below.
    pub fn shown<'p>(&self, path: &'p str) -> &'p str {
        let below = path.strip_prefix(self.working_dir).and_then(|rest| rest.strip_prefix('/'));
        below.filter(|rest| !rest.is_empty()).unwrap_or(path)
    }

    /// A diagnostic with a hint where a relative path would be found from the config's own folder: Skaffold takes the root
    /// config's paths from the working directory.
    pub fn missing_path(&self, config: &Config, path: &str, diagnostic: Diagnostic) -> Errors {
        let other = join(&config.folder, path);
        let there = config.folder != self.working_dir && !path.starts_with('/');
        let there = there
            && crate::skaffold::glob::glob(self.files, &config.folder, path)
                .is_ok_and(|diagnostic| !diagnostic.is_empty());
        let diagnostic = if there {
            diagnostic.hint(format!(
                "run hydrant in {2}, where {other} exists: paths of {0} are relative to the working directory {1}, as in Skaffold",
                config.file, self.working_dir, config.folder
            ))
        } else {
            diagnostic.hint(format!("check the path: it is relative to the working directory {}", self.working_dir))
        };
        diagnostic.into()
    }
}
