//! Default manifests of a config. Source: `SetDefaultRenderer` in Skaffold's `schema/defaults`.

use crate::skaffold::model::{Config, LocatedText};

/// The manifests that Skaffold renders if a config names none.
pub(super) const MANIFESTS: &str = "k8s/*.yaml";

/// Sets `k8s/*.yaml` in the only config of a run if it names no renderer and deploys neither by helm, docker nor Cloud
/// Run. Where a run has several configs, none gets a default.
pub(super) fn renderer(configs: &mut [Config]) {
    let [config] = configs else { return };
    let (manifests, deploy) = (&config.manifests, &config.deploy);
    let renders = !manifests.kpt.is_empty()
        || !manifests.raw_yaml.is_empty()
        || manifests.kustomize.is_some()
        || manifests.helm.is_some();
    if renders || deploy.helm.is_some() || deploy.docker || deploy.cloud_run {
        return;
    }
    config.manifests.raw_yaml = vec![LocatedText { text: MANIFESTS.to_owned(), at: config.at }];
    config.manifests.by_default = true;
}
