//! The resolver: image reference in, digest out.
