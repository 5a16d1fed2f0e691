//! Deprecated fields: what kustomize says of them, and where their content belongs.

use manifest::Diagnostic;

use super::{HelmChart, HelmChartArgs, HelmGlobals, Kustomization};
use crate::kustomize::decode::LocatedText;

impl Kustomization {
    /// kustomize's own warnings, word for word, about the deprecated fields that are used.
    pub(super) fn deprecated(&self) -> Vec<Diagnostic> {
        let fields = [
            ("bases", "resources", self.bases.is_some(), ""),
            ("commonLabels", "labels", self.common_labels.is_some(), ""),
            ("imageTags", "images", self.image_tags.is_some(), ""),
            ("patchesJson6902", "patches", self.patches_json6902.is_some(), ""),
            ("patchesStrategicMerge", "patches", self.patches_strategic_merge.is_some(), ""),
            ("vars", "replacements", self.vars.is_some(), "[EXPERIMENTAL] "),
        ];
        let used = fields.into_iter().filter(|(_, _, used, _)| *used);
        used.map(|(old, new, _, mark)| {
            Diagnostic::new(format!(
                "# Warning: '{old}' is deprecated. Please use '{new}' instead. \
                 {mark}Run 'kustomize edit fix' to update your Kustomization automatically."
            ))
        })
        .collect()
    }

    /// Moves the content of deprecated fields to where it belongs (`FixKustomization`).
    pub(super) fn modernise(&mut self) {
        if self.kind.is_empty() {
            "Kustomization".clone_into(&mut self.kind);
        }
        if self.api_version.is_empty() {
            self.expected_api_version().clone_into(&mut self.api_version);
        }
        append(&mut self.resources, self.bases.take());
        append(&mut self.images, self.image_tags.take());
        for args in self.config_map_generator.iter_mut().flatten() {
            move_env(&mut args.envs, &mut args.env);
        }
        for args in self.secret_generator.iter_mut().flatten() {
            move_env(&mut args.envs, &mut args.env);
        }
        self.modernise_helm();
    }

    fn modernise_helm(&mut self) {
        let old = self.helm_chart_inflation_generator.take().unwrap_or_default();
        let mut globals = HelmGlobals::default();
        for args in &old {
            if !args.helm_home.is_empty() {
                globals.config_home.clone_from(&args.helm_home);
            }
            if !args.chart_home.is_empty() {
                globals.chart_home.clone_from(&args.chart_home);
            }
        }
        if self.helm_globals.is_none() && !(globals.chart_home.is_empty() && globals.config_home.is_empty()) {
            self.helm_globals = Some(globals);
        }
        if !old.is_empty() {
            append(&mut self.helm_charts, Some(old.into_iter().map(HelmChartArgs::into_chart).collect()));
        }
    }
}

impl HelmChartArgs {
    fn into_chart(self) -> HelmChart {
        HelmChart {
            name: self.chart_name,
            version: self.chart_version,
            repo: self.chart_repo_url,
            values_file: self.values,
            values_inline: self.values_local,
            values_merge: self.values_merge,
            release_name: self.release_name,
            at: self.at,
            ..HelmChart::default()
        }
    }
}

/// Adds a deprecated list to the one that took its place; an empty one leaves it absent.
fn append<T>(list: &mut Option<Vec<T>>, more: Option<Vec<T>>) {
    if let Some(more) = more.filter(|more| !more.is_empty()) {
        list.get_or_insert_with(Vec::new).extend(more);
    }
}

fn move_env(envs: &mut Vec<LocatedText>, env: &mut LocatedText) {
    if !env.text.is_empty() {
        envs.push(std::mem::take(env));
    }
}
