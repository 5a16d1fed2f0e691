//! A file of a chart.

use std::sync::Arc;

/// A file of a chart: its path below the chart's folder, and its content.
#[derive(Clone, Debug)]
pub(super) struct ChartFile {
    pub(super) path: String,
    pub(super) bytes: Arc<[u8]>,
}

/// Returns a file's content without a byte order mark.
pub(super) fn without_mark(bytes: Arc<[u8]>) -> Arc<[u8]> {
    match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => Arc::from(rest),
        None => bytes,
    }
}
