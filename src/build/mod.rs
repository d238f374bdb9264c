//! Inputs become outputs: stages, keys, what to redo. No I/O.
