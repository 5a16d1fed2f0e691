//! Charts that one run has loaded: a chart that several releases name is read and parsed once.
//!
//! Each chart is stored with every read of its loading. A lookup repeats these reads through the new release's own files and uses the chart only
//! if all results are equal. So the reads of each release are recorded completely, and a file that has changed is seen.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::chart::Chart;
use super::error::HelmError;
use super::semantics::Semantics;
use crate::files::Files;
use crate::files_record::{FileRead, RecordedFiles};

/// The total size of the files of cached charts, in bytes. The oldest charts are dropped.
const MAX_BYTES: usize = 32 << 20;

/// The charts that one run has loaded so far.
#[derive(Debug, Default)]
pub(super) struct ChartCache(Mutex<VecDeque<Arc<LoadedChart>>>);

#[derive(Debug)]
struct LoadedChart {
    path: String,
    /// The path in messages.
    shown: String,
    chart: Arc<Chart>,
    reads: Vec<FileRead>,
    bytes: usize,
}

impl ChartCache {
    /// Returns the chart in a folder or archive, as [`Chart::load`] does.
    ///
    /// # Errors
    /// As [`Chart::load`].
    pub(super) fn load(
        &self,
        files: &dyn Files,
        path: &str,
        shown: &str,
        semantics: Semantics,
    ) -> Result<Arc<Chart>, HelmError> {
        let is_same = |known: &&Arc<LoadedChart>| {
            known.path == path && known.shown == shown && known.chart.semantics == semantics
        };
        let known = self.charts().iter().find(is_same).cloned();
        if let Some(known) = known
            && known.reads.iter().all(|read| read.is_still_so(files))
        {
            return Ok(known.chart.clone());
        }
        let recorded = RecordedFiles::new(files);
        let chart = Arc::new(Chart::load(&recorded, path, shown, semantics)?);
        let reads = recorded.into_reads();
        let bytes = reads.iter().map(FileRead::bytes).sum();
        let loaded = LoadedChart { path: path.to_owned(), shown: shown.to_owned(), chart: chart.clone(), reads, bytes };
        let mut charts = self.charts();
        charts.retain(|known| !is_same(&known));
        charts.push_back(Arc::new(loaded));
        while charts.len() > 1 && charts.iter().map(|loaded| loaded.bytes).sum::<usize>() > MAX_BYTES {
            charts.pop_front();
        }
        Ok(chart)
    }

    fn charts(&self) -> std::sync::MutexGuard<'_, VecDeque<Arc<LoadedChart>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::MemoryFiles;

    #[test]
    fn a_chart_is_loaded_once_unless_a_file_changes() {
        let mut files = MemoryFiles::default();
        files.insert("/c/Chart.yaml", b"apiVersion: v2\nname: c\nversion: 1.0.0\n".to_vec());
        files.insert("/c/templates/a.yaml", b"a: 1\n".to_vec());
        let cache = ChartCache::default();
        let load = |files: &MemoryFiles, semantics| cache.load(files, "/c", "c", semantics).unwrap();
        let first = load(&files, Semantics::V4_3);
        assert!(Arc::ptr_eq(&first, &load(&files.clone(), Semantics::V4_3)));
        assert!(!Arc::ptr_eq(&first, &load(&files, Semantics::V3_17)));
        files.insert("/c/templates/b.yaml", b"b: 1\n".to_vec());
        assert!(!Arc::ptr_eq(&first, &load(&files, Semantics::V4_3)));
    }
}
