//! Checks the output for images that must have a digest.

use manifest::pin::collect;
use manifest::{Diagnostic, ImageRef, Node};

use crate::config::Images;
use crate::images::search::Search;

/// Every image that breaks the rule, with its object and field. `built` are the images that the source builds, in any spelling,
/// of any tag.
pub fn offenders(objects: &[Node], search: &Search, policy: Images, built: &[ImageRef]) -> Vec<Diagnostic> {
    let built: Vec<String> = built.iter().map(ImageRef::full_name).collect();
    let concerned = |image: &ImageRef| match policy {
        Images::Pinned => true,
        Images::Built => built.contains(&image.full_name()),
        Images::Any => false,
    };
    let all = objects.iter().flat_map(|object| collect(object, search.rules()).0);
    let bare = all.filter(|one| !one.image.is_pinned() && concerned(&one.image));
    bare.map(|one| {
        Diagnostic::new(format!("{}: {} has no digest", one.object, one.image))
            .field(one.field)
            .hint("pin it, or set `policy.images` to built or any")
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offender_is_listed() {
        let text = format!(
            "kind: Pod\napiVersion: v1\nmetadata: {{name: p}}\nspec:\n  containers:\n  - image: acme/app:1\n  - image: nginx\n  - image: b@sha256:{}\n",
            "a".repeat(64)
        );
        let objects = manifest::yaml::read_objects(text.as_bytes()).unwrap();
        let search = Search::read(&render_core::files::MemoryFiles::default(), &[]).unwrap();
        let built = [ImageRef::parse("docker.io/acme/app:2").unwrap()];
        let found_by = |policy| -> Vec<String> {
            let found = offenders(&objects, &search, policy, &built);
            found.into_iter().map(|one| format!("{} {}", one.field.unwrap_or_default(), one.message)).collect()
        };
        let app = "spec.containers[0].image Pod/p: acme/app:1 has no digest".to_owned();
        let nginx = "spec.containers[1].image Pod/p: nginx has no digest".to_owned();
        assert_eq!(found_by(Images::Pinned), [app.clone(), nginx]);
        assert_eq!(found_by(Images::Built), [app]);
        assert_eq!(found_by(Images::Any), Vec::<String>::new());
    }
}
