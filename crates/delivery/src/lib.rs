//! The flow: config, units, plan, pipeline, report.
