//! `skaffold render`: a `skaffold.yaml` in, objects out.
