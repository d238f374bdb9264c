//! A document becomes a runbook: items, steps and blocks.
