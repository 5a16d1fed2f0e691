//! The resolver: image reference in, digest out.

pub mod lock;
pub mod platform;

pub use lock::{Lock, LockedImage, LockedRemote};
pub use platform::Platform;
