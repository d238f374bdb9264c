//! The whole: inputs to outputs.

mod outputs;

pub use outputs::{Content, OutPath, Outputs};
